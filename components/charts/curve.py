"""Entropy and surprisal along a text."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from backend.derived import series
from backend.runs import TextRun

from ..figure import About
from ..plain import whole_label
from .common import BLUE, GREY, ORANGE, cursor_frame, cursor_rule, picking

ENTROPY, SURPRISAL, WINDOW = "entropy", "surprisal", "mean entropy"


def curve_about(unit: str, width: int) -> About:
    """Return the words around the chart."""
    return About(
        title=f"Entropy and surprisal along the text ({unit})",
        read="Dots above the line: more surprising than the model expected. Click to pin a token.",
        formula=r"H_i=-\sum_{v} p_i(v)\ln p_i(v)\qquad s_i=-\ln p_i(x_i)\qquad "
        r"\bar H_{i:w}=\frac1w\sum_{j=i}^{i+w-1}H_j",
        definition="$p_i$ is the model's own distribution over the whole vocabulary before it "
        "saw token $i$, without sampler or temperature. The thick line is the window entropy, the "
        f"mean of this and the next {width - 1} tokens: it says what begins here.",
        source="Entropy: Shannon 1948. Window entropy: ARES, arXiv 2510.08457.",
    )


def curve_data(run: TextRun, unit: str, width: int, token: int | None) -> dict[str, pd.DataFrame]:
    """Return the numbers per token, in ``unit``, and the cursor."""
    points = pd.DataFrame(
        {
            "token": np.arange(len(run)),
            "text": run.tokens,
            "label": [whole_label(i, each) for i, each in enumerate(run.tokens)],
            "entropy": series.to_unit(run.entropy, unit),
            "surprisal": series.to_unit(run.surprisal, unit),
            "window": series.to_unit(series.window_mean(run.entropy, width), unit),
        }
    )
    return {"points": points, "cursor": cursor_frame(token)}


def curve_chart(run: TextRun, unit: str) -> alt.TopLevelMixin:
    """Return the chart over ``curve_data``."""
    position = alt.X(
        "token:Q",
        title="token",
        scale=alt.Scale(domain=[-0.5, max(len(run), 2) - 0.5], nice=False),
        axis=alt.Axis(tickMinStep=1, grid=False),
    )
    base = alt.Chart(alt.NamedData("points")).encode(x=position)
    colours = alt.Scale(domain=[ENTROPY, SURPRISAL, WINDOW], range=[BLUE, ORANGE, GREY])
    legend = alt.Legend(title=None, orient="top")

    def named(name: str) -> alt.Color:
        return alt.Color("series:N", scale=colours, legend=legend, title=name)

    def layer(name: str, column: str) -> alt.Chart:
        y = alt.Y(f"{column}:Q", title=unit, scale=alt.Scale(domainMin=0))
        return base.transform_calculate(series=f"'{name}'").encode(y=y, color=named(name))

    tooltip = [
        alt.Tooltip("label:N", title="token"),
        alt.Tooltip("entropy:Q", title=f"entropy ({unit})", format=".3f"),
        alt.Tooltip("surprisal:Q", title=f"surprisal ({unit})", format=".3f"),
        alt.Tooltip("window:Q", title=f"mean entropy ({unit})", format=".3f"),
    ]
    thin = len(run) > 400
    dots = layer(SURPRISAL, "surprisal").mark_circle(size=14 if thin else 40, opacity=0.75)
    return alt.layer(
        cursor_rule(position),
        layer(WINDOW, "window").mark_line(strokeWidth=3, opacity=0.7),
        layer(ENTROPY, "entropy").mark_line(strokeWidth=0.8 if thin else 1.6),
        dots.encode(tooltip=tooltip).add_params(picking()),
    ).properties(height=280)
