"""The places along an axis of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Places:
    """One place a mark or column.

    Attributes:
        name: of the axis, for people.
        labels: one a place, for tooltips and ticks.
        field: of the data: what a click on a mark tells, such as "token".
        counted: whether the labels are no more than the places' numbers.
        numbers: where they lie along the axis, rising; their count from 0 when left out.
    """

    name: str
    labels: Sequence[str]
    field: str
    counted: bool = True
    numbers: Sequence[float] | None = None

    def __len__(self) -> int:
        return len(self.labels)
