"""The chart of one step: the model's distribution, what each sampler kept of it, the draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from backend.runs.trajectories import TrajectoryRun

from ..charts.common import BLUE, CURSOR_COLOUR, GREY, ORANGE
from ..figure import About
from .curves import legend_height
from .step_data import BRACKET, DRAWN, LISTED, REST, longest_bar

SHORT_NAME = 14  # characters
STEP_ABOUT = About(
    title="What could have come here (probability, %)",
    read="Bars: the model itself. Orange ticks: after this row's sampler. Columns on the right: "
    "what each sampler keeps of this same distribution.",
    formula=r"q(v)=\frac{p(v)^{1/T}\,[v\in S]}{\sum_{u\in S}p(u)^{1/T}}",
    definition="All samplers are applied to the distribution of this one step, like for like; "
    "those with a memory use what they had remembered at this step of their own text. Only the "
    "most likely tokens are stored: a “+” under a column says how many more the sampler keeps. "
    "The dashed line is this row's own cut, put on the model's probability: the sampler's "
    "threshold where it can be, else the least probability that was kept.",
    source="Each sampler's own source is under the ⓘ of its card.",
)


def step_chart(run: TrajectoryRun, data: dict[str, pd.DataFrame]) -> alt.TopLevelMixin:
    """Return the chart over ``step_data``."""
    bars = data["bars"]
    longest = longest_bar(bars)
    brackets = max(len(set(data["brackets"]["sampler"].tolist())), 1)
    frame = _Frame(longest, longest * (1.06 + BRACKET * brackets), bars["label"].tolist())
    # The legend begins where the bars do: two columns of short names fit beside the tokens.
    columns = 2 if max(map(len, run.labels)) <= SHORT_NAME else 1
    legend = alt.Legend(title=None, orient="top", columns=columns, labelLimit=200 // columns)
    fill = alt.Fill("sampler:N", scale=alt.Scale(domain=run.labels), legend=legend)
    layers = [*_bar_layers(frame), *_bracket_layers(frame, fill), _threshold_layer(frame)]
    return alt.layer(*layers).properties(
        height=21 * len(bars) + 60 + legend_height(len(run.labels), columns)
    )


@dataclass(frozen=True)
class _Frame:
    """The axes all layers share.

    Attributes:
        longest: of the bars.
        end: of the axis, the samplers' columns included.
        labels: of the rows.
    """

    longest: float
    end: float
    labels: list[str]

    def x(self, field: str) -> alt.X:
        return alt.X(
            f"{field}:Q",
            title="probability (%)",
            scale=alt.Scale(domain=[0, self.end], nice=False),
            axis=alt.Axis(values=_ticks(self.longest), grid=False),
        )

    @property
    def y(self) -> alt.Y:
        return alt.Y(
            "label:N",
            sort=None,
            title=None,
            scale=alt.Scale(domain=self.labels),
            axis=alt.Axis(
                labelFont="monospace",
                labelFontSize=12,
                labelLimit=190,
                ticks=False,
                domain=False,
                labelOverlap=False,
            ),
        )


def _bar_layers(frame: _Frame) -> list[alt.Chart]:
    base = alt.Chart(alt.NamedData("bars")).encode(
        y=frame.y,
        tooltip=[
            alt.Tooltip("text:N", title="token"),
            alt.Tooltip("rank:Q", format=",d"),
            alt.Tooltip("shown:N", title="the model"),
            alt.Tooltip("final:Q", title="after the sampler (%)", format=".2f"),
            alt.Tooltip("kind:N", title="what"),
        ],
    )
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=[DRAWN, LISTED, REST], range=[CURSOR_COLOUR, BLUE, GREY]),
        legend=None,
    )
    bars = base.mark_bar(**_height(0.66), cornerRadiusEnd=2).encode(x=frame.x("raw"), color=colour)
    final = (
        base.transform_filter("datum.final > 0")
        .mark_tick(color=ORANGE, thickness=3, **_height(0.9))
        .encode(x=frame.x("final"))
    )
    return [bars, final]


def _bracket_layers(frame: _Frame, fill: alt.Fill) -> list[alt.Chart]:
    columns = (
        alt.Chart(alt.NamedData("brackets"))
        .mark_bar(**_height(1.0))
        .encode(
            y=frame.y,
            x=frame.x("left"),
            x2="right:Q",
            fill=fill,
            tooltip=[alt.Tooltip("sampler:N", title="kept by")],
        )
    )
    more = (
        alt.Chart(alt.NamedData("more"))
        .mark_text(text="+", fontSize=13, fontWeight="bold")
        .encode(
            y=frame.y,
            x=frame.x("left"),
            fill=fill,
            tooltip=[
                alt.Tooltip("sampler:N", title="sampler"),
                alt.Tooltip("beyond:N", title="keeps further tokens"),
            ],
        )
    )
    return [columns, more]


def _threshold_layer(frame: _Frame) -> alt.Chart:
    return (
        alt.Chart(alt.NamedData("thresholds"))
        .mark_rule(color=ORANGE, strokeDash=[4, 3], strokeWidth=1.5)
        .encode(
            x=frame.x("percent"),
            tooltip=[
                alt.Tooltip("name:N", title="threshold"),
                alt.Tooltip("percent:Q", title="%", format=".4f"),
            ],
        )
    )


def _height(share: float) -> dict[str, Any]:
    return {"height": {"band": share}}


def _ticks(longest: float) -> list[float]:
    """Return round ticks up to the longest bar, so that none stands under the columns."""
    for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 25):
        if longest / step <= 6:
            return [step * each for each in range(int(longest / step) + 1)]
    return [0, 50, 100]
