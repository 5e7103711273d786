"""Density: how much smaller models have become for what they score."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ...runs.density import DENSITY, EFFECTIVE, SCORE, SIZE, DensityRun
from ..base import Example, Lens, Paper, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.places import places
from ..panels.table import Column, Table, axis_columns

if TYPE_CHECKING:
    from ...charts.base import Spec

PAPER_RATE = 0.007
"""A day, as the densing law has it: twice as dense in 99 days."""


def over_time(run: DensityRun, unit: str, parameters: Parameters) -> Spec:
    """Return densities by day of release, records joined by their fit, and the paper's slope."""
    import altair as alt

    from ...charts.base import POINTS, finished, log_values, tooltip
    from ...charts.scales import value_text

    known = run.density[np.isfinite(run.density) & (run.density > 0)]
    least, most = (known.min() / 1.5, known.max() * 2) if known.size else (0.1, 100)
    x = alt.X("day:T", title="Released", axis=alt.Axis(format="%Y-%m", grid=False, tickCount=8))
    y = alt.Y(
        "density:Q",
        axis=alt.Axis(title="Density", values=log_values(float(least), float(most))),
        scale=alt.Scale(type="log", domain=[float(least), float(most)], nice=False),
    )
    tip = tooltip(
        {
            "model": "datum.name",
            "density": value_text(DENSITY, "density"),
            "size": value_text(SIZE, "size"),
            "effective size": value_text(EFFECTIVE, "effective"),
            "MMLU": value_text(SCORE, "score"),
        }
    )
    base = alt.Chart(POINTS).transform_filter("isValid(datum.density)")
    dots = base.mark_point(style="main", filled=True, size=60, opacity=0.5, tooltip=tip).encode(
        x=x, y=y
    )
    records = base.transform_filter("datum.record")
    large = records.mark_point(style="main", filled=True, size=110, tooltip=tip).encode(x=x, y=y)
    names = records.mark_text(style="ink", align="left", dx=8, dy=-6, fontSize=12).encode(
        x=x, y=y, text="name:N"
    )
    fits = alt.Chart(alt.NamedData("fits"))
    found = fits.transform_filter("!datum.paper").mark_line(
        style="main", strokeWidth=1.8, clip=True
    )
    papers = fits.transform_filter("datum.paper").mark_line(
        style="quiet", strokeDash=[6, 4], clip=True
    )
    labels = fits.transform_filter("datum.last").mark_text(
        style="quiet", align="right", dx=-10, dy=-6, fontSize=11, clip=True
    )
    lines = [
        found.encode(x=x, y=y),
        papers.encode(x=x, y=y),
        labels.encode(x=x, y=y, text="label:N"),
    ]
    rows = {
        "name": [each.name for each in run.models],
        "day": [each.day.isoformat() for each in run.models],
        "density": run.density,
        "size": run.size,
        "effective": run.effective,
        "score": run.score,
        "record": run.record.tolist(),
    }
    return finished(
        alt.layer(*lines, dots, large, names),
        unit,
        {"points": rows, "fits": _fits(run, float(most))},
        height=320,
    )


def _fits(run: DensityRun, most: float) -> dict[str, list[Any]]:
    """Return both lines at every day there is: through the records, and as steep as the paper's."""
    days = sorted(set(run.days.tolist()))
    found: dict[str, list[Any]] = {
        name: [] for name in ("day", "density", "paper", "label", "last")
    }
    if not math.isfinite(run.rate) or not days:
        return found
    dates = {
        day: each.day.isoformat() for day, each in zip(run.days.tolist(), run.models, strict=True)
    }
    start = run.rate * days[0] + run.start
    for paper, rate in ((False, run.rate), (True, PAPER_RATE)):
        words = "as steep as in the paper" if paper else "through the densest"
        seen = max(
            (day for day in days if start + rate * (day - days[0]) < math.log(most / 2)),
            default=days[0],
        )
        for day in days:
            found["day"].append(dates[day])
            found["density"].append(math.exp(min(start + rate * (day - days[0]), 60)))
            found["paper"].append(paper)
            found["label"].append(words)
            found["last"].append(day == seen)
    return found


def sizes(run: DensityRun, unit: str, parameters: Parameters) -> Spec:
    """Return effective against actual size; the diagonal is the reference family."""
    from ...charts.against import Of, against_chart

    names = places(run, "V", len(run.size))
    return against_chart(
        Of(run.size, SIZE), Of(run.effective, EFFECTIVE), names, unit, diagonal=False
    )


def _rows(run: DensityRun, axes: tuple[str, ...], shape: tuple[int, ...]) -> list[Column]:
    return [
        *axis_columns(run, axes, shape),
        Column(name="day", label="released", values=[each.day.isoformat() for each in run.models]),
        Column(name="source", label="score from", values=[each.source for each in run.models]),
    ]


declare(
    Lens(
        kind="density",
        title="Density",
        summary="How much smaller models have become for what they score.",
        group="many",
        family="Scaling",
        icon="speed",
        place=46,
        figures=("doubling", "densest"),
        panels=(
            Chart(
                key="density_over_time",
                title="Density over time",
                read="A dot is a model, large where it is the densest so far; dashed, twice as "
                "dense every 99 days.",
                area="stage",
                draw=over_time,
                of=("density",),
            ),
            Chart(
                key="effective_size",
                title="Effective size",
                read="Up, how large a model of the reference family would have to be to score so.",
                draw=sizes,
                of=("size", "effective"),
            ),
            Table(
                title="Models",
                read="Scores as printed, and where; sizes as in the names.",
                table="models",
                axes=("V",),
                of=("score", "size", "effective", "density"),
                sort="density",
                rows=_rows,
            ),
        ),
        examples=(
            Example(
                "density_published",
                "Twenty open models",
                "In two years the densest model went from two thirds of the reference family to "
                "24 times it.",
                {},
            ),
        ),
        papers=(
            Paper(
                47,
                "The density of the densest open model grows exponentially, twice in about three "
                "months.",
                "",
                "density_published",
                PAPER_RATE,
                lambda run: run.rate,
                0.003,
                "Found is the growth of ln density a day, from one benchmark and a published "
                "family as reference; the paper has five and a ladder of its own, whose constants "
                "it does not print. Sizes beyond 70 billion are beyond the reference.",
            ),
        ),
        guide=(
            "A score is turned into the size that a model of the reference family would need, by a "
            "fit to that family which is ours: logistic in the logarithm of the size. Scores near "
            "those of guessing, or beyond the family's largest, are extrapolated.",
            "Scores are as their papers print them; benchmarks leak into training data, and a "
            "denser model may just know the questions.",
        ),
    )
)
