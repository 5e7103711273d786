"""Any other chart: a function that draws a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...runs.base import Run
from .base import NONE, Parameters
from .picture import Choice, Picture

if TYPE_CHECKING:
    from ...charts.base import Spec

Draw = Callable[[Any, str, Parameters], "Spec | None"]


@dataclass(frozen=True, kw_only=True)
class Chart(Picture):
    """A chart by a function of its own.

    Attributes:
        key: its name.
        draw: from run, unit and parameters to a specification; None where there is nothing.
        of: names of the numbers it shows.
        state: what of the stage's state it has to be drawn again for; see ``picture.FOLLOWED``.
        controls: its own.
        moves: what a click sets, such as "token".
        more: further signals with their values at the start.
        grows: whether it is drawn again whenever a running study has found more.
        only: tells of which runs it has a picture; of all when left out.
    """

    draw: Draw
    of: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    controls: tuple[Choice, ...] = ()
    moves: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    grows: bool = False
    only: Callable[[Run], bool] | None = None

    def fits(self, run: Run) -> bool:
        return self.only is None or self.only(run)

    def numbers(self) -> tuple[str, ...]:
        return self.of

    def follows(self) -> tuple[str, ...]:
        return self.state

    def choices(self) -> tuple[Choice, ...]:
        return self.controls

    def cursor(self, run_type: type[Run]) -> str | None:
        return self.moves

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {**super().options(run_type), **({"grows": True} if self.grows else {})}

    def signals(self) -> dict[str, Any]:
        return dict(self.more)

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec | None:
        return self.draw(run, unit, parameters)
