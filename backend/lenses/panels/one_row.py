"""One text of a data set: what it says, its numbers, and what it takes to see its tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ...derived import number
from ...errors import InputError
from ...runs.base import Run
from ..parcel import pack
from .base import NONE, Area, Panel, Parameters, described
from .parameters import whole


@dataclass(frozen=True, kw_only=True)
class OneRow(Panel):
    """The pinned row of a data set.

    Attributes:
        of: names of the numbers of a row, the one that says how hard it is first.
    """

    module: ClassVar[str] = "row"
    area: Area = "inspector"
    of: tuple[str, ...]

    def numbers(self) -> tuple[str, ...]:
        return self.of

    def asks(self) -> tuple[str, ...]:
        return ("row",)

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {"follows": ["row"]}

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        """Header: ``row``, ``rows``, ``text``, ``tokens``, ``problem`` and ``numbers``, described.

        Arrays: every number, float32 [1]. Without a row it is the hardest.
        """
        texts: Any = run
        count = len(texts)
        if not count:
            raise InputError("This data set has no texts.")
        row = whole(parameters, "row", 0, count - 1, self._hardest(run))
        header = {
            "row": row,
            "rows": count,
            "text": texts.request.texts[row],
            "tokens": int(texts.tokens[row]),
            "problem": texts.problems.get(str(row), ""),
            "numbers": [described(run, name) for name in self.of],
        }
        values = {name: number(run, name).values[row : row + 1] for name in self.of}
        return pack(header, {name: each.astype(np.float32) for name, each in values.items()})

    def _hardest(self, run: Run) -> int:
        values = np.asarray(number(run, "perplexity").values, np.float64)
        return int(np.where(np.isnan(values), -np.inf, values).argmax())
