"""How often which value occurs."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from ..figure import About
from ..token_strip import Metric
from .common import BLUE, CURSOR_COLOUR

BINS = 28


def histogram_about(metric: Metric) -> About:
    """Return the words around the histogram of a metric."""
    return About(
        title=f"Distribution of {metric.label.lower()} ({metric.unit})",
        read="Each bar counts tokens; the first and last also hold what lies beyond the axis. "
        "The dashed line marks the mean; an infinite one is not drawn.",
        definition=f"{metric.help} Counted are the $n$ tokens that have a number. The axis is "
        "fixed unless **View › Colours span this text** is on, so that texts can be compared.",
        formula=rf"{metric.formula}\qquad\bar x=\frac1n\sum_i x_i",
        source=metric.source,
    )


def histogram_data(values: np.ndarray, low: float, high: float) -> dict[str, pd.DataFrame]:
    """Return counts in bins of equal width from ``low`` to ``high``, and the mean.

    Infinite values count in the bins at the ends; the mean is then None.
    """
    known = values[~np.isnan(values)]
    counts, edges = np.histogram(np.clip(known, low, high), bins=BINS, range=(low, high))
    bars = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "tokens": counts})
    mean = float(known.mean()) if known.size and np.isfinite(known).all() else None
    return {"bars": bars, "mean": pd.DataFrame({"mean": [mean]})}


def histogram_chart(label: str) -> alt.TopLevelMixin:
    """Return the chart over ``histogram_data``."""
    bars = (
        alt.Chart(alt.NamedData("bars"))
        .mark_bar(color=BLUE, binSpacing=1)
        .encode(
            x=alt.X("from:Q", bin="binned", title=label),
            x2="to:Q",
            y=alt.Y("tokens:Q", title="tokens", axis=alt.Axis(tickMinStep=1)),
            tooltip=[
                alt.Tooltip("from:Q", format=".2f"),
                alt.Tooltip("to:Q", format=".2f"),
                alt.Tooltip("tokens:Q"),
            ],
        )
    )
    mean = (
        alt.Chart(alt.NamedData("mean"))
        .mark_rule(color=CURSOR_COLOUR, strokeWidth=2, strokeDash=[5, 3])
        .encode(x="mean:Q", tooltip=alt.Tooltip("mean:Q", format=".3f"))
    )
    return alt.layer(bars, mean).properties(height=280)
