"""The text itself, every token coloured by a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ...derived import number, number_names
from ...runs.base import Run
from ..parcel import pack
from .base import Panel, Parameters, described


@dataclass(frozen=True, kw_only=True)
class Strip(Panel):
    """The text, coloured by one of its numbers.

    Attributes:
        colours: names of the numbers to colour by, the first one first; empty for all there are.
        at: an axis beside the tokens' along which the reader chooses a place, such as "D".
        links: whether pointing at a token lights up the tokens it looks at.
    """

    module: ClassVar[str] = "strip"
    colours: tuple[str, ...] = ()
    at: str = ""
    links: bool = False

    def numbers(self) -> tuple[str, ...]:
        return self.colours

    def options(self) -> dict[str, Any]:
        return {"at": self.at, "links": self.links}

    def parcel(self, run: Run, parameters: Parameters) -> bytes:
        axes = (self.at, "T") if self.at else ("T",)
        names = [*self.colours] or number_names(run, axes)
        found = [number(run, name) for name in names]
        values = {each.name: each.values.astype(np.float32) for each in found}
        return pack({"numbers": [described(run, name) for name in names]}, values)
