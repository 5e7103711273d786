"""The vectors of a block: numbers of other people's code, and of float64 by hand.

They are read from the folder that ``ENTROSCOPE_VECTORS`` names, ``tests/vectors`` without it. A
test goes over all cases of its block, however many the files hold.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

FOLDER = Path(os.environ.get("ENTROSCOPE_VECTORS") or Path(__file__).parent)

# What the files promise: ten decimals; 1e-8 in float64, 1e-5 in float32.
EXACT, FLOAT32 = 1e-8, 1e-5


@cache
def _file(letter: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"vectors_{letter}.json").read_text("utf-8"))


def block(letter: str, name: str) -> dict[str, Any]:
    """Return a block such as ``block("a", "1_top_h")``."""
    return _file(letter)[name]


def cases(entries: Any) -> list[Any]:
    """Return the entries of a list, or a single one, as cases with numbers for names."""
    found = entries if isinstance(entries, list) else [entries]
    return [pytest.param(each, id=_name(number, each)) for number, each in enumerate(found)]


def _name(number: int, entry: Any) -> str:
    plain = entry if isinstance(entry, dict) else {}
    words = [str(value) for value in plain.values() if isinstance(value, str | int | float)]
    return "-".join([str(number), *words[:3]])


def log_probs(probs: Any) -> Tensor:
    """Return ln p as float64 [1, V]."""
    return torch.tensor(np.asarray(probs, np.float64)).log()[None]


def doubles(values: Any) -> Tensor:
    """Return numbers as a float64 tensor."""
    return torch.tensor(values, dtype=torch.float64)
