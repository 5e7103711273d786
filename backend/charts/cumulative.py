"""How the probability of one place is spread over ranks."""

from __future__ import annotations

import altair as alt
import numpy as np

from .base import POINTS, Spec, finished, tooltip


def cumulative_chart(
    ranks: np.ndarray, shares: np.ndarray, came: float, vocabulary: int, unit: str = "nats"
) -> Spec:
    """Return the probability that the likeliest n tokens hold together, over n.

    Args:
        ranks: [n], rising from 1.
        shares: [n], what so many tokens hold, 0 to 1.
        came: rank of the token that came, marked by a rule.
        vocabulary: number of all tokens.
        unit: "nats" or "bits"; a share has neither.
    """
    sets = {"points": {"rank": ranks, "share": shares}, "came": {"rank": [float(came)]}}
    x = alt.X(
        "rank:Q",
        title="likeliest n tokens",
        scale=alt.Scale(type="log", domain=[1, max(vocabulary, 2)], nice=False),
        axis=alt.Axis(tickCount=5, format="~s", grid=False),
    )
    y = alt.Y("percent:Q", title="probability (%)", scale=alt.Scale(domain=[0, 100], nice=False))
    tip = tooltip(
        {"likeliest": "format(datum.rank, ',d')", "hold": "format(datum.percent, '.2f') + '%'"}
    )
    curve = alt.Chart(POINTS).transform_calculate(percent="100 * datum.share")
    line = curve.mark_line(style="main", strokeWidth=2.5).encode(x=x, y=y)
    dots = curve.mark_circle(style="main", size=40, opacity=0, tooltip=tip).encode(x=x, y=y)
    told = {"rank of the token that came": "format(datum.rank, ',d')"}
    rule = (
        alt.Chart(alt.NamedData("came"))
        .transform_filter("isValid(datum.rank)")
        .mark_rule(style="came", strokeWidth=2, tooltip=tooltip(told))
        .encode(x=x)
    )
    return finished(alt.layer(line, rule, dots), unit, sets, height=190)
