"""Earth mover: how far the misses of every prediction lie from what came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, TokenizedRun, check_numbers
from .fields import asked, bos_option, reading_text, special_option
from .token_numbers import SURPRISAL

SOURCE = "Ren et al. 2023, arXiv 2310.04691 (EMO)."
COST = Quantity(
    "Cost", "EMD", "", high=1.5, plain="how far off", digits=3,
    help="What it takes to move the prediction to what came: each probability times 1 − cosine of "
    "the two tokens.",
    formula=r"\sum_vp_i(v)\,(1-\cos(e_v,e_{x_i}))", source=SOURCE,
)  # fmt: skip
MISS = Quantity(
    "Distance of the misses", "d", "", high=1.5, plain="near or far", digits=3,
    help="Mean 1 − cosine to what came, over all tokens that did not come, by their probability.",
    formula=r"\sum_{v\ne x_i}p_i(v)\,(1-\cos(e_v,e_{x_i}))/(1-p_i(x_i))", source=SOURCE,
    missing="no probability was missed",
)  # fmt: skip
CHANCE = Quantity(
    "Distance by chance", "d̄", "", high=1.5, digits=3,
    help="Mean 1 − cosine to what came, over the whole vocabulary, each token alike.",
    formula=r"\frac1V\sum_v(1-\cos(e_v,e_{x_i}))", source=SOURCE,
)  # fmt: skip
OTHERS = Axis("K", "place")


@dataclass(frozen=True, kw_only=True)
class EarthMoverRequest(Request):
    """Ask for the cost of moving every prediction of ``text`` to what came."""

    kind: ClassVar[str] = "earth_mover"
    text: str = reading_text()
    others: int = asked(
        10, label="Misses kept", low=1, high=50,
        help="The likeliest tokens that did not come, kept at every place.",
    )  # fmt: skip
    add_bos: bool = bos_option()
    special_tokens: Literal["text", "special"] = special_option()


@RUN_KINDS.register("earth_mover")
@dataclass(frozen=True, kw_only=True, eq=False)
class EarthMoverRun(TokenizedRun):
    """Costs over the full vocabulary, by the cosines of the rows of the model's head.

    Attributes:
        cost, surprisal, miss, chance: float32 [T]; NaN for token 0, which nothing predicts, and
            ``miss`` where all probability is on what came.
        other_ids: int32 [T, K], the likeliest tokens that did not come; −1 for token 0.
        other_logprobs: float32 [T, K], nats.
        other_costs: float32 [T, K], 1 − cosine to what came.
        vocabulary: text of every id in ``other_ids``, by id as a string.
    """

    kind: ClassVar[str] = "earth_mover"
    request: EarthMoverRequest
    cost: np.ndarray = array("float32", "T", nan="first", quantity=COST)
    surprisal: np.ndarray = array("float32", "T", nan="first", infinite=True, quantity=SURPRISAL)
    miss: np.ndarray = array("float32", "T", nan="anywhere", quantity=MISS)
    chance: np.ndarray = array("float32", "T", nan="first", quantity=CHANCE)
    other_ids: np.ndarray = array("int32", "T", OTHERS)
    other_logprobs: np.ndarray = array("float32", "T", OTHERS, nan="first", infinite=True)
    other_costs: np.ndarray = array("float32", "T", OTHERS, nan="first")
    vocabulary: dict[str, str]

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "K": self.request.others}

    def check(self) -> None:
        super().check()
        check_numbers(self.vocabulary, "vocabulary")
