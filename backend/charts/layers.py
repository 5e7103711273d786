"""What the parts of a model add to a lead, for or against."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np

from ..quantities import Quantity
from .bars import named_labels, named_rows
from .base import LEGEND_COLUMNS, POINTS, Spec, finished, title, tooltip
from .scales import label_text, shown, value_text
from .shades import shade_of, shading

ATTENTION, MLP = "attention", "MLP"


def written_chart(attention: np.ndarray, mlps: np.ndarray, quantity: Quantity, unit: str) -> Spec:
    """Return two bars a layer, up for the token that came and down against it.

    Args:
        attention: [L], as stored.
        mlps: [L].
        quantity: what they are.
        unit: "nats" or "bits".
    """
    layers = len(attention)
    columns = {
        "layer": np.tile(np.arange(layers), 2),
        "part": [ATTENTION] * layers + [MLP] * layers,
        "left": np.concatenate([np.arange(layers) - 0.4, np.arange(layers) + 0.0]),
        "value": np.concatenate([attention, mlps]),
    }
    base = alt.Chart(POINTS).transform_calculate(
        right="datum.left + 0.4", height=shown(quantity, "value"), zero="0"
    )
    tip = tooltip(
        {"layer": "datum.layer", "part": "datum.part", "value": value_text(quantity, "value")}
    )
    x = alt.X(
        "left:Q",
        title="layer",
        scale=alt.Scale(domain=[-0.6, layers - 0.4], nice=False),
        axis=alt.Axis(tickMinStep=1, grid=False, format=",d"),
    )
    bars = base.mark_bar(tooltip=tip).encode(
        x=x,
        x2="right:Q",
        y=alt.Y("height:Q", axis=alt.Axis(title=title(label_text(quantity, "Added to the lead")))),
        y2="zero:Q",
        color=alt.Color(
            "part:N",
            scale=alt.Scale(domain=[ATTENTION, MLP], range=alt.RangeEnum("category")),
            legend=alt.Legend(title=None, orient="top", columns=LEGEND_COLUMNS),
        ),
    )
    zero = (
        alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(style="quiet").encode(y="zero:Q")
    )
    return finished(alt.layer(bars, zero), unit, {"points": columns})


def parts_chart(names: Sequence[str], values: np.ndarray, quantity: Quantity, unit: str) -> Spec:
    """Return a bar a part, to the right for the token that came, its number beside its end.

    Args:
        names: of the parts, from the top down.
        values: [n], as stored.
        quantity: what they are.
        unit: "nats" or "bits".
    """
    columns = {"part": np.arange(len(names)), "label": list(names), "value": values}
    base = (
        alt.Chart(POINTS)
        .transform_filter("isValid(datum.value)")
        .transform_calculate(
            **{**shade_of(quantity), "length": shown(quantity, "value")},
            written=value_text(quantity, "value", 2),
        )
        .encode(y=named_rows("part"))
    )
    x = alt.X(
        "length:Q",
        axis=alt.Axis(title=title(label_text(quantity, "Added to the lead")), tickCount=5),
        scale=alt.Scale(padding=66),
    )
    tip = tooltip({"part": "datum.label", "value": "datum.written"})
    colour = shading(quantity, quantity.low, quantity.high).legend(None)
    bars = base.mark_bar(cornerRadiusEnd=2, tooltip=tip).encode(x=x, color=colour)
    to_right = base.transform_filter("datum.value >= 0").mark_text(
        style="ink", align="left", dx=4, fontSize=12
    )
    to_left = base.transform_filter("datum.value < 0").mark_text(
        style="ink", align="right", dx=-4, fontSize=12
    )
    numbers = [each.encode(x=x, text="written:N") for each in (to_right, to_left)]
    chart = alt.layer(bars, *numbers, named_labels("part"))
    return finished(chart, unit, {"points": columns}, height=alt.Step(22))
