"""A number of a few named places as bars."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from ..quantities import Quantity
from .base import POINTS, Spec, domain, finished, log_values, title, tooltip
from .places import Places
from .scales import label_text, shown, value_text

STEP = 24
LONGEST_LABEL = 220


def bars_chart(values: np.ndarray, quantity: Quantity, places: Places, unit: str) -> Spec:
    """Return a bar a place, from the top down, its number beside it.

    The axis is fixed and grows where values lie beyond.

    Args:
        values: [n], as stored; NaN has no bar.
        quantity: what they are.
        places: one a bar.
        unit: "nats" or "bits".
    """
    known = values[np.isfinite(values)]
    log = quantity.scale in ("log", "rank")
    if log:
        known = known[known > 0]
    low = min(quantity.low, *known) if known.size else quantity.low
    high = max(quantity.high, *known) if known.size else quantity.high
    columns = {places.field: np.arange(len(places)), "label": places.labels, "value": values}
    base = (
        alt.Chart(POINTS)
        .transform_calculate(
            length="datum.value > 0 ? datum.value : null" if log else shown(quantity, "value"),
            written=value_text(quantity, "value"),
        )
        .encode(y=named_rows(places.field))
    )
    start: Any = domain(quantity, low if log or low > 0 else min(low, 0.0), high)
    x = alt.X(
        "length:Q",
        axis=alt.Axis(
            title=title(label_text(quantity)),
            tickCount=6,
            values=log_values(low, high) if log else alt.Undefined,
        ),
        scale=alt.Scale(type="log" if log else "linear", domain=start, nice=False),
    )
    bars = base.mark_bar(
        style="main",
        opacity=0.85,
        cornerRadiusEnd=2,
        cursor="pointer",
        tooltip=tooltip({places.name: "datum.label", "value": "datum.written"}),
    ).encode(x=x)
    numbers = base.mark_text(style="ink", align="left", dx=5, fontSize=12).encode(
        x=x, text="written:N"
    )
    missing = (
        base.transform_filter("!isValid(datum.length)")
        .mark_text(style="quiet", align="left", dx=5, fontSize=12)
        .encode(x=alt.value(0), text="written:N")
    )
    pin = (
        base.transform_filter(f"datum[{places.field!r}] === cursor")
        .mark_bar(style="here", filled=False, strokeWidth=2)
        .encode(x=x)
    )
    chart = alt.layer(bars, numbers, missing, pin, named_labels(places.field))
    return finished(chart, unit, {"points": columns}, height=alt.Step(STEP))


def named_rows(field: str) -> alt.Y:
    """Return the axis of rows in the order of their numbers; their names are marks."""
    return alt.Y(
        f"{field}:O",
        sort="ascending",
        axis=alt.Axis(labels=False, ticks=False, domain=False, title=None, grid=False),
    )


def named_labels(field: str) -> alt.Chart:
    """Return the names of rows left of them; as marks, because their text is data."""
    return (
        alt.Chart(POINTS)
        .mark_text(style="ink", align="right", fontSize=13, limit=LONGEST_LABEL)
        .encode(y=named_rows(field), x=alt.value(-6), text="label:N")
    )
