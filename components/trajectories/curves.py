"""Numbers along the steps: one line a sampler, or the mean and spread over seeds."""

from __future__ import annotations

import math

import altair as alt
import numpy as np
import pandas as pd

from backend.runs.trajectories import TrajectoryRun

from ..charts.common import cursor_rule, picking
from ..figure import About
from ..plain import token_label
from .rows import NUMBERS, Number, Row, row_label

DASHES = [[1, 0], [5, 3]]
POWERS = [10**each for each in range(7)]
DENSE = 64  # steps from which lines and points are drawn thinner
FORMULAS = {
    "Entropy": r"H_t=-\sum_v p_t(v)\ln p_t(v)",
    "Surprisal": r"s_t=-\ln p_t(x_t)",
    "Entropy after the sampler": r"H_t=-\sum_v q_t(v)\ln q_t(v)",
    "Tokens kept": r"|S_t|,\quad S_t=\{v: q_t(v)>0\}",
    "Kept mass": r"\sum_{v\in S_t}p_t(v)",
    "Drawn with": r"q_t(x_t)",
    "KL to the model": r"\mathrm{KL}(q_t\|p_t)=\sum_v q_t(v)\ln\frac{q_t(v)}{p_t(v)}",
}
LEGEND_COLUMNS, LEGEND_ROW = 4, 30  # a row of the legend takes so many pixels
COLOURS = 8  # the theme has as many; further samplers are dashed


def curve_about(number: Number, unit: str, *, over_seeds: bool) -> About:
    """Return the words around the curve of a number."""
    unit_name = number.unit_in(unit)
    band = (
        " The line is the mean over the seeds still running, the band holds 80% of them (10–90%)."
        if over_seeds
        else ""
    )
    return About(
        title=f"{number.label} along the steps{f' ({unit_name})' if unit_name else ''}",
        read="Mean and 10–90% of the seeds of each sampler; click to move the step."
        if over_seeds
        else "One line a sampler; click to move the step.",
        definition=f"{number.help}{band} Samplers see different texts as soon as they part, so "
        "the lines differ by the text as well as by the rule.",
        formula=FORMULAS[number.label],
        source="Measures and formulas: docs/measures.md and docs/samplers.md.",
    )


def curve_data(
    run: TrajectoryRun, key: str, unit: str, rows: list[Row], *, over_seeds: bool
) -> pd.DataFrame:
    """Return the points of a number's curve.

    Args:
        run: the trajectories.
        key: of the number.
        unit: of information.
        rows: the trajectories drawn one by one; all seeds of their samplers with ``over_seeds``.
        over_seeds: mean and 10–90 % over seeds in place of single trajectories.
    """
    values = NUMBERS[key].shown(run, unit)
    if over_seeds:
        samplers = sorted({each.sampler for each in rows})
        frames = [_spread(run.labels[each], values[each]) for each in samplers]
    else:
        frames = [_single(run, row, values[row.sampler, row.seed]) for row in rows]
    columns = ["token", "line", "sampler", "value", "low", "high", "text"]
    return pd.concat([*frames, pd.DataFrame(columns=columns)], ignore_index=True)


def _single(run: TrajectoryRun, row: Row, values: np.ndarray) -> pd.DataFrame:
    steps = int(run.lengths[row.sampler, row.seed])
    ids = run.token_ids[row.sampler, row.seed, :steps]
    return pd.DataFrame(
        {
            "token": np.arange(steps),
            "line": row_label(run, row),
            "sampler": run.labels[row.sampler],
            "value": values[:steps],
            "low": np.nan,
            "high": np.nan,
            "text": [token_label(run.token(each)) for each in ids.tolist()],
        }
    )


def _spread(label: str, values: np.ndarray) -> pd.DataFrame:
    """Return mean and band of [S, N] over the seeds that have a value."""
    steps = np.flatnonzero(np.isfinite(values).any(0))
    known = np.where(np.isfinite(values), values, np.nan)[:, steps]
    if not steps.size:
        return pd.DataFrame()
    low, high = np.nanpercentile(known, [10, 90], axis=0)
    running = np.isfinite(known).sum(0)
    return pd.DataFrame(
        {
            "token": steps,
            "line": label,
            "sampler": label,
            "value": np.nanmean(known, axis=0),
            "low": low,
            "high": high,
            "text": [f"mean of {each}" for each in running.tolist()],
        }
    )


def sampler_colour(labels: list[str], *, legend: bool = True) -> alt.Color:
    """Return the colour of samplers: the same in all charts of a run."""
    return alt.Color(
        "sampler:N",
        scale=alt.Scale(domain=labels),
        legend=alt.Legend(
            title=None, orient="top", columns=LEGEND_COLUMNS, labelLimit=140, symbolOpacity=1
        )
        if legend
        else None,
    )


def sampler_dash(labels: list[str]) -> alt.StrokeDash:
    """Return the dashes that tell samplers apart when there are more than colours."""
    dashes = [DASHES[place // COLOURS] for place in range(len(labels))]
    return alt.StrokeDash("sampler:N", scale=alt.Scale(domain=labels, range=dashes), legend=None)


def curve_chart(
    run: TrajectoryRun, number: Number, unit: str, *, legend: bool = True
) -> alt.TopLevelMixin:
    """Return the chart over ``points`` and ``cursor``; one legend is enough for several charts."""
    x = step_axis(int(run.lengths.max()))
    scale = alt.Scale(type="log", nice=False) if number.log else alt.Scale(zero=True)
    axis = alt.Axis(format="~s", values=POWERS) if number.log else alt.Axis()
    unit_name = number.unit_in(unit)
    title = unit_name or number.label.lower()
    y = alt.Y("value:Q", title=title, scale=scale, axis=axis)
    base = alt.Chart(alt.NamedData("points")).encode(
        x=x, color=sampler_colour(run.labels, legend=legend)
    )
    band = (
        base.transform_filter("isValid(datum.low)")
        .mark_area(opacity=0.16)
        .encode(y=alt.Y("low:Q", title=title, scale=scale, axis=axis), y2="high:Q")
    )
    dense = int(run.lengths.max()) > DENSE
    lines = base.mark_line(strokeWidth=1.1 if dense else 1.8).encode(
        y=y, detail="line:N", strokeDash=sampler_dash(run.labels)
    )
    tooltip = [
        alt.Tooltip("line:N", title="sampler"),
        alt.Tooltip("token:Q", title="step"),
        alt.Tooltip("text:N", title="token"),
        alt.Tooltip("value:Q", title=number.label.lower(), format=",.3~f"),
    ]
    points = base.mark_circle(size=12 if dense else 34, opacity=0.9).encode(y=y, tooltip=tooltip)
    # The legend is taken from the height: with it, the lines keep theirs.
    height = 230 + (legend_height(len(run.labels), LEGEND_COLUMNS) if legend else 0)
    return alt.layer(band, cursor_rule(x), lines, points.add_params(picking())).properties(
        height=height
    )


def legend_height(entries: int, columns: int) -> int:
    """Return the pixels that a legend above a chart takes."""
    return 18 + LEGEND_ROW * math.ceil(entries / columns)


def step_axis(steps: int) -> alt.X:
    """Return the axis of steps, the same in every chart."""
    return alt.X(
        "token:Q",
        title="step",
        scale=alt.Scale(domain=[-0.5, max(steps, 2) - 0.5], nice=False),
        axis=alt.Axis(tickMinStep=1, grid=False),
    )
