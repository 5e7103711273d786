"""Map of states: the states of all tokens at one depth, in the plane they spread most in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, TokenizedRun
from .fields import asked
from .layers import LayersRequest
from .token_numbers import ENTROPY

PLACE = Quantity(
    "Place on the map",
    "",
    "",
    low=-30,
    high=30,
    scale="diverging",
    help="Where a state lies along the two directions in which the states of this depth differ "
    "most. Every state is cut to the same length first.",
    formula=r"U_2^\top(\hat h_{d,i}-\bar h)",
    source="Principal components: Hotelling 1933.",
    digits=1,
)
EXPLAINED = Quantity(
    "Explained",
    "",
    "%",
    help="Share of all variance of the states that this direction of the map shows.",
    formula=r"\lambda_1/\textstyle\sum\lambda",
    source="Hotelling 1933.",
    digits=1,
)
DIRECTION = Axis("A", "direction", None, lambda run, i: str(i + 1))


@dataclass(frozen=True, kw_only=True)
class StatesRequest(LayersRequest):
    """Ask for a map of the states of ``text`` at one depth."""

    kind: ClassVar[str] = "states"
    depth: int | None = asked(
        None,
        label="Depth",
        low=0,
        help="0 is the embedding, n the state after layer n; the middle when left open.",
    )


@RUN_KINDS.register("states")
@dataclass(frozen=True, kw_only=True, eq=False)
class StatesRun(TokenizedRun):
    """The tokens' states of all depths, in the plane that fits those of one depth best.

    Attributes:
        depth: whose plane it is.
        places: float32 [D, T, A], A = 2, of every token at every depth; the first token is placed
            but takes no part in finding the plane.
        explained: float32 [A], share of the variance at ``depth`` that each direction shows.
        entropy: float32 [T], nats, as in a text run.
    """

    kind: ClassVar[str] = "states"
    request: StatesRequest
    depth: int
    places: np.ndarray = array("float32", "D", "T", DIRECTION, quantity=PLACE)
    explained: np.ndarray = array("float32", DIRECTION, nan="anywhere", quantity=EXPLAINED)
    entropy: np.ndarray = array("float32", "T", nan="first", quantity=ENTROPY)

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "D": self.model.layers + 1, "A": 2}

    def check(self) -> None:
        super().check()
        if not 0 <= self.depth <= self.model.layers:
            raise ValueError("depth must be one of the model's")
