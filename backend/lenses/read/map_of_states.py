"""Map of states: all tokens in the plane they spread most in at one depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...runs.states import StatesRun
from ...runs.token_numbers import ENTROPY
from ..base import Example, Lens, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.places import places
from ..panels.strip import Strip
from ._texts import TEXTS

if TYPE_CHECKING:
    from ...charts.base import Spec


def plane(run: StatesRun, unit: str, parameters: Parameters) -> Spec:
    """Return the map, with the pinned token's way through depth."""
    from ...charts.plane import Plane, plane_chart

    titles = [
        f"direction {place + 1}, {share:.0%} of the variance at depth {run.depth}"
        for place, share in enumerate(run.explained.tolist())
    ]
    shown = Plane(run.places, run.depth, titles)
    return plane_chart(shown, run.entropy, ENTROPY, places(run, "T", len(run)), unit)


declare(
    Lens(
        kind="states",
        title="Map of states",
        summary="All tokens in the plane they spread most in at one depth, and one token's way.",
        group="read",
        family="Layers",
        icon="hub",
        place=37,
        panels=(
            Chart(
                key="plane",
                title="The map",
                read="Near: states that point alike. The line is the pinned token's way through "
                "all depths.",
                about="Every state is cut to one length, as a norm would cut it; the two "
                "directions are those in which the states of the chosen depth differ most. Two of "
                "hundreds: the axes say how little they hold.",
                of=("places", "entropy"),
                moves="token",
                draw=plane,
                area="stage",
            ),
            Strip(title="The text", read="Bright: unsure.", colours=("entropy",)),
        ),
        examples=(
            Example(
                "states_repeated",
                "Where do the copies lie?",
                "Copies of one word lie side by side, and their ways run together.",
                {"text": TEXTS["repeated"].text},
                31,
            ),
        ),
    )
)
