"""How the probability of one position is spread over ranks."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from backend.runs import TextRun

from ..figure import About
from .common import BLUE, ORANGE

CUMULATIVE_ABOUT = About(
    title="Held by the likeliest n (%)",
    read="A steep start is a sure model; the orange line is the rank of the token that came.",
    formula=r"C(n)=\sum_{r\le n} p_{(r)}",
    definition="The tokens are ordered from the likeliest on; ranks are on a logarithmic axis. "
    "The curve is exact where it has a point: at each of the stored top tokens, then at every "
    "whole nat of surprisal.",
    source="The mass that top-p cuts by: Holtzman et al. 2020, arXiv 1904.09751.",
)


def cumulative_data(run: TextRun, token: int) -> dict[str, pd.DataFrame]:
    """Return the points of the curve, and the rank of the token that came.

    Raises:
        ValueError: the run holds no curves.
    """
    if run.curve_counts is None or run.curve_mass is None:
        raise ValueError("The run was made without curves.")
    top = 100 * np.exp(run.top_logprobs[token].astype(np.float64)).cumsum()
    counts, first = np.unique(run.curve_counts[token], return_index=True)
    beyond = counts > len(top)
    points = pd.DataFrame(
        {
            "rank": [*range(1, len(top) + 1), *counts[beyond].tolist()],
            "percent": [*top.tolist(), *(100 * run.curve_mass[token][first[beyond]]).tolist()],
        }
    )
    return {"points": points, "came": pd.DataFrame({"rank": [float(run.rank[token])]})}


def cumulative_chart(vocabulary: int) -> alt.TopLevelMixin:
    """Return the chart over ``cumulative_data``."""
    x = alt.X(
        "rank:Q",
        title="rank n",
        scale=alt.Scale(type="log", domain=[1, vocabulary], nice=False),
        axis=alt.Axis(tickCount=5, format="~s", grid=False),
    )
    line = (
        alt.Chart(alt.NamedData("points"))
        .mark_line(color=BLUE, strokeWidth=2.5)
        .encode(
            x=x,
            y=alt.Y("percent:Q", title="probability (%)", scale=alt.Scale(domain=[0, 100])),
            tooltip=[
                alt.Tooltip("rank:Q", title="likeliest", format=",d"),
                alt.Tooltip("percent:Q", title="hold (%)", format=".2f"),
            ],
        )
    )
    came = (
        alt.Chart(alt.NamedData("came"))
        .mark_rule(color=ORANGE, strokeWidth=2)
        .encode(x=x, tooltip=alt.Tooltip("rank:Q", title="rank of the token", format=",d"))
    )
    return alt.layer(line, came).properties(height=190)
