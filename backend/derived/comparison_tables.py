"""Comparisons as tables: what was set against what, both values and B − A; information in nats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from ..runs.arrays import array_specs
from ..runs.axes import AXES
from ..runs.base import TokenizedRun
from ..runs.tables import Table
from .alignments import OneText, SameRows, SameSamplers, mean_of_known

if TYPE_CHECKING:
    from .comparison import Comparison, Sides


def tables(comparison: Comparison) -> dict[str, Table]:
    """Return ``differences`` where the runs meet, means over other axes, and a ``summary``."""
    found: dict[str, Table] = {}
    for name in comparison.names:
        sides = _at_most_one_text(comparison, name)
        if not sides.axes:
            continue
        table = found.setdefault(_name(sides), places_of(comparison, sides))
        column = sides.quantity.column(name)
        table[f"a_{column}"] = sides.a.ravel()
        table[f"b_{column}"] = sides.b.ravel()
        table[f"difference_{column}"] = sides.difference.ravel()
    if isinstance(comparison.meeting, SameSamplers):
        found["samplers"] = samplers(comparison)
    found["summary"] = summary(comparison)
    if comparison.divergence is not None:
        found["divergence"] = comparison.divergence.tables()["tokens"]
    elif comparison.bounds is not None:
        found["divergence"] = _bounds(comparison)
    return found


def summary(comparison: Comparison) -> Table:
    """Return one row a number: its mean in A and in B, and the figures of the difference."""
    rows = []
    for name in comparison.names:
        sides = comparison.sides(name)
        rows.append(
            {"number": sides.quantity.name, "unit": sides.quantity.unit} | asdict(sides.summary)
        )
    return {key: [row[key] for row in rows] for key in rows[0]} if rows else {}


def samplers(comparison: Comparison) -> Table:
    """Return one row a sampler: the mean of every B − A over the steps that both have."""
    meeting = comparison.meeting
    assert isinstance(meeting, SameSamplers)  # noqa: S101  the caller has looked
    table: Table = {"sampler": meeting.labels}
    for name in comparison.names:
        sides = comparison.sides(name)
        if sides.axes in (("M",), ("M", "N")):
            difference = sides.difference.reshape(len(meeting.labels), -1)
            known = np.where(np.isfinite(difference), difference, np.nan)
            table[f"difference_{sides.quantity.column(name)}"] = mean_of_known(known, 1)
    return table | {"same_tokens": meeting.agreement}


def _at_most_one_text(comparison: Comparison, name: str) -> Sides:
    """Return a number where the runs meet; what has more axes than the text, its mean over it."""
    axes = comparison.axes_of(name)
    whole = "T" in axes and len(axes) > 1
    return comparison.over_tokens(name) if whole else comparison.sides(name)


def _name(sides: Sides) -> str:
    known = {"P": "differences", "MN": "differences", "N": "differences", "M": "by_sampler"}
    letters = "".join(sides.axes)
    return known.get(letters) or "_".join(_axis_name(each) for each in sides.axes)


def _axis_name(letter: str) -> str:
    return AXES[letter].name.replace(" ", "_") if letter in AXES else letter.lower()


def places_of(comparison: Comparison, sides: Sides) -> Table:
    """Return the columns that say what every row is, the last axis fastest."""
    columns: Table = {}
    at = np.indices(sides.a.shape)
    for letter, rows in zip(sides.axes, at, strict=True):
        name = _own_axis(comparison, letter)
        columns |= _LABELS.get(name, _numbered(name))(comparison, rows.ravel())
    return columns


def _own_axis(comparison: Comparison, letter: str) -> str:
    """Return the name of an axis; kinds may have one of their own under a common letter."""
    if letter == "P":
        return "place"
    specs = [each for each in array_specs(comparison.a).values() if letter in each.axes]
    return specs[0].axis(letter).name if specs else _axis_name(letter)


def _numbered(name: str) -> Callable[[Comparison, np.ndarray], Table]:
    return lambda comparison, rows: {name.replace(" ", "_"): rows}


def _text_places(comparison: Comparison, rows: np.ndarray) -> Table:
    meeting, a, b = comparison.meeting, comparison.a, comparison.b
    assert isinstance(meeting, OneText)  # noqa: S101  only texts have such places
    assert isinstance(a, TokenizedRun)  # noqa: S101
    assert isinstance(b, TokenizedRun)  # noqa: S101
    spans = meeting.places[rows]
    there = [spans[:, 0] < spans[:, 1], spans[:, 2] < spans[:, 3]]
    return {
        "token_a": np.where(there[0], spans[:, 0], -1),
        "token_b": np.where(there[1], spans[:, 2], -1),
        "text_a": [span_text(a, first, stop) for first, stop in spans[:, :2].tolist()],
        "text_b": [span_text(b, first, stop) for first, stop in spans[:, 2:].tolist()],
        "in": np.where(there[0] & there[1], "both", np.where(there[0], "A", "B")).tolist(),
    }


def span_text(run: TokenizedRun, first: int, stop: int) -> str:
    """Return the text of tokens ``first`` to before ``stop``; empty for none."""
    return run.text[run.offsets[first, 0] : run.offsets[stop - 1, 1]] if first < stop else ""


def _row_places(comparison: Comparison, rows: np.ndarray) -> Table:
    meeting = comparison.meeting
    assert isinstance(meeting, SameRows)  # noqa: S101  only data sets have rows
    texts = getattr(comparison.a.request, "texts", ())
    own = meeting.rows[rows]
    return {"row_a": own[:, 0], "row_b": own[:, 1], "text": [texts[row] for row in own[:, 0]]}


def _sampler_places(comparison: Comparison, rows: np.ndarray) -> Table:
    meeting = comparison.meeting
    if not isinstance(meeting, SameSamplers):
        return {"sampler": rows}
    return {"sampler": [meeting.labels[row] for row in rows]}


_LABELS: dict[str, Callable[[Comparison, np.ndarray], Table]] = {
    "place": _text_places, "row": _row_places, "sampler": _sampler_places,
}  # fmt: skip


def _bounds(comparison: Comparison) -> Table:
    bounds = comparison.bounds
    assert bounds is not None  # noqa: S101  the caller has looked
    known = np.flatnonzero(np.isfinite(bounds.js_low))
    return _text_places(comparison, known) | {
        "kl_ab_at_least_nats": bounds.kl_ab[known],
        "kl_ba_at_least_nats": bounds.kl_ba[known],
        "js_at_least_nats": bounds.js_low[known],
        "js_at_most_nats": bounds.js_high[known],
        "remaining_mass": 1 - bounds.known[known],
    }
