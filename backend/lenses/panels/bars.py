"""A number of a few places as bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...derived import number
from ...runs.base import Run
from .base import NONE, Parameters
from .picture import Picture
from .places import cursor_of, over_others, places

if TYPE_CHECKING:
    from ...charts.base import Spec


@dataclass(frozen=True, kw_only=True)
class Bars(Picture):
    """A bar for every place of an axis; the mean over all other axes.

    Attributes:
        of: name of the number.
        axis: letter.
    """

    of: str
    axis: str

    def own_name(self) -> str:
        return f"bars_{self.of}"

    def numbers(self) -> tuple[str, ...]:
        return (self.of,)

    def cursor(self, run_type: type[Run]) -> str | None:
        return cursor_of(run_type, self.axis)

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec:
        from ...charts.bars import bars_chart

        found = number(run, self.of)
        values = over_others(found, self.axis)
        return bars_chart(values, found.quantity, places(run, self.axis, len(values)), unit)
