"""Mirostat at work: what it aims for, where its cut stands, how surprising its tokens were."""

from __future__ import annotations

import math

import altair as alt
import numpy as np
import pandas as pd

from backend.runs.trajectories import TrajectoryRun
from components.charts.common import GREY, cursor_rule, picking
from components.figure import About
from components.plain import token_label
from components.trajectories.curves import sampler_colour, step_axis
from components.trajectories.rows import Row, row_label

LN2 = math.log(2)
FEEDBACK = ("mirostat_v1", "mirostat_v2")


def feedback_about(unit: str) -> About:
    """Return the words around the chart."""
    return About(
        title=f"Mirostat: μ and surprise against τ ({unit})",
        read="Dots are the surprise of each token, the line is μ, where the sampler cuts; "
        "the dashed line is the target τ.",
        formula=r"\mu_{t+1}=\mu_t-\eta\,(S_t-\tau)\qquad S_t=-\log_2 p_t(x_t)",
        definition="After a token more surprising than τ the cut μ sinks and fewer tokens are "
        "kept; after a dull one it rises. So the mean surprise settles near τ, whatever the text.",
        source="Basu et al. 2021, arXiv 2007.14966.",
    )


def feedback_rows(run: TrajectoryRun, rows: list[Row]) -> list[Row]:
    """Return those of ``rows`` whose sampler steers by feedback."""
    plans = run.request.samplers
    return [
        each
        for each in rows
        if len(plans[each.sampler]) == 1 and plans[each.sampler][0].name in FEEDBACK
    ]


def feedback_data(run: TrajectoryRun, rows: list[Row], unit: str) -> dict[str, pd.DataFrame]:
    """Return ``points`` per step and the ``targets``, in ``unit``."""
    factor = LN2 if unit == "nats" else 1.0  # mirostat itself counts in bits
    frames = [_points(run, row, factor) for row in rows]
    targets = [
        {
            "sampler": run.labels[each],
            "target": factor * float(run.request.samplers[each][0].parameters.get("tau", 3.0)),
        }
        for each in sorted({row.sampler for row in rows})
    ]
    return {"points": pd.concat(frames, ignore_index=True), "targets": pd.DataFrame(targets)}


def _points(run: TrajectoryRun, row: Row, factor: float) -> pd.DataFrame:
    steps = int(run.lengths[row.sampler, row.seed])
    place = (row.sampler, row.seed, slice(steps))
    surprise = factor * run.details["surprise"][place].astype(np.float64)
    return pd.DataFrame(
        {
            "token": np.arange(steps),
            "line": row_label(run, row),
            "sampler": run.labels[row.sampler],
            "mu": factor * run.details["mu"][place].astype(np.float64),
            "surprise": surprise,
            "mean": np.cumsum(surprise) / np.arange(1, steps + 1),
            "text": [token_label(run.token(each)) for each in run.token_ids[place].tolist()],
        }
    )


def feedback_chart(run: TrajectoryRun, unit: str) -> alt.TopLevelMixin:
    """Return the chart over ``points``, ``targets`` and ``cursor``."""
    x = step_axis(int(run.lengths.max()))
    colour = sampler_colour(run.labels, legend=False)
    base = alt.Chart(alt.NamedData("points")).encode(x=x, color=colour)
    dots = base.mark_circle(size=40, opacity=0.75).encode(
        y=alt.Y("surprise:Q", title=unit),
        tooltip=[
            alt.Tooltip("line:N", title="sampler"),
            alt.Tooltip("token:Q", title="step"),
            alt.Tooltip("text:N", title="token"),
            alt.Tooltip("surprise:Q", title=f"surprise ({unit})", format=".2f"),
            alt.Tooltip("mean:Q", title="mean surprise so far", format=".2f"),
            alt.Tooltip("mu:Q", title=f"μ ({unit})", format=".2f"),
        ],
    )
    target = (
        alt.Chart(alt.NamedData("targets"))
        .mark_rule(color=GREY, strokeWidth=1.5, strokeDash=[6, 4])
        .encode(y="target:Q", tooltip=[alt.Tooltip("target:Q", title="τ", format=".2f")])
    )
    line = base.mark_line(strokeWidth=1.8).encode(y="mu:Q", detail="line:N")
    return alt.layer(target, cursor_rule(x), line, dots.add_params(picking())).properties(
        height=230
    )
