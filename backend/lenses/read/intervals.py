"""Intervals: between which bounds the entropy of a model on a server lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...runs.intervals import IntervalsRun
from ...runs.token_numbers import ENTROPY
from ..base import Example, Lens, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.facts import Facts
from ..panels.places import places
from ..panels.strip import Strip
from ._texts import FACT

if TYPE_CHECKING:
    from ...charts.base import Spec

NUMBERS = ("high", "low", "surprisal", "seen")


def bands(run: IntervalsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the interval of every token."""
    from ...charts.bounds import bounds_chart

    along = places(run, "T", len(run))
    return bounds_chart(run.low, run.high, ENTROPY, along, unit)


declare(
    Lens(
        kind="intervals",
        title="Intervals",
        summary="Bounds on the entropy of a model on a server, which tells its likeliest tokens.",
        group="read",
        family="Server",
        icon="dns",
        place=80,
        panels=(
            Strip(
                title="Text",
                read="Colour: one of the two bounds, or how unexpected the token was.",
                colours=NUMBERS,
            ),
            Chart(
                key="bands",
                title="Entropy between two bounds",
                read="The entropy lies somewhere in the bar. A short bar: the server told nearly "
                "all of the probability.",
                draw=bands,
                of=("low", "high"),
                moves="token",
            ),
            Facts(title="This token", read="What the server told of it.", of=NUMBERS),
        ),
        figures=("mean_low", "mean_high", "mean_seen"),
        examples=(
            Example(
                "intervals_fact",
                "What twenty tokens tell",
                "Sure places have a short bar. Where the model is unsure, twenty tokens leave much "
                "open, and the bar is long.",
                {"text": FACT},
                16,
            ),
        ),
        guide=(
            "A server tells at most a few of the likeliest tokens. What it leaves out could sit on "
            "few tokens or on all of them: that gives the least and the greatest entropy. Exact "
            "values need the whole row of logits, as the other lenses read it.",
            "Under Options: connect to a server, or let it write, several times if you like; its "
            "answers stand one after the other, a blank line between them.",
        ),
    )
)
