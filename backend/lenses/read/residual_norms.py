"""Residual norms: how long the hidden state of every token is after every layer."""

from ..base import Lens, declare
from ..panels.along import AlongAxis
from ..panels.facts import Facts
from ..panels.map import Map
from ..panels.strip import Strip
from ._texts import examples

NORMS = ("norms",)
NOTE = "Every layer adds to the state, so norms grow; the first token, far longer, is left out."

declare(
    Lens(
        kind="residual_norms",
        title="Residual norms",
        summary="How long the hidden state of every token is after every layer.",
        group="read",
        family="Layers",
        icon="stacks",
        place=30,
        panels=(
            Strip(title="At one depth", read="Colour: norm.", colours=NORMS, at="D"),
            Map(title="Depth by token", read="Bright: long.", of="norms", axes=("D", "T")),
            AlongAxis(title="Mean", read="Of the tokens.", of=NORMS, axis="D", area="timeline"),
            Facts(title="This token", read="Its norm at every depth.", of=NORMS),
        ),
        examples=examples("residual_norms", NOTE),
    )
)
