"""Intervals along a text: a bar from the least to the greatest value of every token."""

from __future__ import annotations

import altair as alt
import numpy as np

from ..quantities import Quantity
from .base import POINTS, Spec, finished, here, position, title, tooltip
from .places import Places
from .scales import label_text, shown, value_text


def bounds_chart(
    low: np.ndarray, high: np.ndarray, quantity: Quantity, places: Places, unit: str
) -> Spec | None:
    """Return the chart of intervals; None where there are none.

    Args:
        low: [n], as stored; NaN leaves a gap.
        high: [n], likewise.
        quantity: of both.
        places: what they run along.
        unit: "nats" or "bits".
    """
    if not np.isfinite(high).any():
        return None
    y = alt.Y(
        "bottom:Q",
        axis=alt.Axis(title=title(label_text(quantity))),
        scale=alt.Scale(zero=True, nice=True),
    )
    tip = tooltip(
        {
            places.name: "datum.text",
            "at least": value_text(quantity, "least"),
            "at most": value_text(quantity, "greatest"),
        }
    )
    base = (
        alt.Chart(POINTS)
        .transform_filter("isValid(datum.high)")
        .transform_calculate(
            least="datum.low",
            greatest="datum.high",
            bottom=shown(quantity, "low"),
            top=shown(quantity, "high"),
        )
        .encode(x=position(places))
    )
    width = alt.ExprRef(f"max(1, 0.6 * width / {max(len(places), 2)})")
    bars = base.mark_bar(width=width, opacity=0.75, minBandSize=1, tooltip=tip).encode(
        y=y, y2="top:Q"
    )
    edges = base.mark_tick(width=width, thickness=2, orient="horizontal", tooltip=tip)
    layers = [
        here(places), bars, edges.encode(y=y), edges.encode(y=alt.Y("top:Q", scale=y["scale"])),
    ]  # fmt: skip
    rows = {
        places.field: list(range(len(places))), "text": list(places.labels), "low": low,
        "high": high,
    }  # fmt: skip
    return finished(alt.layer(*layers), unit, {"points": rows})
