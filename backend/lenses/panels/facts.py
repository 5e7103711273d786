"""All numbers of the pinned token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ...derived import number
from ...runs.arrays import axis_of
from ...runs.base import Run
from ..parcel import pack
from .base import NONE, Area, Panel, Parameters, described


@dataclass(frozen=True, kw_only=True)
class Facts(Panel):
    """The numbers of a token, those along another axis one by one.

    Attributes:
        of: names of the numbers; their last axis is that of the tokens.
        at: that other axis, "D" or "L".
    """

    module: ClassVar[str] = "facts"
    area: Area = "inspector"
    of: tuple[str, ...]
    at: str = "D"

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {"at": self.at, "axis": axis_of(run_type, self.at).name if self.at else ""}

    def numbers(self) -> tuple[str, ...]:
        return self.of

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        header = {"numbers": [described(run, name) for name in self.of]}
        return pack(header, {name: number(run, name).values.astype(np.float32) for name in self.of})
