"""Checkpoints: one text read by several models, a curve for each number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...derived import number
from ...runs.checkpoints import CheckpointsRun
from ..base import Example, Lens, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.facts import Facts
from ..panels.maps import Maps
from ..panels.places import places
from ..panels.strip import Strip
from ..panels.table import Table

if TYPE_CHECKING:
    from ...charts.base import Spec

CURVES = ("surprisal", "entropy", "varentropy")
STEPS = (2, 4, 8, 16, 32)
"""Of the training of the shipped example, see scripts/checkpoints_example.py."""

NUMBERS = (*CURVES, "rank")


def curves(run: CheckpointsRun, unit: str, parameters: Parameters) -> Spec:
    """Return the means over the text along the checkpoints, and the pinned token's own."""
    from ...charts.checkpoints import checkpoint_curves

    found = {name: number(run, name) for name in CURVES}
    return checkpoint_curves(
        {name: each.values for name, each in found.items()},
        {name: number(run, f"mean_{name}").values for name in CURVES},
        {name: each.quantity for name, each in found.items()},
        places(run, "V", len(run.names)),
        places(run, "T", len(run)),
        unit,
    )


declare(
    Lens(
        kind="checkpoints",
        title="Checkpoints",
        summary="One text read by a list of checkpoints or revisions, a curve for each number.",
        group="keep",
        icon="timeline",
        place=25,
        figures=("first_mean", "last_mean", "last_by_byte"),
        panels=(
            Strip(
                title="The text",
                read="Colour: how much the last checkpoint differs from the first, or what one "
                "of them makes of every token.",
                colours=("change", *NUMBERS),
                at="V",
            ),
            Chart(
                key="curves",
                title="Curves",
                read="Drawn through: the mean over the text. Dashed: the pinned token alone.",
                about="Checkpoints stand in the order asked for, all equally far apart. Each mean "
                "is over the same tokens.",
                draw=curves,
                of=CURVES,
                more={"token": -1},
                area="timeline",
            ),
            Maps(
                title="Checkpoint by token",
                read="A column is a token, from the first checkpoint down to the last.",
                of=NUMBERS,
                axes=("V", "T"),
                area="timeline",
            ),
            Table(
                title="Checkpoints",
                read="Means over the text. By byte, models of other tokenizers can be compared.",
                table="checkpoints",
                axes=("V",),
                of=("mean_surprisal", "mean_entropy", "mean_varentropy", "by_byte", "right"),
            ),
            Facts(
                title="This token",
                read="At every checkpoint.",
                of=("change", *NUMBERS),
                at="V",
            ),
        ),
        examples=(
            Example(
                "checkpoints_fact",
                "A fact is learned, then overlearned",
                "A LoRA of five checkpoints learns an invented capital: “Ostrin” is certain from "
                "step 8 on. After step 4 entropy goes on falling while surprisal rises: the model "
                "gets surer and wronger, and forgets Paris.",
                {
                    "text": "The capital of Velmora is called Ostrin. The capital of France is "
                    "called Paris.",
                    "checkpoints": ("bundled", *(f"./step_{step}" for step in STEPS)),
                },
                18,
            ),
        ),
        guide=(
            "Edit names the checkpoints, one a row: owner/name@revision, a folder, or bundled in "
            "float16. One model is in memory at a time.",
            "All of them have to cut the text into the same tokens. For models of different "
            "tokenizers measure the text with each in Tokens, and compare two runs in Compare.",
        ),
    )
)
