"""Knowledge: what a network holds in each parameter, against what is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...runs.knowledge import ASKED, BITS, KNOWN, KnowledgeRun
from ..base import Example, Lens, Paper, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.map import Map
from ..panels.parameters import one_of, whole
from ..panels.picture import Choice
from ..panels.table import Table

if TYPE_CHECKING:
    from ...charts.base import Spec

TRAINED = "as trained"
ROUNDED = (TRAINED, "8 bits", "6 bits", "5 bits", "4 bits")
WEIGHTS = Choice("weights", "Weights", {each: each for each in ROUNDED})
FULL = 1.8
"""Bits a parameter asked of a network from which it is full."""


def held(run: KnowledgeRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return bits a parameter held over those asked, with what could be held and the plateau."""
    import altair as alt

    from ...charts.base import POINTS, finished, tooltip
    from ...charts.scales import value_text

    weights = one_of(parameters, "weights", ROUNDED)
    at = whole(parameters, "step", 0, max(len(run.step) - 1, 0), max(len(run.step) - 1, 0))
    if not len(run.step) or not len(run.asked):
        return None
    values, known = run.bits[at], run.known[at]
    if weights != TRAINED:
        place = np.flatnonzero(run.roundings == int(weights.split()[0]))
        values = run.rounded[:, place[0]] if place.size else np.full_like(values, np.nan)
    high = max(float(run.asked.max()) * 1.05, 2.5)
    x = alt.X(
        "asked:Q",
        axis=alt.Axis(title="Asked of it (bits a parameter)", tickCount=8),
        scale=alt.Scale(domain=[0, high], nice=False),
    )
    y = alt.Y(
        "bits:Q",
        axis=alt.Axis(title="Held (bits a parameter)", tickCount=6),
        scale=alt.Scale(domain=[0, 2.6], nice=False),
    )
    tip = tooltip(
        {
            "network": "datum.name",
            "asked": value_text(ASKED, "asked"),
            "held": value_text(BITS, "bits"),
            "facts known": value_text(KNOWN, "known"),
        }
    )
    legend = alt.Legend(title=None, orient="top", columns=4, labelLimit=260)
    kinds = alt.Color("kind:N", sort=None, scale=alt.Scale(range="category"), legend=legend)
    shapes = alt.Shape("kind:N", sort=None, legend=legend)
    dots = (
        alt.Chart(POINTS)
        .transform_filter("isValid(datum.bits)")
        .mark_point(filled=True, size=110, opacity=0.9, tooltip=tip)
        .encode(x=x, y=y, color=kinds, shape=shapes)
    )
    lines = alt.Chart(alt.NamedData("lines"))
    limits = lines.mark_line(style="quiet", strokeDash=[6, 4], clip=True).encode(
        x=x, y=y, detail="line:N"
    )
    names = (
        lines.transform_filter("datum.last")
        .mark_text(style="quiet", align="right", dy=-7, fontSize=11)
        .encode(x=x, y=y, text="line:N")
    )
    points = {
        "name": [run.named(place) for place in range(len(run.asked))],
        "kind": _kinds(run),
        "asked": run.asked,
        "bits": values,
        "known": known,
    }
    rows = {
        "line": ["all that is asked"] * 2 + ["2 bits, the paper's plateau"] * 2,
        "asked": [0.0, 2.6, 0.0, high],
        "bits": [0.0, 2.6, 2.0, 2.0],
        "last": [False, False, False, True],
    }
    return finished(
        alt.layer(limits, names, dots), unit, {"points": points, "lines": rows}, height=320
    )


def over_steps(run: KnowledgeRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the bits of every network over steps; a click chooses a step."""
    from ...charts.along import Line, along_chart
    from ...charts.places import Places

    at = run.step.tolist()
    if not at or not run.bits.shape[1]:
        return None
    steps = Places("step", [str(each) for each in at], "step", numbers=at)
    lines = [
        Line(f"{run.named(place)} #{place + 1}", run.bits[:, place], BITS, group=kind)
        for place, kind in enumerate(_kinds(run))
    ]
    return along_chart(lines, steps, unit)


def _kinds(run: KnowledgeRun) -> list[str]:
    """Return what every network has in common with some others."""
    sizes = zip(run.parameters.tolist(), run.exposures.tolist(), strict=True)
    return [f"{size:,} parameters × {times:,} exposures" for size, times in sizes]


def plateau(run: KnowledgeRun) -> float:
    """Return the least that a full network holds, bits a parameter."""
    full = (run.asked >= FULL) & (run.exposures > 100)
    return float(run.bits[-1][full].min())


declare(
    Lens(
        kind="knowledge",
        title="Knowledge",
        summary="How many bits of facts a network holds in each of its parameters.",
        group="many",
        family="Scaling",
        icon="psychology",
        place=41,
        panels=(
            Chart(
                key="held",
                title="Held and asked",
                read="A mark is a network: right, more is asked of it; up, it holds more. Dashed: "
                "all of it, and the paper's 2 bits.",
                area="stage",
                draw=held,
                of=("asked", "bits"),
                state=("step",),
                controls=(WEIGHTS,),
            ),
            Chart(
                key="over_steps",
                title="Over steps",
                read="Press a step to see above what is held by then.",
                draw=over_steps,
                of=("bits",),
                moves="step",
            ),
            Map(
                title="Rounded weights",
                read="What is left when all weights are rounded to so many bits.",
                of="rounded",
                axes=("V", "Z"),
                area="timeline",
            ),
            Table(
                title="Networks",
                read="What is asked of every network.",
                table="networks",
                axes=("V",),
                of=("asked",),
            ),
        ),
        examples=(
            Example(
                "knowledge_plateau",
                "A thousand parameters, two bits each",
                "However many facts are asked of it, a full network holds about 1.84 bits a "
                "parameter; 8-bit weights hold as much, 4-bit ones nearly nothing.",
                {},
            ),
        ),
        papers=(
            Paper(
                50,
                "A network stores about 2 bits of knowledge a parameter after 1,000 exposures, 1 "
                "after 100, and rounding to 8 bits costs nothing.",
                "",
                "knowledge_plateau",
                1.84,
                plateau,
                0.06,
                "Found is the least of those that are full, with a thousand parameters.",
            ),
        ),
        guide=(
            "Facts are random, so nothing can be guessed: what is known was stored. Run trains all "
            "networks here; marks rise along the diagonal until they are full.",
            "What is held is N (ln C − L) / (P ln 2): loss below that of guessing, for all facts, "
            "over the parameters.",
        ),
    )
)
