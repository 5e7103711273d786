"""Mirostat at work: what it aims for, where its cut stands, how surprising its tokens were."""

from __future__ import annotations

import math

import altair as alt
import numpy as np
import pandas as pd

from backend.runs.trajectories import TrajectoryRun

from ..charts.common import GREY, cursor_rule, picking
from ..figure import About
from ..plain import token_label
from .curves import sampler_colour, step_axis
from .rows import Row, row_label

LN2 = math.log(2)
FEEDBACK = ("mirostat_v1", "mirostat_v2")


def feedback_about(unit: str, *, over_seeds: bool = False) -> About:
    """Return the words around the chart."""
    what = "the mean over seeds" if over_seeds else "each token"
    band = ", with the 10–90% of its seeds" if over_seeds else ""
    return About(
        title=f"Mirostat: μ and surprise against τ ({unit})",
        read=f"Dots are the surprise of {what}, the line is μ, which steers the cut{band}; "
        "the dashed line is the target τ.",
        formula=r"\mu_{t+1}=\mu_t-\eta\,(S_t-\tau)\qquad S_t=-\log_2 p_t(x_t)",
        definition="After a token more surprising than τ the cut μ sinks and fewer tokens are "
        "kept; after a dull one it rises. So the mean surprise settles near τ, whatever the text.",
        source="Basu et al. 2021, arXiv 2007.14966.",
    )


def feedback_rows(run: TrajectoryRun, rows: list[Row]) -> list[Row]:
    """Return those of ``rows`` whose sampler, or one of its chain, steers by feedback."""
    return [each for each in rows if _link(run, each.sampler) is not None]


def feedback_data(
    run: TrajectoryRun, rows: list[Row], unit: str, *, over_seeds: bool = False
) -> dict[str, pd.DataFrame]:
    """Return ``points`` per step and the ``targets``, in ``unit``.

    With ``over_seeds`` the points are means over the seeds of a sampler, μ with its 10–90 %.
    """
    factor = LN2 if unit == "nats" else 1.0  # mirostat itself counts in bits
    frames = [_points(run, row, factor) for row in rows]
    samplers = sorted({row.sampler for row in rows})
    targets = [
        {"sampler": run.labels[each], "target": factor * _target(run, each)} for each in samplers
    ]
    points = pd.concat(frames, ignore_index=True)
    return {
        "points": _spread(points) if over_seeds else points,
        "targets": pd.DataFrame(targets),
    }


def _link(run: TrajectoryRun, sampler: int) -> int | None:
    """Return the place of the first sampler of a plan that steers by feedback."""
    names = [each.name for each in run.request.samplers[sampler]]
    return next((place for place, name in enumerate(names) if name in FEEDBACK), None)


def _target(run: TrajectoryRun, sampler: int) -> float:
    """Return τ in bits."""
    plan = run.request.samplers[sampler]
    return float(plan[_link(run, sampler) or 0].parameters.get("tau", 3.0))


def _details(run: TrajectoryRun, name: str, row: Row) -> np.ndarray:
    """Return a detail of the row's feedback, float64 [steps]; in a chain it has a numbered name."""
    chain = len(run.request.samplers[row.sampler]) > 1
    key = f"{_link(run, row.sampler)}.{name}" if chain else name
    steps = int(run.lengths[row.sampler, row.seed])
    return run.details[key][row.sampler, row.seed, :steps].astype(np.float64)


def _points(run: TrajectoryRun, row: Row, factor: float) -> pd.DataFrame:
    surprise = factor * _details(run, "surprise", row)
    steps = len(surprise)
    ids = run.token_ids[row.sampler, row.seed, :steps]
    return pd.DataFrame(
        {
            "token": np.arange(steps),
            "line": row_label(run, row),
            "sampler": run.labels[row.sampler],
            "mu": factor * _details(run, "mu", row),
            "low": np.nan,
            "high": np.nan,
            "surprise": surprise,
            "mean": np.cumsum(surprise) / np.arange(1, steps + 1),
            "text": [token_label(run.token(each)) for each in ids.tolist()],
        }
    )


def _spread(points: pd.DataFrame) -> pd.DataFrame:
    """Return means over the seeds that still run, and the 10–90 % of μ."""
    grouped = points.groupby(["sampler", "token"], sort=False)
    found = grouped.agg(
        line=("sampler", "first"),
        low=("mu", lambda values: values.quantile(0.1)),
        high=("mu", lambda values: values.quantile(0.9)),
        mu=("mu", "mean"),
        surprise=("surprise", "mean"),
        mean=("mean", "mean"),
        text=("mu", lambda values: f"mean of {len(values)}"),
    )
    return found.reset_index()


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
    band = (
        base.transform_filter("isValid(datum.low)")
        .mark_area(opacity=0.16)
        .encode(y=alt.Y("low:Q", title=unit), y2="high:Q", detail="line:N")
    )
    line = base.mark_line(strokeWidth=1.8).encode(y="mu:Q", detail="line:N")
    return alt.layer(target, band, cursor_rule(x), line, dots.add_params(picking())).properties(
        height=230
    )
