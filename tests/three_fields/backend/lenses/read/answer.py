"""Answer: which of some answers the model finds likely."""

from ..base import Lens, declare
from ..panels.bars import Bars

declare(
    Lens(
        kind="answer",
        title="Answer",
        summary="Which of some answers the model finds likely.",
        group="read",
        panels=(
            Bars(
                area="stage",
                title="Answers",
                read="Short bars: likely answers.",
                of="mean_surprisal",
                axis="A",
            ),
        ),
    )
)
