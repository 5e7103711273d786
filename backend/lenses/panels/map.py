"""A number over two axes, such as depth and token, as a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...derived import number
from ...runs.base import Run
from .base import NONE, Area, Parameters
from .parameters import switch
from .picture import Picture
from .places import cursor_of, over_others, places
from .ranges import ends

if TYPE_CHECKING:
    from ...charts.base import Spec


@dataclass(frozen=True, kw_only=True)
class Map(Picture):
    """A number over two axes; the mean over all others where it has more.

    Attributes:
        of: name of the number.
        axes: letters of rows and columns.
    """

    area: Area = "stage"
    of: str
    axes: tuple[str, str]

    def own_name(self) -> str:
        return f"map_{self.of}"

    def numbers(self) -> tuple[str, ...]:
        return (self.of,)

    def follows(self) -> tuple[str, ...]:
        return ("spread",)

    def cursor(self, run_type: type[Run]) -> str | None:
        return cursor_of(run_type, self.axes[1])

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec:
        from ...charts.map import map_chart

        found = number(run, self.of)
        values = over_others(found, *self.axes)
        low, high = ends(found.quantity, values, spread=switch(parameters, "spread"))
        rows, columns = (
            places(run, axis, size) for axis, size in zip(self.axes, values.shape, strict=True)
        )
        return map_chart(values, found.quantity, rows, columns, unit, low=low, high=high)
