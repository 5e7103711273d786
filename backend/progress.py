"""How far something has come, and who wants to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Progress:
    """How far a study, or the loading of a model, has come.

    Attributes:
        done: finished steps.
        total: all steps; 0 while nobody knows.
        message: what is being done, for people.
        partial: results that can be shown already; None for most studies.
        pausable: whether nothing is half done, so that another study may use the model before this
            one goes on: no hook is on it, and what was read is kept elsewhere.
        seconds_left: about how long the rest takes; None while nobody knows. The engine fills it.
    """

    done: int
    total: int
    message: str
    partial: Any = None
    pausable: bool = False
    seconds_left: float | None = None


Report = Callable[[Progress], None]
"""Called between two steps; raises ``CancelledError`` when the work was stopped.

A callback and not a generator, so that code deep inside a forward pass can report too.
"""


def ignore(progress: Progress) -> None:
    """Report to nobody."""
