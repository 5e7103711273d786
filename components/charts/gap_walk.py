"""The running sum of surprisal − entropy: does the text look like the model's own?"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from backend.derived import series
from backend.runs import TextRun

from ..figure import About
from ..plain import whole_label
from .common import BLUE, GREY, cursor_frame, cursor_rule, picking


def walk_about(unit: str) -> About:
    """Return the words around the chart."""
    return About(
        title=f"Running sum of surprisal − entropy ({unit})",
        read="Inside the band: as surprising as text drawn from the model itself. Above it: harder "
        "than that; below: more predictable.",
        formula=r"G_n=\sum_{i\le n}(s_i-H_i)\qquad "
        r"\text{band}=\pm2\sqrt{\textstyle\sum_{i\le n}V_i}",
        definition="For text sampled from the model at temperature 1 over the whole vocabulary, "
        "each step has mean 0 and variance $V_i$, so the sum stays inside the band about 95 times "
        "in 100 at any one place.",
        source="Central limit theorem for martingale differences.",
    )


def walk_data(run: TextRun, unit: str, token: int | None) -> dict[str, pd.DataFrame]:
    """Return walk and band per token in ``unit``, and the cursor."""
    walk = series.gap_walk(run)
    band = series.to_unit(walk.band, unit)
    points = pd.DataFrame(
        {
            "token": np.arange(len(run)),
            "text": run.tokens,
            "label": [whole_label(i, each) for i, each in enumerate(run.tokens)],
            "walk": series.to_unit(walk.walk, unit),
            "low": -band,
            "high": band,
        }
    )
    return {"points": points, "cursor": cursor_frame(token)}


def walk_chart(run: TextRun, unit: str) -> alt.TopLevelMixin:
    """Return the chart over ``walk_data``."""
    x = alt.X(
        "token:Q",
        title="token",
        scale=alt.Scale(domain=[-0.5, max(len(run), 2) - 0.5], nice=False),
        axis=alt.Axis(tickMinStep=1, grid=False),
    )
    base = alt.Chart(alt.NamedData("points")).encode(x=x)
    tooltip = [
        alt.Tooltip("label:N", title="token"),
        alt.Tooltip("walk:Q", title=f"running sum ({unit})", format=".2f"),
        alt.Tooltip("high:Q", title=f"band ± ({unit})", format=".2f"),
    ]
    line = base.mark_line(color=BLUE, strokeWidth=2).encode(y=alt.Y("walk:Q", title=unit))
    # Lines take no part in a nearest-point pick; invisible points on them do.
    points = (
        base.mark_circle(color=BLUE, size=30, opacity=0.01)
        .encode(y="walk:Q", tooltip=tooltip)
        .add_params(picking())
    )
    return alt.layer(
        base.mark_area(color=GREY, opacity=0.22).encode(y=alt.Y("low:Q", title=unit), y2="high:Q"),
        cursor_rule(x),
        line,
        points,
    ).properties(height=280)
