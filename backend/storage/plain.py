"""Runs as plain JSON values, for other programs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..runs.base import Run
from ..runs.plain import plain


def to_plain(run: Run) -> dict[str, Any]:
    """Return the run as nested dicts and lists that any JSON reader takes.

    Arrays become lists. JSON has no NaN and no infinity: NaN ("no prediction") becomes null, an
    infinity the string "inf" or "-inf".
    """
    return {"kind": run.kind, **plain_value(plain(run))}


def plain_value(value: Any) -> Any:
    """Return ``value`` with arrays as lists, NaN as None and infinities as strings."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if isinstance(value, list | tuple):
        return [plain_value(each) for each in value]
    if isinstance(value, dict):
        return {key: plain_value(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain_value(value.tolist())
    return value
