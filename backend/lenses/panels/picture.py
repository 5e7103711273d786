"""A panel that is a chart: the browser shows its specification, and reports its picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ...runs.base import Run
from .base import Area, Panel

FOLLOWED: dict[str, tuple[str, ...]] = {
    "token": ("token",),
    "step": ("step",),
    "head": ("layer", "head"),
    "first": ("first",),
    "positions": ("start", "stop"),
    "spread": ("spread",),
    "scale": ("scale",),
    "colour": ("number",),
    "at": ("D",),
    "row": ("row",),
}
"""What of the stage's state a chart may depend on, and the parameters that it goes along as."""


@dataclass(frozen=True)
class Choice:
    """A control of a chart: one of several values of a parameter, the first at the start.

    Attributes:
        values: what goes along, with a label for people; an empty label is that of the number of
            this name.
    """

    parameter: str
    label: str
    values: Mapping[str, str]

    def plain(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        values = [{"value": value, "label": label} for value, label in self.values.items()]
        return {"parameter": self.parameter, "label": self.label, "values": values}


@dataclass(frozen=True, kw_only=True)
class Picture(Panel):
    """Base of the panels that are charts."""

    module: ClassVar[str] = "chart"
    area: Area = "timeline"

    def follows(self) -> tuple[str, ...]:
        """Return what of the stage's state it has to be made again for; see ``FOLLOWED``."""
        return ()

    def choices(self) -> tuple[Choice, ...]:
        """Return its own controls."""
        return ()

    def cursor(self, run_type: type[Run]) -> str | None:
        """Return what the signal ``cursor`` means and a click sets: such as "step"."""
        return None

    def signals(self) -> dict[str, Any]:
        """Return further signals with their values at the start."""
        return {}

    def asks(self) -> tuple[str, ...]:
        followed = [name for each in self.follows() for name in FOLLOWED[each]]
        return (*followed, *(each.parameter for each in self.choices()))

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {
            "follows": list(self.follows()),
            "choices": [each.plain() for each in self.choices()],
            "cursor": self.cursor(run_type),
            "signals": self.signals(),
        }


def of_numbers(names: tuple[str, ...], label: str = "Number") -> tuple[Choice, ...]:
    """Return the control that chooses one of several numbers; none for a single one."""
    return (Choice("number", label, dict.fromkeys(names, "")),) if len(names) > 1 else ()
