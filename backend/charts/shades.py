"""How a number becomes a colour in a chart: its field, its scale and its legend."""

from __future__ import annotations

from typing import Any

import altair as alt

from ..quantities import RANK_BOUNDS, Quantity
from .base import domain, log_values, title
from .scales import label_text, shown


def shade_of(quantity: Quantity) -> dict[str, str]:
    """Return the field that is coloured: ``value`` as shown, or the class of a rank."""
    if quantity.scale == "rank":
        classes = " + ".join(f"(datum.value > {bound} ? 1 : 0)" for bound in RANK_BOUNDS)
        return {"shade": f"isValid(datum.value) ? {classes} : null"}
    if quantity.scale == "log":
        return {"shade": "datum.value > 0 ? datum.value : null"}
    return {"shade": shown(quantity, "value")}


def shading(
    quantity: Quantity,
    low: float,
    high: float,
    *,
    label: str = "",
    behind_text: bool = False,
    **legend: Any,
) -> alt.Color:
    """Return the colour of the field ``shade``.

    Args:
        quantity: what it is.
        low: lower end of the colours, as stored.
        high: upper end, likewise.
        label: of the legend; what the number is called when left out.
        behind_text: whether text stands on the colours.
        legend: how it is drawn.
    """
    one_way, both_ways = ("ramp", "ordinal") if behind_text else ("heatmap", "diverging")
    about = {"title": title(label_text(quantity, label or None)), **legend}
    # Vega-Lite goes through hues unless told to go straight from colour to colour.
    given: dict[str, Any] = {"interpolate": "rgb", "clamp": True, "range": alt.RangeEnum(one_way)}
    if quantity.scale == "rank":
        words = [f"to {bound:,}" for bound in RANK_BOUNDS] + [f"over {RANK_BOUNDS[-1]:,}"]
        about |= {"values": list(range(len(words))), "labelExpr": f"{words!r}[datum.value]"}
        given["domain"] = [0, len(RANK_BOUNDS)]
    elif quantity.scale == "diverging":
        reach = max(abs(low), abs(high))
        given |= {"domain": domain(quantity, -reach, reach), "range": alt.RangeEnum(both_ways)}
    else:
        given["domain"] = domain(quantity, low, high)
    if quantity.scale == "log":
        given["type"] = "log"
        about["values"] = log_values(low, high)
    return alt.Color("shade:Q", scale=alt.Scale(**given), legend=alt.Legend(**about))
