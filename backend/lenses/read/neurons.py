"""Neurons: how the inner units of every MLP share the work."""

from ..base import Example, Lens, declare
from ..panels.along import AlongAxis
from ..panels.facts import Facts
from ..panels.map import Map
from ..panels.strip import Strip
from ._texts import TEXTS

BY_TOKEN = ("silent", "share_entropy")
NOTE = "Early layers leave three of four neurons silent; late ones use most of them, unevenly."

declare(
    Lens(
        kind="neurons",
        title="Neurons",
        summary="How the inner units of every MLP share the work.",
        group="read",
        family="Layers",
        icon="scatter_plot",
        place=34,
        panels=(
            Strip(title="At one layer", read="Bright: silent.", colours=BY_TOKEN, at="L"),
            Map(title="Layer by token", read="Bright: silent.", of="silent", axes=("L", "T")),
            AlongAxis(
                title="Mean by layer",
                read="A ReLU of a symmetric input would leave half of them silent.",
                of=("silent", "share_entropy", "histogram_entropy"),
                axis="L",
            ),
            Facts(title="This token", read="At every layer.", of=BY_TOKEN, at="L"),
        ),
        examples=(
            Example("neurons_fact", TEXTS["fact"].title, NOTE, {"text": TEXTS["fact"].text}, 16),
        ),
    )
)
