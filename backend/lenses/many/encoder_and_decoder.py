"""Encoder and decoder: the surface of the scaling law of translation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...derived import number
from ...runs.translation_law import ERROR, OF_BUDGET, TranslationLawRun
from ..base import Example, Lens, Paper, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.map import Map

if TYPE_CHECKING:
    from ...charts.base import Spec

POINTS = (
    "50e6 50e6 1.757897", "50e6 200e6 1.568075", "100e6 50e6 1.692458", "100e6 200e6 1.524901",
    "400e6 50e6 1.583706", "400e6 200e6 1.453151",
)  # fmt: skip
"""Made up, by a law with the powers .18 and .3 and the floor 1.2; no numbers of the paper."""


def split(run: TranslationLawRun, unit: str, parameters: Parameters) -> Spec:
    """Return the loss of the budget by the encoder's share in it."""
    from ...charts.along import Line, along_chart
    from ...charts.places import Places

    shares = (100 * run.shares.astype(np.float64)).tolist()
    along = Places(
        "encoder's share, %", [f"{each:.0f} %" for each in shares], "place", numbers=shares
    )
    return along_chart([Line(OF_BUDGET.name, run.of_budget, OF_BUDGET)], along, unit)


def floors(run: TranslationLawRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return what every floor leaves unexplained; None where nothing was fitted."""
    from ...charts.along import Line, along_chart
    from ...charts.places import Places

    known = np.isfinite(run.floors)
    if known.sum() < 2:
        return None
    at = run.floors[known].astype(np.float64)
    order = np.argsort(at)
    along = Places(
        "floor, nats",
        [f"{each:.3f} nats" for each in at[order]],
        "place",
        numbers=at[order].tolist(),
    )
    return along_chart([Line(ERROR.name, run.error[known][order], ERROR)], along, unit)


declare(
    Lens(
        kind="translation_law",
        title="Encoder and decoder",
        summary="What a larger encoder and a larger decoder take off the loss of a translation.",
        group="many",
        family="Scaling",
        icon="function",
        place=43,
        figures=("best_share", "least", "powers"),
        panels=(
            Map(
                title="Loss by both sizes",
                read="Right, a larger encoder; down, a larger decoder.",
                of="loss",
                axes=("Y", "X"),
            ),
            Chart(
                key="split",
                title="Split of the budget",
                read="The loss by the encoder's share: flat around the best one.",
                draw=split,
                of=("of_budget",),
            ),
            Chart(
                key="floors",
                title="Floors that fit",
                read="How much every floor leaves unexplained; a broad valley is a doubtful floor.",
                draw=floors,
                of=("error",),
            ),
        ),
        examples=(
            Example(
                "translation_law_points",
                "Six made-up points",
                "From six points the fit finds floor and powers; three eighths of a budget belong "
                "to the encoder, and half of it costs next to nothing.",
                {"points": POINTS},
            ),
        ),
        papers=(
            Paper(
                19,
                "The loss of a translator is a power of its encoder's and of its decoder's size, "
                "each with its own, above a floor; a budget has one best split.",
                "",
                "translation_law_points",
                0.375,
                lambda run: float(number(run, "best_share").values),
                0.005,
                "Found is the encoder's share, from points made up by a law that has it. The "
                "paper's own exponents depend on its data and are not repeated here.",
            ),
        ),
        guide=(
            "Under Options points of your own can be given, one a row, and the law is fitted to "
            "them; without points its constants are those that you choose.",
            "In the paper, text that is natural on the target's side goes on gaining from size; "
            "text that was translated into it does not, and its score stops while the loss falls.",
        ),
    )
)
