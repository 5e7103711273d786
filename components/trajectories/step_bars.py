"""One step: the model's distribution, what each sampler kept of it, and what was drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from backend.runs.trajectories import TrajectoryRun
from components.charts.candidates import percent
from components.charts.common import BLUE, CURSOR_COLOUR, GREY, ORANGE
from components.figure import About
from components.plain import token_label
from components.trajectories.rows import Row

NO_BREAK_SPACE = "\u00a0"
BRACKET = 0.06  # width of a sampler's column, as a share of the longest bar
DRAWN, LISTED, REST = "drawn", "listed", "all others"

STEP_ABOUT = About(
    title="What could have come here (probability, %)",
    read="Bars: the model itself. Orange ticks: after this row's sampler. Columns on the right: "
    "what each sampler keeps of this same distribution.",
    formula=r"q(v)=\frac{p(v)^{1/T}\,[v\in S]}{\sum_{u\in S}p(u)^{1/T}}",
    definition="All samplers are applied to the distribution of this one step, like for like; "
    "those with a memory use what they had remembered at this step of their own text. Only the "
    "most likely tokens are stored: a “+” under a column says how many more the sampler keeps. "
    "Vertical lines are the sampler's own threshold, where it is one on the model's probability.",
    source="Each sampler's own source is under the ⓘ of its card.",
)


@dataclass(frozen=True)
class Place:
    """A step of a trajectory."""

    row: Row
    step: int

    @property
    def index(self) -> tuple[int, int, int]:
        return self.row.sampler, self.row.seed, self.step


def step_data(run: TrajectoryRun, place: Place) -> dict[str, pd.DataFrame]:
    """Return the frames of the chart: ``bars``, ``brackets``, ``more`` and ``thresholds``."""
    bars = _bars(run, place)
    brackets, more = _brackets(run, place, bars)
    return {
        "bars": bars,
        "brackets": brackets,
        "more": more,
        "thresholds": _thresholds(run, place),
    }


def _bars(run: TrajectoryRun, place: Place) -> pd.DataFrame:
    ids = run.raw_top_ids[place.index].tolist()
    raw = 100 * np.exp(run.raw_top_logprobs[place.index].astype(np.float64))
    final = _final_of(run, place)
    drawn = int(run.token_ids[place.index])
    rows = [
        {"rank": rank, "id": each, "raw": share, "kind": DRAWN if each == drawn else LISTED}
        for rank, (each, share) in enumerate(zip(ids, raw.tolist(), strict=True), start=1)
    ]
    if drawn not in ids:
        share = 100 * float(np.exp(-run.surprisal[place.index]))
        rows.append({"rank": int(run.rank[place.index]), "id": drawn, "raw": share, "kind": DRAWN})
    for each in rows:
        each["text"] = token_label(run.token(each["id"]), 16)
        each["final"] = 100 * final.get(each["id"], 0.0)
    rest = max(0.0, 100 - sum(each["raw"] for each in rows))
    others = run.model.vocab_size - len(rows)
    rows.append({"rank": None, "id": -1, "raw": rest, "kind": REST, "text": "", "final": None})
    frame = pd.DataFrame(rows)
    labels = [f"{each['rank']:,} {each['text']}" for each in rows[:-1]] + [f"{others:,} others"]
    width = max(map(len, labels))
    frame["label"] = [each.ljust(width, NO_BREAK_SPACE) for each in labels]
    frame["shown"] = [percent(each) for each in frame["raw"]]
    return frame


def _final_of(run: TrajectoryRun, place: Place) -> dict[int, float]:
    """Return the final probability by id, as far as it is stored."""
    found = dict(
        zip(
            run.final_top_ids[place.index].tolist(),
            run.final_top_probs[place.index].astype(np.float64).tolist(),
            strict=True,
        )
    )
    if run.compare_probs is not None:
        own = run.compare_probs[(place.row.sampler, *place.index)].astype(np.float64)
        found |= dict(zip(run.raw_top_ids[place.index].tolist(), own.tolist(), strict=True))
    found[int(run.token_ids[place.index])] = float(run.drawn_probability[place.index])
    return {each: share for each, share in found.items() if np.isfinite(share)}


def kept_of_listed(run: TrajectoryRun, place: Place) -> tuple[dict[int, np.ndarray], bool]:
    """Return which of the stored likeliest tokens each sampler keeps here.

    Returns:
        bool [K] by sampler, and whether that covers all samplers: a run made without the
        comparison knows it of its own row only.
    """
    if run.compare_probs is not None:
        shares = run.compare_probs[(slice(None), *place.index)]
        known = np.isfinite(shares).all(1)
        return {each: shares[each] > 0 for each in np.flatnonzero(known).tolist()}, True
    final = _final_of(run, place)
    own = np.array([final.get(each, 0) > 0 for each in run.raw_top_ids[place.index].tolist()])
    return {place.row.sampler: own}, False


def _count_at(run: TrajectoryRun, place: Place, sampler: int) -> int:
    if run.compare_count is not None:
        return int(run.compare_count[(sampler, *place.index)])
    return int(run.kept_count[place.index])


def _longest(bars: pd.DataFrame) -> float:
    both = bars[["raw", "final"]].to_numpy(dtype=np.float64)
    return float(np.nanmax(both))


def _brackets(
    run: TrajectoryRun, place: Place, bars: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    kept, _ = kept_of_listed(run, place)
    longest = _longest(bars)
    cells, more = [], []
    for column, (sampler, mask) in enumerate(kept.items()):
        left = longest * (1.06 + BRACKET * column)
        where = {"left": left, "right": left + longest * BRACKET * 0.62}
        who = {"sampler": run.labels[sampler], **where}
        labels = bars["label"].iloc[: len(mask)][mask]
        cells += [{**who, "label": each} for each in labels]
        beyond = _count_at(run, place, sampler) - int(mask.sum())
        if beyond > 0:
            middle = (where["left"] + where["right"]) / 2
            more.append(
                {**who, "label": bars["label"].iloc[-1], "left": middle, "beyond": f"{beyond:,}"}
            )
    names = ["sampler", "label", "left", "right"]
    return pd.DataFrame(cells, columns=names), pd.DataFrame(more, columns=[*names, "beyond"])


def _thresholds(run: TrajectoryRun, place: Place) -> pd.DataFrame:
    """Return where the row's own sampler cuts, in percent of the model's probability."""
    plan = run.request.samplers[place.row.sampler]
    names = ["name", "percent"]
    values = plan[0].parameters
    tempered = values.get("temperature", 1.0) != 1 and values.get("temperature_order") != "last"
    if len(plan) > 1 or tempered:
        return pd.DataFrame(columns=names)
    details = {
        name: float(value[place.index])
        for name, value in run.details.items()
        if np.isfinite(value[place.index])
    }
    likeliest = float(np.exp(run.raw_top_logprobs[place.index][0]))
    lines: list[tuple[str, float]] = []
    if "floor" in details:
        lines.append(("floor", details["floor"]))
    if "mu" in details:
        lines.append(("μ", 2.0 ** -details["mu"]))
    if "depth" in details:
        lines.append(("n·σ below the largest logit", likeliest * float(np.exp(-details["depth"]))))
    if "window" in details:
        centre, window = details["centre"], details["window"]
        lines.append(("entropy, the centre", float(np.exp(-centre))))
        lines.append(("edge of the window", float(np.exp(-centre - window))))
        lines.append(("edge of the window", float(np.exp(-centre + window))))
    shown = [(name, 100 * share) for name, share in lines if share <= 1]
    return pd.DataFrame(shown, columns=names)


def step_chart(run: TrajectoryRun, data: dict[str, pd.DataFrame]) -> alt.TopLevelMixin:
    """Return the chart over ``step_data``."""
    bars = data["bars"]
    longest = _longest(bars)
    columns = max(len(set(data["brackets"]["sampler"].tolist())), 1)
    frame = _Frame(longest, longest * (1.06 + BRACKET * columns), bars["label"].tolist())
    legend = alt.Legend(title=None, orient="top", columns=3, labelLimit=130)
    fill = alt.Fill("sampler:N", scale=alt.Scale(domain=run.labels), legend=legend)
    layers = [*_bar_layers(frame), *_bracket_layers(frame, fill), _threshold_layer(frame)]
    return alt.layer(*layers).properties(height=max(180, 21 * len(bars) + 90))


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
