"""How the texts of a data set spread over mean entropy."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from ..charts.common import BLUE
from ..figure import About

BINS = 28
HIGH_NATS = 7.0


def spread_about(unit: str) -> About:
    """Return the words around the chart."""
    return About(
        title=f"Mean entropy of the texts ({unit})",
        read="Each bar counts texts; the first and last also hold what lies beyond the axis.",
        definition="Mean over the scored tokens of each text, so that a long text counts as one.",
        formula=r"\bar H=\frac1n\sum_{i} H_i\qquad H_i=-\sum_v p_i(v)\ln p_i(v)",
        source="Entropy: Shannon 1948.",
    )


def spread_data(values: np.ndarray, high: float) -> dict[str, pd.DataFrame]:
    """Return counts in bins of equal width from 0 to ``high``."""
    finite = values[np.isfinite(values)]
    counts, edges = np.histogram(np.clip(finite, 0, high), bins=BINS, range=(0, high))
    return {"bars": pd.DataFrame({"from": edges[:-1], "to": edges[1:], "texts": counts})}


def spread_chart(unit: str) -> alt.TopLevelMixin:
    """Return the chart over ``spread_data``."""
    return (
        alt.Chart(alt.NamedData("bars"))
        .mark_bar(color=BLUE, binSpacing=1)
        .encode(
            x=alt.X(
                "from:Q", bin="binned", title=f"mean entropy ({unit})", axis=alt.Axis(tickCount=8)
            ),
            x2="to:Q",
            y=alt.Y("texts:Q", title="texts", axis=alt.Axis(tickMinStep=1)),
            tooltip=[
                alt.Tooltip("from:Q", format=".2f"),
                alt.Tooltip("to:Q", format=".2f"),
                alt.Tooltip("texts:Q"),
            ],
        )
        .properties(height=240)
    )
