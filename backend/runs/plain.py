"""Runs as plain JSON values, for other programs."""

from __future__ import annotations

import math
from dataclasses import asdict, is_dataclass
from typing import Any

import numpy as np

from backend.runs.base import Run


def to_plain(run: Run) -> dict[str, Any]:
    """Return the run as nested dicts and lists that any JSON reader takes.

    Arrays become lists. JSON has no NaN and no infinity: NaN ("no prediction") becomes null, an
    infinity the string "inf" or "-inf".
    """
    return {"kind": run.kind, **{name: _plain(value) for name, value in vars(run).items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    return _plain(asdict(value)) if is_dataclass(value) else value  # type: ignore[reportArgumentType]
