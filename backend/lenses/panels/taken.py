"""The text, shaded by what the chosen head took from each token for the pinned one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...derived.parts import taken_from
from ...runs.base import Run
from ..parcel import pack
from .base import NONE, Parameters, described
from .parameters import whole
from .strip import Strip

if TYPE_CHECKING:
    from ...charts.base import Spec


@dataclass(frozen=True, kw_only=True)
class Taken(Strip):
    """The text; without a chosen head, by the one that moved the pinned token most."""

    colours: tuple[str, ...] = ("heads",)

    def own_name(self) -> str:
        return "taken"

    def asks(self) -> tuple[str, ...]:
        return ("token", "layer", "head")

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {**super().options(run_type), "follows": ["token", "head"]}

    def parcel(self, run: Run, parameters: Parameters = NONE) -> bytes:
        return pack({"numbers": [described(run, "heads")]}, {"heads": _taken(run, parameters)})

    def chart(self, run: Run, unit: str, parameters: Parameters = NONE) -> Spec:
        from ...charts.strip import strip_chart
        from ...runs.attribution import WRITTEN

        tokens: Any = run
        return strip_chart(tokens.tokens, _taken(run, parameters), WRITTEN, unit)


def _taken(run: Run, parameters: Parameters) -> np.ndarray:
    of: Any = run
    token = whole(parameters, "token", 0, len(of) - 1, len(of) - 1)
    layers, heads, _ = of.heads.shape
    own = np.abs(np.nan_to_num(of.heads[:, :, token]))
    layer, head = np.unravel_index(own.argmax(), own.shape)
    layer = whole(parameters, "layer", 0, layers - 1, int(layer))
    head = whole(parameters, "head", 0, heads - 1, int(head))
    return taken_from(of, token, layer, head)
