"""Numbers of the methods' sources, by block; other files of this form stand in another folder."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("ENTROSCOPE_VECTORS") or Path(__file__).parent)


@cache
def block(letter: str, name: str) -> Any:
    """Return block ``name`` of ``vectors_<letter>.json``."""
    return json.loads((FOLDER / f"vectors_{letter}.json").read_text(encoding="utf-8"))[name]


def doubles(values: Any) -> Any:
    """Return a float64 tensor."""
    import torch

    return torch.tensor(values, dtype=torch.float64)
