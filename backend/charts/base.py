"""What all charts share: data, signals, marks of the pinned place, and how a spec is finished.

A chart is a Vega-Lite specification over named data in nats. Its signals ``cursor`` (the pinned
place, -1 for none) and ``factor`` (1 for nats, 1 / ln 2 for bits) let a browser move the pin and
change the unit without a new specification; ``unit_name``, titles and tooltips follow from it.
No colour stands in it: ranges and mark styles are named, ``colours.vega_config`` says what they
look like.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np

from ..quantities import BITS_PER_NAT, Quantity
from .places import Places
from .scales import end

Spec = dict[str, Any]
"""A Vega-Lite specification, ready for JSON."""

Columns = Mapping[str, Any]
"""Of equal length, by the names that the chart knows them by."""

POINTS = alt.NamedData("points")
"""The main data of most charts."""

WIDTH, HEIGHT = 640, 240
LEGEND_COLUMNS = alt.ExprRef("max(1, floor(width / 200))")
"""Of a legend above a chart: as many as have room."""

CURSOR, FACTOR, UNIT = "cursor", "factor", "unit_name"
ALONG = "along"
"""The field of where a place lies along an axis of numbers of its own."""
HEADS = 10_000
"""The cursor of a head is its layer times this, plus its number."""

_EXPRESSION = "="
"""Begins a title that is an expression; Altair's own titles are plain text."""


def rows_of(columns: Columns) -> list[dict[str, Any]]:
    """Return columns of equal length as rows.

    Numbers have seven digits, which is what float32 holds; NaN and infinities are null.
    """
    plain = [_plain(each) for each in columns.values()]
    return [dict(zip(columns, values, strict=True)) for values in zip(*plain, strict=True)]


def _plain(values: Any) -> list[Any]:
    listed = values.tolist() if isinstance(values, np.ndarray) else list(values)
    return [_short(each) if isinstance(each, float) else each for each in listed]


def _short(value: float) -> float | None:
    return float(f"{value:.7g}") if math.isfinite(value) else None


def title(expression: str) -> str:
    """Return a title that is an expression, such as ``scales.label_text`` makes one."""
    return _EXPRESSION + expression


def tooltip(rows: Mapping[str, str]) -> alt.ExprRef:
    """Return a tooltip of named rows, each an expression."""
    written = ", ".join(f"{json.dumps(name)}: {value}" for name, value in rows.items())
    return alt.ExprRef("{" + written + "}")


def domain(quantity: Quantity, low: float, high: float) -> list[Any]:
    """Return the domain from one stored value to another, in the unit shown."""
    return [end(quantity, low), end(quantity, high)]


def log_values(low: float, high: float) -> list[float]:
    """Return where a logarithmic axis has its ticks: powers of ten, on a short one 2 and 5 too.

    None where its ends, which a file may forge, have no logarithm.
    """
    if not 0 < low <= high < math.inf:
        return []
    steps = (1, 2, 5) if high / low < SHORT else (1,)
    powers = range(
        max(-307, math.floor(math.log10(low))), min(307, math.ceil(math.log10(high))) + 1
    )
    found = [step * 10.0**power for power in powers for step in steps]
    return [each for each in found if low / 1.001 <= each <= high * 1.001]


SHORT = 100
"""Ratio of the ends of a logarithmic axis that has no more than two powers of ten."""


def position(places: Places) -> alt.X:
    """Return the x axis of places: their numbers, half a place free at either end."""
    if places.numbers is not None:
        low, high = places.numbers[0], places.numbers[-1]
        free = max(high - low, 1) / 80
        return alt.X(
            f"{ALONG}:Q",
            title=places.name,
            scale=alt.Scale(domain=[low - free, high + free], nice=False),
            axis=alt.Axis(tickMinStep=1, grid=False, format=",d", tickCount=8),
        )
    return alt.X(
        f"{places.field}:Q",
        title=places.name,
        scale=alt.Scale(domain=[-0.5, max(len(places), 2) - 0.5], nice=False),
        axis=alt.Axis(tickMinStep=1, grid=False, format=",d", tickCount=8),
    )


def here(places: Places) -> alt.Chart:
    """Return a vertical rule at the pinned place."""
    return (
        alt.Chart(alt.InlineData(values=[{}]))
        .transform_calculate(**{places.field: CURSOR, ALONG: _place_of_cursor(places)})
        .transform_filter(f"{CURSOR} >= 0")
        .mark_rule(style="here")
        .encode(x=position(places))
    )


def _place_of_cursor(places: Places) -> str:
    """Return the expression of where the cursor lies along the axis."""
    return CURSOR if places.numbers is None else f"{json.dumps(list(places.numbers))}[{CURSOR}]"


def infinite_note(values: np.ndarray) -> str:
    """Return what to say of infinite values, which no axis holds; empty for none."""
    count = int(np.isinf(values).sum())
    return f"{count:,} infinite value{'s are' if count > 1 else ' is'} not drawn." if count else ""


def finished(
    chart: alt.TopLevelMixin,
    unit: str,
    sets: Mapping[str, Columns],
    *,
    height: Any = HEIGHT,
    note: str = "",
    signals: Mapping[str, Any] | None = None,
) -> Spec:
    """Return the specification of a chart.

    Args:
        chart: of Altair, over named data.
        unit: "nats" or "bits", shown at first.
        sets: these data by name, the main ones first. Altair never sees them: it would check
            every row.
        height: in pixels; None where the parts of the chart have heights of their own.
        note: on top of the picture.
        signals: further ones with their values at first.
    """
    sized: Any = chart
    if height is not None:
        sized = sized.properties(width=WIDTH, height=height)
    # Tests hold every chart to what Vega-Lite compiles; here the check would take most of the time.
    spec = _written(sized.to_dict(validate=False))
    made = {name: rows_of(columns) for name, columns in sets.items()}
    spec["datasets"] = {**made, **spec.get("datasets", {})}
    spec.pop("config", None)
    own = [
        {"name": CURSOR, "value": -1},
        {"name": FACTOR, "value": BITS_PER_NAT if unit == "bits" else 1},
        {"name": UNIT, "expr": f"{FACTOR} > 1 ? 'bits' : 'nats'"},
        *({"name": name, "value": value} for name, value in (signals or {}).items()),
    ]
    spec["params"] = [*own, *spec.get("params", [])]
    if note:
        # An empty title would drop its subtitle.
        spec["title"] = {"text": " ", "fontSize": 1, "subtitle": note}
    return spec


def _written(part: Any) -> Any:
    """Return a spec with expressions as titles written as such."""
    if isinstance(part, list):
        return [_written(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _title(value) if key == "title" else _written(value) for key, value in part.items()
    }


def _title(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_EXPRESSION):
        # Vega-Lite hands a signal on to Vega, for axes and legends alike.
        return {"signal": value.removeprefix(_EXPRESSION)}
    return value
