"""The text itself, every token coloured by a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...derived import number, quantity_of
from ...derived.base import Number
from ...runs.arrays import axis_of
from ...runs.base import Run
from ..parcel import pack
from .base import NONE, Panel, Parameters, described
from .places import places
from .ranges import decade

if TYPE_CHECKING:
    from ...charts.base import Spec


@dataclass(frozen=True, kw_only=True)
class Strip(Panel):
    """The text, coloured by one of its numbers.

    Attributes:
        colours: names of the numbers to colour by, the first one first.
        at: an axis beside the tokens' along which the reader chooses a place, such as "D".
        place: where along it the reader starts; negative from the end.
        links: whether pointing at a token lights up the tokens it looks at.
        tight: whether colours end at that tenth, hundredth … of the fixed end that is just above
            all values: for numbers that may be tiny all over a text.
    """

    module: ClassVar[str] = "strip"
    colours: tuple[str, ...]
    at: str = ""
    place: int = -1
    links: bool = False
    tight: bool = False

    def numbers(self) -> tuple[str, ...]:
        return self.colours

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        quantities = {name: quantity_of(run_type, name) for name in self.colours}
        return {
            "at": self.at,
            "axis": axis_of(run_type, self.at).name if self.at else "",
            "place": self.place,
            "links": self.links,
            "head": False,
            "tokens": [name for name, each in quantities.items() if each.joins != "max"],
            "pieces": [name for name, each in quantities.items() if each.pieces],
        }

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        found = [number(run, name) for name in self.colours]
        header = [described(run, name) for name in self.colours]
        if self.tight:
            for plain, each in zip(header, found, strict=True):
                plain["high"] = decade(each.quantity, each.values)
        values = {each.name: each.values.astype(np.float32) for each in found}
        return pack({"numbers": header, "places": self.names_of(found, run)}, values)

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec:
        from ...charts.strip import strip_chart

        found = number(run, self.colours[0])
        tokens: Any = run
        return strip_chart(
            tokens.tokens,
            self.of_tokens(found),
            found.quantity,
            unit,
            high=decade(found.quantity, found.values) if self.tight else None,
        )

    def names_of(self, found: Sequence[Number], run: Run) -> list[str]:
        """Return the names of the places along the other axis; none where they are counted."""
        sizes = [
            each.values.shape[each.axes.index(self.at)] for each in found if self.at in each.axes
        ]
        along = places(run, self.at, sizes[0]) if sizes else None
        return [] if along is None or along.counted else list(along.labels)

    def of_tokens(self, found: Number) -> np.ndarray:
        """Return a number of every token, [T]: at the first place along another axis."""
        return found.values[self.place] if self.at in found.axes else found.values
