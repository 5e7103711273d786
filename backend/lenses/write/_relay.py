"""A panel: one text of several, every token in the colour of how it came about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...derived import number
from ...runs.base import Run
from ..panels.base import NONE, Panel, Parameters, described
from ..panels.parameters import whole
from ..parcel import pack

if TYPE_CHECKING:
    from ...charts.base import Spec

Kinds = Callable[[Any], tuple[list[str], np.ndarray]]


@dataclass(frozen=True, kw_only=True)
class Relay(Panel):
    """Texts along axis Q, one shown at a time, which a slider chooses.

    Attributes:
        of: names of numbers [Q, N] of a token; the first one colours pictures.
        kinds: from a run to the names of the kinds of tokens, and the kind of each, int [Q, N].
        text: from a run to what its tokens show, [Q][N].
        slider: what the slider chooses.
        first: from a run to the text that is shown at first.
    """

    module: ClassVar[str] = "relay"
    of: tuple[str, ...]
    kinds: Kinds
    text: Callable[[Any], list[list[str]]]
    slider: str
    first: Callable[[Any], int]

    def numbers(self) -> tuple[str, ...]:
        return self.of

    def asks(self) -> tuple[str, ...]:
        return ("row",)

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {"slider": self.slider}

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        """Header: prompt, names of texts and kinds, the first text, tokens; arrays [Q, N]."""
        of: Any = run
        names, kind = self.kinds(run)
        header = {
            "prompt": of.prompt_text,
            "names": of.names,
            "first": self.first(run),
            "kinds": names,
            "tokens": self.text(run),
            "steps": kind.shape[1],
            "numbers": [described(run, name) for name in self.of],
        }
        arrays = {name: number(run, name).values.astype(np.float32) for name in self.of}
        return pack(header, {"kind": kind.astype(np.int32), **arrays})

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec | None:
        from ...charts.strip import strip_chart

        row = row_of(run, parameters, self.first(run))
        tokens, found = self.text(run)[row], number(run, self.of[0])
        if not tokens:
            return None
        return strip_chart(tokens, found.values[row, : len(tokens)], found.quantity, unit)


def row_of(run: Any, parameters: Parameters, first: int) -> int:
    """Return the text that is asked for; the first one shown for a row of another picture."""
    row = whole(parameters, "row", 0, 10**8, first)
    return row if row < len(run.names) else first
