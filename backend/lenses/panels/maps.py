"""Several numbers over the same two axes, one of them at a time as a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...derived import quantity_of
from ...errors import InputError
from ...runs.base import Run
from .base import NONE, Parameters
from .map import Map
from .parameters import one_of
from .picture import Choice, Picture, of_numbers
from .places import cursor_of

if TYPE_CHECKING:
    from ...charts.base import Spec


@dataclass(frozen=True, kw_only=True)
class Maps(Picture):
    """A map of a number that the reader chooses.

    Attributes:
        of: names of the numbers, the first one first.
        axes: letters of rows and columns.
    """

    of: tuple[str, ...]
    axes: tuple[str, str]

    def own_name(self) -> str:
        return f"maps_{self.of[0]}"

    def numbers(self) -> tuple[str, ...]:
        return self.of

    def follows(self) -> tuple[str, ...]:
        return ("spread",)

    def choices(self) -> tuple[Choice, ...]:
        return of_numbers(self.of)

    def cursor(self, run_type: type[Run]) -> str | None:
        return cursor_of(run_type, self.axes[1])

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec:
        name = one_of(parameters, "number", self.of)
        if getattr(run, name, 0) is None:
            label = quantity_of(run, name).name
            raise InputError(f"This run has no number {label!r}: measure it again with it.")
        return Map(of=name, axes=self.axes).chart(run, unit, parameters)
