"""How often which value of a number occurs."""

from __future__ import annotations

import altair as alt
import numpy as np

from ..quantities import RANK_BOUNDS, Quantity
from .base import Spec, domain, finished, log_values, title, tooltip
from .places import Places
from .scales import label_text, shown, value_text

BINS = 28


def spread_chart(
    values: np.ndarray,
    quantity: Quantity,
    places: Places,
    unit: str,
    *,
    low: float | None = None,
    high: float | None = None,
) -> Spec:
    """Return a histogram; the first and the last bar also hold what lies beyond the axis.

    The dashed rule marks the mean, unless it is infinite; the other one the pinned place.

    Args:
        values: [n], as stored; NaN is not counted.
        quantity: what they are.
        places: whose values they are, one each.
        unit: "nats" or "bits".
        low: lower end of the axis, as stored; the quantity's own when left out.
        high: upper end, likewise.
    """
    low = quantity.low if low is None else low
    high = quantity.high if high is None else high
    known = values[~np.isnan(values)].astype(np.float64)
    edges = _edges(quantity, low, high)
    counts, _ = np.histogram(np.clip(known, low, high), edges)
    mean = known.mean() if known.size and np.isfinite(known).all() else np.nan
    sets = {
        "bars": {"from": edges[:-1], "to": edges[1:], "count": counts},
        "pins": {places.field: np.arange(len(places)), "value": np.clip(values, low, high)},
        "mean": {"value": [float(mean)]},
    }
    log = quantity.scale in ("log", "rank")
    x = alt.X(
        "from:Q",
        axis=alt.Axis(
            title=title(label_text(quantity)),
            grid=False,
            tickCount=8,
            values=log_values(low, high) if log else alt.Undefined,
        ),
        scale=alt.Scale(
            type="log" if log else "linear", domain=domain(quantity, low, high), nice=False
        ),
    )
    ends = {name: shown(quantity, name) for name in ("from", "to")}
    boxes = (
        alt.Chart(alt.NamedData("bars"))
        .transform_calculate(first="datum.from", last="datum.to")
        .transform_calculate(**ends)
        .mark_rect(
            style="main",
            opacity=0.85,
            stroke="transparent",
            tooltip=tooltip(
                {
                    f"{places.name}s": "datum.count",
                    "from": value_text(quantity, "first"),
                    "to": value_text(quantity, "last"),
                }
            ),
        )
        .encode(
            x=x,
            x2="to:Q",
            y=alt.Y("count:Q", title=f"{places.name}s", axis=alt.Axis(tickMinStep=1)),
            y2=alt.datum(0),
        )
    )
    middle = (
        alt.Chart(alt.NamedData("mean"))
        .transform_calculate(stored="datum.value")
        .transform_filter("isValid(datum.value)")
        .transform_calculate(**{"from": shown(quantity, "value")})
        .mark_rule(
            style="ink",
            strokeWidth=1.5,
            strokeDash=[5, 3],
            clip=True,
            tooltip=tooltip({"mean": value_text(quantity, "stored")}),
        )
        .encode(x=x)
    )
    pin = (
        alt.Chart(alt.NamedData("pins"))
        .transform_filter(f"datum[{places.field!r}] === cursor && isValid(datum.value)")
        .transform_calculate(**{"from": shown(quantity, "value")})
        .mark_rule(style="here")
        .encode(x=x)
    )
    return finished(alt.layer(boxes, middle, pin), unit, sets)


def _edges(quantity: Quantity, low: float, high: float) -> np.ndarray:
    """Return the edges of the bars: of equal width, or of equal ratio on a logarithmic axis."""
    if quantity.scale == "rank":
        return np.unique([low, *(each for each in RANK_BOUNDS if low < each < high), high])
    if quantity.scale == "log":
        return np.geomspace(low, high, BINS + 1)
    return np.linspace(low, high, BINS + 1)
