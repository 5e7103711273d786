"""The places along an axis of a run, as pictures and tables name them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...charts.places import Places
from ...charts.words import numbered, one_line
from ...derived.base import Number
from ...runs.arrays import axis_of
from ...runs.base import Run

ROWS = ("M", "S")
"""Axes, sampler and seed, whose places in their order are the rows that state.row counts."""


def places(run: Run, letter: str, count: int) -> Places:
    """Return the ``count`` places of an axis; what a token or a person wrote stays in one line."""
    axis = axis_of(run, letter)
    if letter == "T":
        tokens: Any = run
        labels = [numbered(place, text) for place, text in enumerate(tokens.tokens)]
    else:
        labels = [one_line(axis.label(run, place)) for place in range(count)]
    counted = labels == [str(place) for place in range(count)]
    return Places(axis.name, labels, axis.name.replace(" ", "_"), counted)


def over_others(found: Number, *keep: str) -> np.ndarray:
    """Return the mean of a number over all axes but those kept, in their order; float64.

    NaN and infinities are left out of means; NaN where nothing is left.
    """
    others = tuple(place for place, axis in enumerate(found.axes) if axis not in keep)
    values = found.values.astype(np.float64)
    if others:
        known = np.isfinite(values)
        total = np.where(known, values, 0).sum(others)
        count = known.sum(others)
        values = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    left = [axis for axis in found.axes if axis in keep]
    return values.transpose([left.index(axis) for axis in keep])


def cursor_of(run_type: type[Run] | Run, letter: str) -> str | None:
    """Return what a click on a place of an axis moves; None where it moves nothing."""
    axis = axis_of(run_type, letter)
    return axis.cursor or ("row" if axis.name == "row" else None)
