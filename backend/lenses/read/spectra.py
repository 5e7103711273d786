"""Spectra: how many directions the states of a text fill, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...derived import number
from ...runs.spectra import SpectraRun
from ...storage.passages import passages
from ..base import Example, Lens, Paper, declare
from ..panels.along import AlongAxis
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.map import Map
from ..panels.places import places
from ._texts import TEXTS

if TYPE_CHECKING:
    from ...charts.base import Spec

NUMBERS = ("matrix_entropy", "effective_rank", "nuclear_norm", "diffusion_entropy", "norm")
SHIPPED = "spectra_origin"


def first_token(run: SpectraRun, unit: str, parameters: Parameters) -> Spec:
    """Return the matrix entropy with and without the first token."""
    from ...charts.along import Line, along_chart

    found = [number(run, name) for name in ("matrix_entropy", "with_first")]
    lines = [Line(each.quantity.name, each.values, each.quantity) for each in found]
    return along_chart(lines, places(run, "D", len(found[0].values)), unit, label="Matrix entropy")


def cost(run: SpectraRun, unit: str, parameters: Parameters) -> Spec:
    """Return the time of every measure over that of the Matrix Nuclear-Norm."""
    from ...charts.bars import bars_chart
    from ...charts.places import Places

    names = {
        "nuclear_norm": "Matrix Nuclear-Norm",
        "matrix_entropy": "matrix entropy",
        "diffusion_entropy": f"DSE of {run.diffused} tokens",
    }
    least = run.seconds_of.get("nuclear_norm", 0) or np.nan
    values = np.array([run.seconds_of.get(name, np.nan) / least for name in names])
    quantity = number(run, "cost_ratio").quantity
    return bars_chart(values, quantity, Places("measure", list(names.values()), "measure"), unit)


declare(
    Lens(
        kind="spectra",
        title="Spectra",
        summary="How many directions the states of a text fill, layer by layer.",
        group="read",
        family="Layers",
        icon="stacked_line_chart",
        place=32,
        figures=("pull", "last_fall", "cost_ratio", "likeness"),
        panels=(
            AlongAxis(
                title="By depth",
                read="Compare texts of equal length only: every one of these grows with it.",
                of=NUMBERS,
                axis="D",
                area="stage",
            ),
            Map(
                title="Strongest directions",
                read="Bright: a direction that holds much of all states.",
                of="eigenvalues",
                axes=("D", "E"),
                area="stage",
            ),
            Chart(
                key="first_token",
                title="Why the first token is out",
                read="One token, an attention sink, bends the spectrum of all.",
                of=("matrix_entropy", "with_first"),
                draw=first_token,
            ),
            Chart(
                key="cost",
                title="What they cost",
                read="Time over that of the Matrix Nuclear-Norm, in this run.",
                of=("cost_ratio",),
                draw=cost,
            ),
        ),
        examples=(
            Example(
                SHIPPED,
                "What fills the layers? (Charles Darwin)",
                "A plateau through the middle, and a sharp fall before the end.",
                {"text": passages()[1]},
            ),
            Example(
                "spectra_repeated",
                TEXTS["repeated"].title,
                "So short a text shows why the first token is out: alone it bends the middle "
                "layers.",
                {"text": TEXTS["repeated"].text},
            ),
        ),
        papers=(
            Paper(
                number=44,
                claim="The Matrix Nuclear-Norm tells how compressed states are, as matrix entropy "
                "does, without eigenvalues: at a fraction of the time.",
                look="panel=cost",
                example=SHIPPED,
                expected=16.0,
                found=lambda run: number(run, "cost_ratio").values.item(),
                tolerance=8.0,
                remark="The paper has 8.6 to 24 times, on larger models. That both say the same "
                "does not show here: over the depths of one model they hardly agree (correlation "
                "on top of the page).",
            ),
            Paper(
                number=53,
                claim="The spectrum of a random walk among states tells how many regions they "
                "fill, whatever the noise.",
                look="panel=along_matrix_entropy_d&number=diffusion_entropy",
                example=SHIPPED,
                expected=2.36,
                found=lambda run: float(np.mean(run.diffusion_entropy)),
                tolerance=0.35,
                remark="Expected 3.1 to 3.8 bits at every depth (our own run of another text). "
                "Rising during training is shown under Training; one trained model cannot show it.",
            ),
        ),
        guide=(
            "Depth 0 is the embedding. The effective rank, exp of the matrix entropy, reads as “so "
            "many equally strong directions”.",
        ),
    )
)
