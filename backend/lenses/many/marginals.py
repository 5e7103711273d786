"""Marginals: how likely any part of a picture is, in one pass and by chains."""

from __future__ import annotations

import numpy as np

from ...derived import marginals as of
from ...runs.marginals import MarginalsRun
from ..base import Example, Lens, Paper, declare
from ..panels.chart import Chart
from ..panels.table import Column, Table, axis_columns
from ._marginals_charts import COLOURS, HIDDEN, LINES, cases, over_steps, picture


def _rows(run: MarginalsRun, axes: tuple[str, ...], shape: tuple[int, ...]) -> list[Column]:
    names = ["none", *(run.pixel(place) for place in run.shown[1:].tolist())]
    return [
        *axis_columns(run, axes, shape),
        Column(name="pixel", label="pixel shown", values=names),
    ]


def off(run: MarginalsRun) -> float:
    """Return the root mean square of one pass against the truth, nats."""
    found = run.case_one_pass.astype(np.float64) - run.case_reference
    return float(np.sqrt(np.nanmean(found**2)))


DIGIT = "..##....\n..###...\n..#.#...\n....#...\n...##...\n...#....\n..####..\n...####.\n"

declare(
    Lens(
        kind="marginals",
        title="Marginals",
        summary="How likely any part of a picture is: in one pass, and pixel by pixel.",
        group="many",
        family="Training",
        icon="grid_on",
        place=21,
        figures=("last", "last_chains", "apart"),
        panels=(
            Chart(
                key="picture",
                title="What is seen",
                read="Squares are seen, discs hidden. Press a hidden pixel to show all up to it, "
                "a seen one to go back before it. Right: one pass beside chains in random orders.",
                about="Left, discs have the colour of a number of the hidden pixels; in the middle "
                "of the residual: by how much one pass misses its own sum over that pixel. Right, "
                "dots are orders, the line reaches from the least to the most, and the tick is "
                "their mean p.",
                area="stage",
                draw=picture,
                of=(*COLOURS, "residual", "one_pass", "chain", "exact"),
                state=("step",),
                controls=(HIDDEN,),
            ),
            Chart(
                key="over_steps",
                title="As pixels are shown",
                read="The band has all orders of the chain. Press a step to see it above.",
                draw=over_steps,
                of=("one_pass", "chain", "exact", "sum_entropy", "residual_rms"),
                moves="step",
                controls=(LINES,),
            ),
            Chart(
                key="cases",
                title="One pass and what it should be",
                read="A dot is a test digit, all shown; of your own joint, each part of a picture "
                "there is. On the diagonal one pass is right.",
                draw=cases,
                of=("case_reference", "case_one_pass"),
            ),
            Table(
                title="Steps",
                read="Which pixel was shown, and what one pass and chains say then.",
                table="steps",
                axes=("I",),
                of=("one_pass", "mixture", "order_spread", "exact", "sum_entropy", "residual_rms"),
                rows=_rows,
            ),
        ),
        examples=(
            Example(
                "marginals_two",
                "A two, pixel by pixel",
                "The most uncertain pixel comes first: after a third of them the rest is nearly "
                "known, and one pass says what 64 passes say, within the spread of their orders.",
                {"picture": DIGIT},
            ),
            Example(
                "marginals_joint",
                "Three pixels whose truth is known",
                "Networks learn a joint of eight numbers; all 27 parts of a picture can be held "
                "against the truth.",
                {"picture": "101", "joint": ".2 .05 .05 .1 .05 .1 .15 .3"},
            ),
        ),
        papers=(
            Paper(
                30,
                "One pass of a network says how likely a picture is, where a chain needs as many "
                "passes as pixels: on nine of ten digits both agree within 4 nats.",
                "panel=cases",
                "marginals_two",
                2.69,
                of.apart,
                0.1,
                "Found is the difference that nine of ten of 500 test digits stay below, of some "
                "16 nats. Six orders of a chain span 3 nats on average; one pass lies within on 57 "
                "of 100 digits, and is .4 nats too low on average. The paper's larger pictures, "
                "and its sampling from an energy, are not repeated.",
            ),
            Paper(
                30,
                "Marginals of every part can be learned together: against a joint that is known "
                "they are off by a hundredth of a nat.",
                "panel=cases",
                "marginals_joint",
                0.012,
                off,
                0.008,
                "Found is the root mean square over all 27 parts of pictures of three pixels.",
            ),
        ),
        guide=(
            "An any-order model knows p of each pixel given any others; p of a picture is then a "
            "product over as many passes as pixels, and other orders give other values, though "
            "there is one truth. A second network learns log p of every part at once, by asking "
            "that each further pixel changes it by what the first network says.",
            "Edit the picture to hide or change pixels: # is ink, . is paper, ? stays hidden, "
            "unless Options have it drawn by the networks. A picture that is no digit is unlikely "
            "by either way, and residuals grow.",
            "Under Options a joint of your own for 1 to 8 pixels: all probabilities in order, 000, "
            "001, 010 and so on. Networks learn it here in seconds, and the truth stands beside.",
            "Entropies are of single pixels; their sum is no entropy of the picture, which is less "
            "as pixels depend on one another.",
        ),
    )
)
