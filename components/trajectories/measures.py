"""Each text in a few numbers, and samplers placed by diversity and perplexity."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from backend.derived import series
from backend.derived.trajectory_text import text_measures
from backend.runs.trajectories import TrajectoryRun

from ..charts.common import GREY
from ..figure import About, figure
from .curves import LEGEND_COLUMNS, legend_height, sampler_colour
from .rows import Row, row_label

ENDINGS = {"length": "all steps", "end": "its own end", "stop": "stop string", "stopped": "stopped"}

SCATTER_ABOUT = About(
    title="Diversity against perplexity",
    read="Right: the model finds its own text harder. Up: fewer repetitions. Small k falls to the "
    "lower left (boredom), wild sampling drifts to the right (confusion).",
    formula=r"\text{distinct-2}=\frac{\text{different token pairs}}{\text{all pairs}}\qquad "
    r"\text{perplexity}=e^{\overline{s}}",
    definition="Small dots are single texts, the large one is the mean of a sampler's seeds. "
    "Perplexity is under the raw model. Short texts repeat little, so compare texts of one length.",
    source="distinct-n: Li et al. 2016, arXiv 1510.03055. Traps: Basu et al. 2021, "
    "arXiv 2007.14966.",
)


def measures_frame(run: TrajectoryRun, unit: str) -> pd.DataFrame:
    """Return one row per trajectory; mean surprisal and entropy in ``unit``."""
    rows = []
    for each in text_measures(run):
        row = Row(each.sampler, each.seed)
        information = (each.mean_surprisal, each.mean_entropy, each.target, each.target_error)
        mean, entropy, target, error = series.to_unit(np.array(information), unit).tolist()
        rows.append(
            {
                "trajectory": row_label(run, row),
                "sampler": run.labels[each.sampler],
                "tokens": each.tokens,
                "ended by": ENDINGS[run.endings[each.sampler][each.seed]],
                "perplexity": each.perplexity,
                f"mean surprisal ({unit})": mean,
                f"target τ ({unit})": target,
                f"surprise − τ ({unit})": error,
                f"mean entropy ({unit})": entropy,
                "distinct-1": each.distinct_1,
                "distinct-2": each.distinct_2,
                "repeated 4-grams": each.repeated_4,
                "like its other seeds": each.similarity,
                "ms per token": 1000 * each.seconds_per_token,
            }
        )
    # Columns about a target only where a sampler has one.
    found = pd.DataFrame(rows)
    targets = [f"target τ ({unit})", f"surprise − τ ({unit})"]
    return found if found[targets].notna().to_numpy().any() else found.drop(columns=targets)


def measures_view(run: TrajectoryRun, unit: str) -> None:
    """Draw the scatter and the table."""
    frame = measures_frame(run, unit)
    points = pd.DataFrame(
        {
            "sampler": frame["sampler"],
            "trajectory": frame["trajectory"],
            "perplexity": frame["perplexity"],
            "distinct": frame["distinct-2"],
            "repeated": frame["repeated 4-grams"],
        }
    ).dropna(subset=["perplexity", "distinct"])
    if points.empty:
        st.caption("The texts are too short to be measured: decode at least two steps.")
        return
    figure(
        scatter_chart(run.labels),
        SCATTER_ABOUT,
        key="trajectories-scatter",
        data={"points": points},
    )
    st.dataframe(
        frame.drop(columns="sampler"),
        hide_index=True,
        column_config=_columns(unit),
        key="trajectories:measures",
    )
    st.caption(
        "repeated 4-grams: share that stood in the same text before. like its other seeds: overlap "
        "of three-token sequences, 1 for equal texts. ms per token: of the whole batch."
    )


def scatter_chart(labels: list[str]) -> alt.TopLevelMixin:
    """Return the chart over ``points``."""
    x = alt.X(
        "perplexity:Q",
        title="perplexity (log scale)",
        scale=alt.Scale(type="log", nice=True),
        axis=alt.Axis(tickCount=6, format="~s", grid=False),
    )
    y = alt.Y("distinct:Q", title="distinct-2", scale=alt.Scale(domain=[0, 1.02], nice=False))
    base = alt.Chart(alt.NamedData("points")).encode(color=sampler_colour(labels, legend=True))
    singles = base.mark_circle(size=50, opacity=0.55).encode(
        x=x,
        y=y,
        tooltip=[
            alt.Tooltip("trajectory:N"),
            alt.Tooltip("perplexity:Q", format=".2f"),
            alt.Tooltip("distinct:Q", title="distinct-2", format=".2f"),
            alt.Tooltip("repeated:Q", title="repeated 4-grams", format=".0%"),
        ],
    )
    means = base.transform_aggregate(
        perplexity="mean(perplexity)", distinct="mean(distinct)", groupby=["sampler"]
    )
    dots = means.mark_circle(size=220, opacity=1, stroke=GREY).encode(x=x, y=y)
    return alt.layer(singles, dots).properties(
        height=250 + legend_height(len(labels), LEGEND_COLUMNS)
    )


def _columns(unit: str) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    two = {name: number(format="%.2f") for name in (
        "perplexity", f"mean surprisal ({unit})", f"target τ ({unit})", f"surprise − τ ({unit})",
        f"mean entropy ({unit})", "distinct-1", "distinct-2", "like its other seeds",
    )}  # fmt: skip
    return {
        "trajectory": st.column_config.TextColumn(pinned=True),
        "repeated 4-grams": number(format="percent"),
        "ms per token": number(format="%.0f"),
        **two,
    }
