"""Heads by layer: how their entropies are distributed, and how many are flagged.

The thresholds are signals: ``upper`` and ``lower`` as shares of ``one``, the entropy in nats that
counts as 1.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from ..quantities import Quantity
from .base import HEADS, LEGEND_COLUMNS, POINTS, Spec, finished, title, tooltip
from .scales import label_text, shown, value_text
from .words import head_name

OVERLOAD, COLLAPSE = "▲ overload", "▼ collapse"
QUARTERS = ("0 – ¼", "¼ – ½", "½ – ¾", "¾ – 1")


def depth_chart(values: np.ndarray, quantity: Quantity, unit: str) -> Spec:
    """Return a dot a head over its layer, with the mean of each layer and one deviation around it.

    Args:
        values: [L, H], as stored; NaN for a head without a pattern.
        quantity: what they are.
        unit: "nats" or "bits".
    """
    layer, head = np.indices(values.shape)
    names = [head_name(*each) for each in np.ndindex(values.shape)]
    dots = {"layer": layer.ravel(), "head": head.ravel(), "name": names, "value": values.ravel()}
    x = alt.X(
        "layer:Q",
        title="layer",
        scale=alt.Scale(domain=[-0.5, len(values) - 0.5], nice=False),
        axis=alt.Axis(tickMinStep=1, grid=False),
    )
    axis = alt.Axis(title=title(label_text(quantity)))
    y = alt.Y("shown:Q", axis=axis, scale=alt.Scale(zero=True))
    base = (
        alt.Chart(POINTS)
        .transform_filter("isValid(datum.value)")
        .transform_calculate(shown=shown(quantity, "value"))
    )
    layers = (
        base.transform_aggregate(mean="mean(shown)", spread="stdevp(shown)", groupby=["layer"])
        .transform_calculate(
            low="max(0, datum.mean - datum.spread)", high="datum.mean + datum.spread"
        )
        .encode(x=x)
    )
    tip = tooltip({"head": "datum.name", quantity.name: value_text(quantity, "value")})
    marks = base.mark_circle(
        style="main", size=42, opacity=0.65, cursor="pointer", tooltip=tip
    ).encode(x=x, y=y)
    pin = (
        base.transform_filter(f"datum.layer * {HEADS} + datum.head === cursor")
        .mark_point(style="here", size=140, strokeWidth=2.5, filled=False, opacity=1)
        .encode(x=x, y=y)
    )
    chart = alt.layer(
        layers.mark_area(style="quiet", opacity=0.25).encode(
            y=alt.Y("low:Q", axis=axis), y2="high:Q"
        ),
        layers.mark_line(style="quiet", strokeWidth=2).encode(y=alt.Y("mean:Q", axis=axis)),
        marks,
        pin,
    )
    return finished(chart, unit, {"points": dots})


def flags_chart(entropy: np.ndarray, unit: str, signals: dict[str, float]) -> Spec:
    """Return how many heads of every layer are flagged: overload upward, collapse downward.

    Args:
        entropy: [L, H], nats; NaN for a head that cannot be judged.
        unit: "nats" or "bits".
        signals: ``one``, ``upper`` and ``lower`` at the start.
    """
    count = alt.Axis(tickMinStep=1, labelExpr="abs(datum.value)", title="heads")
    base = _judged().transform_calculate(
        flag=f"datum.share >= upper ? '{OVERLOAD}' : datum.share <= lower ? '{COLLAPSE}' : null"
    )
    of = base.transform_joinaggregate(of="count()", groupby=["layer"])
    bars = (
        of.transform_filter("isValid(datum.flag)")
        .transform_aggregate(heads="count()", of="max(of)", groupby=["layer", "flag"])
        .transform_calculate(height=f"datum.flag === '{COLLAPSE}' ? -datum.heads : datum.heads")
    )
    told = {
        "layer": "datum.layer",
        "flag": "datum.flag",
        "heads": "datum.heads + ' of ' + datum.of",
    }
    chart = bars.mark_bar(tooltip=tooltip(told)).encode(
        x=_layer(len(entropy)),
        y=alt.Y("height:Q", axis=count),
        color=alt.Color(
            "flag:N",
            scale=alt.Scale(domain=[OVERLOAD, COLLAPSE], range="category"),
            legend=alt.Legend(title=None, orient="top", columns=LEGEND_COLUMNS),
        ),
    )
    return finished(chart, unit, _heads(entropy), signals=signals)


def quarters_chart(entropy: np.ndarray, unit: str, signals: dict[str, float]) -> Spec:
    """Return how many heads of every layer lie in which quarter of the entropy range.

    Args:
        entropy: [L, H], nats; NaN for a head that cannot be judged.
        unit: "nats" or "bits".
        signals: ``one`` at the start.
    """
    names = ", ".join(f"'{each}'" for each in QUARTERS)
    base = _judged().transform_calculate(order="min(3, floor(4 * datum.share))")
    bars = base.transform_aggregate(
        heads="count()", groupby=["layer", "order"]
    ).transform_calculate(quarter=f"[{names}][datum.order]")
    legend = alt.Legend(
        title="share of the range", orient="top", titleOrient="left", type="symbol",
        symbolType="square", values=list(range(len(QUARTERS))), labelExpr=f"[{names}][datum.value]",
    )  # fmt: skip
    told = {"layer": "datum.layer", "share of the range": "datum.quarter", "heads": "datum.heads"}
    chart = bars.mark_bar(tooltip=tooltip(told)).encode(
        x=_layer(len(entropy)),
        y=alt.Y("heads:Q", title="heads", axis=alt.Axis(tickMinStep=1)),
        order=alt.Order("order:Q"),
        color=alt.Color(
            "order:Q",
            scale=alt.Scale(domain=[0, len(QUARTERS) - 1], range="heatmap", interpolate="rgb"),
            legend=legend,
        ),
    )
    return finished(chart, unit, _heads(entropy), signals=signals)


def _heads(entropy: np.ndarray) -> dict[str, Any]:
    layer, head = np.indices(entropy.shape)
    columns = {"layer": layer.ravel(), "head": head.ravel(), "entropy": entropy.ravel()}
    return {"points": columns}


def _judged() -> alt.Chart:
    """Return one row a head that can be judged, with its share of the range."""
    return (
        alt.Chart(POINTS)
        .transform_filter("isValid(datum.entropy)")
        .transform_calculate(share="one > 0 ? datum.entropy / one : 0")
    )


def _layer(count: int) -> alt.X:
    return alt.X(
        "layer:O",
        title="layer",
        scale=alt.Scale(domain=list(range(count))),
        axis=alt.Axis(labelAngle=0, labelOverlap=True),
    )
