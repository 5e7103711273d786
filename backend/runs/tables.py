"""Runs as tables: columns of equal length, in the units they are stored in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import ArraySpec, array_specs

if TYPE_CHECKING:
    from .base import Run, TokenizedRun

Table = dict[str, Any]
"""Columns by name: arrays, or sequences of plain values."""


def indexed(sizes: Mapping[str, int]) -> Table:
    """Return the columns that number every place of some axes, the last one fastest."""
    places = np.indices(tuple(sizes.values()))
    return dict(zip(sizes, (each.ravel() for each in places), strict=True))


def token_table(run: TokenizedRun) -> Table:
    """Return what every token is; those of one ``group`` make one character together."""
    return {
        "token": np.arange(len(run)),
        "text": run.tokens,
        "id": run.token_ids,
        "start": run.offsets[:, 0],
        "end": run.offsets[:, 1],
        "group": run.groups,
    }


def mean_of_known(values: np.ndarray, axis: int) -> np.ndarray:
    """Return the mean over an axis with NaN and infinities left out; NaN where nothing is left."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0).sum(axis, dtype=np.float64) / known.sum(axis)


def declared_tables(run: Run, first: Mapping[str, Table] | None = None) -> dict[str, Table]:
    """Return one table for every set of axes: a column an axis, then one an array.

    ``first`` are tables that are there already, such as that of the tokens; numbers with their
    axes become columns of theirs.
    """
    found = {name: dict(table) for name, table in (first or {}).items()}
    for name, spec in array_specs(run).items():
        values = getattr(run, name)
        if spec.quantity is None or values is None:
            continue
        for key, entry in (values if isinstance(values, dict) else {name: values}).items():
            table = found.setdefault(_name(spec), indexed(_sizes(spec, entry.shape)))
            add_column(table, spec.quantity.column(key), entry.ravel())
    return found


def add_column(table: Table, name: str, values: Any) -> None:
    """Put a column at the end of a table; one that is there already stays as it is.

    Names that a file gives may be anything: such a column gets a name of its own, "detail_" and
    the name.
    """
    while name in table:
        name = f"detail_{name}"
    table[name] = values


def _name(spec: ArraySpec) -> str:
    names = _names(spec)
    return f"{names[0]}s" if len(names) == 1 else "_".join(names)


def _names(spec: ArraySpec) -> list[str]:
    return [spec.axis(str(each)).name.replace(" ", "_") for each in spec.axes]


def _sizes(spec: ArraySpec, shape: Sequence[int]) -> dict[str, int]:
    return dict(zip(_names(spec), shape, strict=True))
