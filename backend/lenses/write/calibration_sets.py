"""Calibration sets: a pool of candidates, and which of them each strategy would tune on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...charts.words import one_line
from ...runs.calibration_sets import (
    LIKELIHOOD,
    QUALITY,
    STRATEGIES,
    TERM,
    CalibrationSetsRun,
)
from ..base import Example, Lens, Paper, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.map import Map
from ..panels.parameters import one_of
from ..panels.picture import Choice
from ..panels.table import Column, Table
from ._millbrook import DOCUMENT, SUMMARY

if TYPE_CHECKING:
    from ...charts.base import Spec

FIRST = ("most surprise", "least surprise")
ORDER = (*FIRST, *(each for each in STRATEGIES if each not in FIRST))
STRATEGY = Choice("strategy", "Strategy", {each: each for each in ORDER})


def _name(run: CalibrationSetsRun, place: int) -> str:
    return one_line(run.texts[place], 90) if place < len(run.texts) else f"candidate {place + 1}"


def pool(run: CalibrationSetsRun, unit: str, parameters: Parameters) -> Spec:
    """Return quality over log-probability of all candidates, those of a strategy filled."""
    import altair as alt

    from ...charts.base import POINTS, finished, title, tooltip
    from ...charts.scales import label_text, shown, value_text

    strategy = STRATEGIES.index(one_of(parameters, "strategy", ORDER))
    count = len(run.quality)
    rows: dict[str, Any] = {
        "candidate": range(1, count + 1), "text": [_name(run, each) for each in range(count)],
        "likelihood": run.likelihood, "quality": run.quality,
        "chosen": [bool(each > 0) for each in run.member[strategy]],
        "pull": run.pull[strategy],
    }  # fmt: skip
    ends = []
    for values, least in ((run.likelihood, 0.1), (run.quality, 0.02)):
        free = max(0.12 * float(np.ptp(values)), least) if count else least
        low, high = (float(values.min()), float(values.max())) if count else (0.0, 1.0)
        ends.append((low - free, high + free))
    x = alt.X(
        "across:Q",
        axis=alt.Axis(title=title(label_text(LIKELIHOOD)), tickCount=6),
        scale=alt.Scale(domain=[{"expr": f"{each} * factor"} for each in ends[0]], nice=False),
    )
    y = alt.Y(
        "quality:Q",
        axis=alt.Axis(title=QUALITY.name, tickCount=6),
        scale=alt.Scale(domain=list(ends[1]), nice=False),
    )
    tip = tooltip(
        {
            "candidate": "datum.text",
            "quality": value_text(QUALITY, "quality"),
            "log-probability of a token": value_text(LIKELIHOOD, "likelihood"),
            "pull": "format(datum.pull, '+.2f')",
        }
    )
    base = alt.Chart(POINTS).transform_calculate(across=shown(LIKELIHOOD, "likelihood"))
    others = base.transform_filter("!datum.chosen").mark_point(
        style="quiet", size=90, strokeWidth=1.5, tooltip=tip
    )
    own = base.transform_filter("datum.chosen")
    line = own.mark_line(style="main", opacity=0.35, strokeWidth=1.5)
    dots = own.mark_point(style="main", filled=True, size=170, tooltip=tip)
    names = base.mark_text(style="ink", dx=12, align="left", fontSize=12)
    arrows = own.transform_filter("datum.pull !== 0").transform_calculate(
        sign="datum.pull > 0 ? '▲' : '▼'"
    )
    chart = alt.layer(
        line.encode(x=x, y=y, order=alt.Order("quality:Q")),
        others.encode(x=x, y=y),
        dots.encode(x=x, y=y),
        names.encode(x=x, y=y, text="candidate:O"),
        arrows.mark_text(style="here", dy=-16, fontSize=13).encode(x=x, y=y, text="sign:N"),
    )
    note = (
        f"{STRATEGIES[strategy].capitalize()}: margin {run.gap[strategy]:.3f}, agreement "
        f"{run.agreement[strategy]:.2f}, diversity {run.diversity[strategy]:.0%}."
    )
    return finished(chart, unit, {"points": rows}, height=340, note=note)


def hinges(run: CalibrationSetsRun, unit: str, parameters: Parameters) -> Spec:
    """Return the ranking loss of every strategy, stacked by distance in rank."""
    import altair as alt

    from ...charts.base import POINTS, finished, title, tooltip
    from ...charts.scales import label_text, shown, value_text

    rows: dict[str, list[Any]] = {name: [] for name in ("strategy", "distance", "term")}
    for place, strategy in enumerate(STRATEGIES):
        for distance, term in enumerate(run.terms[place].tolist(), start=1):
            rows["strategy"].append(strategy)
            rows["distance"].append(f"{distance} apart")
            rows["term"].append(term)
    tip = tooltip(
        {
            "strategy": "datum.strategy",
            "in rank": "datum.distance",
            "hinge": value_text(TERM, "term"),
        }
    )
    bars = (
        alt.Chart(POINTS)
        .transform_calculate(length=shown(TERM, "term"))
        .mark_bar(tooltip=tip)
        .encode(
            x=alt.X(
                "length:Q", stack="zero",
                axis=alt.Axis(title=title(label_text(TERM, "Ranking loss")), tickCount=6),
            ),
            y=alt.Y("strategy:N", sort=list(STRATEGIES), axis=alt.Axis(title=None)),
            color=alt.Color(
                "distance:N", sort=None, scale=alt.Scale(range="category"),
                legend=alt.Legend(title=None, orient="top"),
            ),
        )
    )  # fmt: skip
    return finished(bars, unit, {"points": rows}, height=alt.Step(18))


def _candidates(
    run: CalibrationSetsRun, axes: tuple[str, ...], shape: tuple[int, ...]
) -> list[Column]:
    return [
        Column(name="candidate", label="candidate", values=range(1, shape[0] + 1)),
        Column(
            name="text",
            label="text",
            values=[run.texts[i] if i < len(run.texts) else "" for i in range(shape[0])],
        ),
    ]


def _loss_by_surprise(run: CalibrationSetsRun) -> float:
    """Return the rank correlation of surprise and loss over all strategies; ties share a rank."""
    both = [-run.agreement, run.terms.sum(-1)]
    ranks = [(each[None] < each[:, None]).sum(1) + (each[None] <= each[:, None]).sum(1)
             for each in both]  # fmt: skip
    return float(np.corrcoef(*ranks)[0, 1])


declare(
    Lens(
        kind="calibration_sets",
        title="Calibration sets",
        summary="Which of many answers to tune a model on, and where each choice pulls it.",
        group="write",
        family="Answers",
        icon="rule",
        place=46,
        figures=("agreement_of_pool", "diversity_of_pool"),
        panels=(
            Chart(
                key="pool",
                title="Pool",
                read="A dot is a candidate; filled ones are chosen, and the arrow says which way "
                "the loss pulls it.",
                area="stage",
                draw=pool,
                of=("quality", "likelihood", "member", "pull"),
                controls=(STRATEGY,),
            ),
            Table(
                title="Strategies",
                read="What each set is like; the loss is what tuning on it would take off.",
                table="strategys",
                axes=("V",),
                of=(
                    "gap",
                    "agreement",
                    "surprise",
                    "diversity",
                    "set_quality",
                    "set_likelihood",
                    "set_length",
                    "loss",
                    "towards",
                ),
            ),
            Chart(
                key="hinges",
                title="Ranking loss",
                read="By how far pairs in a set miss their margin, by their distance in rank.",
                draw=hinges,
                of=("terms", "loss"),
            ),
            Map(
                title="Where it pulls",
                read="A row a strategy, a column a candidate: up is orange, down is purple.",
                of="pull",
                axes=("V", "I"),
                area="timeline",
            ),
            Map(
                title="Members",
                read="Which candidates each strategy chooses.",
                of="member",
                axes=("V", "I"),
                area="timeline",
            ),
            Table(
                key="candidates",
                title="Candidates",
                read="The pool in the order it was written.",
                table="candidates",
                axes=("I",),
                of=("quality", "likelihood", "length", "information", "coverage", "density"),
                rows=_candidates,
            ),
        ),
        examples=(
            Example(
                "calibration_sets_court",
                "Ten summaries of a case",
                "Where the model ranks as the metric does there is little to learn. Choose most "
                "surprise: the best summary is pulled up from below a worse one.",
                {"document": DOCUMENT, "reference": SUMMARY},
            ),
        ),
        papers=(
            Paper(
                23,
                "Sets of little surprise, on which model and metric rank alike, ask for little "
                "change; sets of much surprise pull the model against its own ranking.",
                "",
                "calibration_sets_court",
                1.0,
                _loss_by_surprise,
                0.3,
                "Found is the rank correlation of surprise and ranking loss over sixteen sets. The "
                "paper tunes a model on each and finds that large margins and little surprise "
                "serve relevance; here the loss and its gradient are shown and nothing is tuned.",
            ),
        ),
        guide=(
            "The mean gap between neighbours in quality depends on the two ends only: the inner "
            "members of a set with the widest gaps are free, and here they are the best.",
            "Hard sets have unlikely good and likely bad candidates, easy ones the opposite. "
            "Surprise is by likelihood, not by the order of beams; diversity by shared words.",
            "Candidates of your own can be given under Options, one a row. For a model without a "
            "chat template choose plain text there.",
        ),
    )
)
