"""How often which value of a number occurs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...derived import number
from ...runs.base import Run
from .base import NONE, Parameters
from .parameters import one_of, switch
from .picture import Choice, Picture, of_numbers
from .places import cursor_of, places
from .ranges import ends

if TYPE_CHECKING:
    from ...charts.base import Spec


@dataclass(frozen=True, kw_only=True)
class Spread(Picture):
    """A histogram of one of several numbers that every place of an axis has.

    Attributes:
        of: names of the numbers to choose from.
        axis: letter of the axis whose places are counted.
    """

    of: tuple[str, ...]
    axis: str = "T"

    def own_name(self) -> str:
        return f"spread_{self.of[0]}"

    def numbers(self) -> tuple[str, ...]:
        return self.of

    def follows(self) -> tuple[str, ...]:
        return ("spread",)

    def choices(self) -> tuple[Choice, ...]:
        return of_numbers(self.of, "Distribution of")

    def cursor(self, run_type: type[Run]) -> str | None:
        return cursor_of(run_type, self.axis)

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec:
        from ...charts.spread import spread_chart

        found = number(run, one_of(parameters, "number", self.of))
        low, high = ends(found.quantity, found.values, spread=switch(parameters, "spread"))
        along = places(run, self.axis, len(found.values))
        return spread_chart(found.values, found.quantity, along, unit, low=low, high=high)
