"""A number over two axes as a map of coloured fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np

from ..derived.limits import Judged
from ..quantities import Quantity
from .base import HEADS, POINTS, Spec, finished, tooltip
from .places import Places
from .scales import value_text
from .shades import shade_of, shading

MOST_COLUMNS = 400
"""More columns than this are shown several to a field, at their largest value."""
ROW_HEIGHT, LEAST_HEIGHT = 17, 120
NAME_HEIGHT, NAME_WIDTH = 12, 36
"""Pixels that the name of a row or of a column needs at least."""
MOST_NAMES = 32
"""More columns than this have numbers, not names."""


def map_chart(
    values: np.ndarray,
    quantity: Quantity,
    rows: Places,
    columns: Places,
    unit: str,
    *,
    low: float | None = None,
    high: float | None = None,
    label: str = "",
    narrow: bool = False,
    judged: Judged | None = None,
    others: Mapping[str, np.ndarray] | None = None,
) -> Spec:
    """Return the map of ``values`` [rows, columns], as stored; what is not known stays grey.

    A click on a field tells its row and column. The cursor marks a column; where the columns are
    heads, a field.

    Args:
        values: [rows, columns].
        quantity: what they are.
        rows: the axis upward to downward.
        columns: the axis from the left.
        unit: "nats" or "bits".
        low: lower end of the colours, as stored; the quantity's own when left out.
        high: upper end, likewise.
        label: of the colours; what the number is called when left out.
        narrow: the legend stands above, as in a picture that is higher than wide.
        judged: how the values follow from ``others`` by limits, which become signals.
        others: what they follow from, [rows, columns] each.
    """
    low = quantity.low if low is None else low
    high = quantity.high if high is None else high
    fields, width = _fields(values, rows, columns)
    sets: dict[str, Any] = {"points": fields}
    if not rows.counted:
        sets["names"] = {"label": rows.labels, "above": range(len(rows))}
    named = not columns.counted and len(columns) <= MOST_NAMES
    if named:
        sets["columns"] = {"label": columns.labels, "left": range(len(columns))}
    base = alt.Chart(POINTS)
    signals, text, legend = {}, value_text(quantity, "value"), {}
    if judged is not None:
        fields |= {name: each.ravel() for name, each in (others or {}).items()}
        signals = {each.name: each.value for each in judged.limits}
        text = f"{list(judged.names)}[datum.value - 1]"
        count = range(1, len(judged.names) + 1)
        legend = {"values": list(count), "labelExpr": text}
        base = base.transform_calculate(value=judged.expression)
    base = base.transform_calculate(
        right=f"datum.left + {width}", below="datum.above + 1", **shade_of(quantity)
    )
    x = alt.X(
        "left:Q", title=columns.name, scale=_ends(len(columns)), axis=_axis(columns, below=named)
    )
    y = alt.Y(
        "above:Q",
        title=rows.name,
        scale=_ends(len(rows), down=True),
        axis=_axis(rows, named=not rows.counted),
    )
    place = base.encode(x=x, x2="right:Q", y=y, y2="below:Q")
    tip = tooltip(
        {
            rows.name: "datum.row",
            columns.name: "datum.column",
            "value": text,
        }
    )
    known = place.transform_filter("isValid(datum.shade)").mark_rect(tooltip=tip, cursor="pointer")
    empty = place.transform_filter("!isValid(datum.shade)").mark_rect(
        style="quiet", opacity=0.25, tooltip=tip
    )
    note = ""
    if width > 1:
        note = f"{width} {columns.name}s to a field, at their largest value."
    chart = alt.layer(
        known.encode(
            color=shading(
                quantity,
                low,
                high,
                label=label,
                orient="top" if narrow else "right",
                gradientLength=120,
                **legend,
            )
        ),
        *([_written_on(base, x, y, text, len(rows), (low + high) / 2)] if judged else ()),
        empty,
        _here(rows, columns, width).encode(x=x, x2="right:Q", y=y, y2="below:Q"),
        *_names(rows),
        *(_names_below(columns, len(rows)) if named else ()),
    )
    height = max(LEAST_HEIGHT, ROW_HEIGHT * len(rows))
    return finished(chart, unit, sets, height=height, note=note, signals=signals)


def _written_on(
    base: alt.Chart, x: alt.X, y: alt.Y, text: str, rows: int, middle: float
) -> alt.Chart:
    """Return what the fields are called, written on them where they have room."""
    names = (
        base.transform_filter(f"isValid(datum.shade) && height >= {NAME_HEIGHT * rows}")
        .transform_calculate(middle="datum.left + 0.5", centre="datum.above + 0.5", name=text)
        .encode(x=_at(x, "middle"), y=_at(y, "centre"), text="name:N")
    )
    # The lower half of the colours is dark, in both themes.
    colour = alt.condition(f"datum.shade < {middle}", alt.value("white"), alt.value("black"))
    return names.mark_text(fontSize=11).encode(color=colour)


def _at(axis: Any, field: str) -> Any:
    """Return an axis of another field."""
    made = axis.copy()
    made.shorthand = f"{field}:Q"
    return made


def _fields(values: np.ndarray, rows: Places, columns: Places) -> tuple[dict[str, Any], int]:
    """Return one row a field and how many columns it is wide."""
    count = len(columns)
    width = -(-count // MOST_COLUMNS)
    starts = np.arange(0, count, width)
    padded = np.full((len(rows), len(starts) * width), -np.inf)
    padded[:, :count] = np.where(np.isnan(values), -np.inf, values)
    groups = padded.reshape(len(rows), len(starts), width)
    best = groups.argmax(2)
    taken = np.take_along_axis(groups, best[..., None], 2)[..., 0]
    at = np.minimum(starts + best, count - 1)
    # -inf stands for NaN; a real one has no colour either.
    found = np.where(np.isneginf(taken), np.nan, taken)
    row = np.repeat(np.arange(len(rows)), len(starts))
    places = at.ravel()
    return {
        "left": np.tile(starts, len(rows)),
        "above": row,
        columns.field: places,
        rows.field: row,
        "row": [rows.labels[each] for each in row.tolist()],
        "column": [columns.labels[each] for each in places.tolist()],
        "value": found.ravel(),
    }, width


def _ends(count: int, *, down: bool = False) -> alt.Scale:
    return alt.Scale(domain=[0, count], nice=False, reverse=down)


def _axis(places: Places, *, named: bool = False, below: bool = False) -> alt.Axis:
    """Return the axis of fields, their numbers in the middle of each, or room for names."""
    step = next(each for each in _STEPS if len(places) / each <= 16)
    return alt.Axis(
        values=[each + 0.5 for each in range(0, len(places), step)],
        labelExpr="format(datum.value - 0.5, ',d')",
        labels=not (named or below),
        titlePadding=8 + 7 * max(map(len, places.labels)) if named else 20 if below else 4,
        grid=False,
        ticks=False,
        domain=False,
        labelOverlap=True,
    )


def _names(rows: Places) -> list[alt.Chart]:
    """Return the names of rows that are no plain numbers, as marks: their text is data.

    Where they would lie over one another, only every second, third, ... is written.
    """
    if rows.counted:
        return []
    names = (
        alt.Chart(alt.NamedData("names"))
        .transform_filter(f"datum.above % ceil({NAME_HEIGHT} * {len(rows)} / height) === 0")
        .transform_calculate(middle="datum.above + 0.5", left="0")
    )
    return [
        names.mark_text(style="quiet", align="right", dx=-6, fontSize=12).encode(
            x="left:Q", y="middle:Q", text="label:N"
        )
    ]


def _names_below(columns: Places, rows: int) -> list[alt.Chart]:
    """Return the names of few columns, likewise; a long one is cut to the width of its column."""
    width = f"width / {len(columns)}"
    names = (
        alt.Chart(alt.NamedData("columns"))
        .transform_filter(f"datum.left % ceil({NAME_WIDTH} / ({width})) === 0")
        .transform_calculate(middle="datum.left + 0.5", below=str(rows))
    )
    limit = alt.ExprRef(f"max({NAME_WIDTH}, {width}) - 4")
    return [
        names.mark_text(style="quiet", baseline="top", dy=6, fontSize=12, limit=limit).encode(
            x="middle:Q", y="below:Q", text="label:N"
        )
    ]


_STEPS = [step * 10**power for power in range(6) for step in (1, 2, 5)]


def _here(rows: Places, columns: Places, width: int) -> alt.Chart:
    """Return the frame of the pinned column, or of the pinned field where columns are heads."""
    if columns.field == "head":
        left, above = f"cursor % {HEADS}", f"floor(cursor / {HEADS})"
        below = "datum.above + 1"
    else:
        left, above = f"floor(cursor / {width}) * {width}", "0"
        below = str(len(rows))
    return (
        alt.Chart(alt.InlineData(values=[{}]))
        .transform_calculate(left=left, above=above)
        .transform_calculate(right=f"datum.left + {width}", below=below)
        .transform_filter("cursor >= 0")
        .mark_rect(style="here", filled=False, strokeWidth=2.5)
    )
