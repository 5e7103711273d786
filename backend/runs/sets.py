"""Sets: options read as a set, beside all orders of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis, nth_order
from .base import RUN_KINDS, Request, Run
from .fields import asked

SOURCE = "McIlroy-Young et al. 2024, arXiv 2406.06581."
READINGS = ("as a list", "positions only", "mask only", "as a set")
TEXT = Quantity(
    "Log-probability of an option", "ln p", low=-20, high=0,
    help="Of all its tokens as the answer, behind a list of all options in one order.",
    formula=r"\ln p(o\mid q,\pi)", source=SOURCE,
)  # fmt: skip
SET = Quantity(
    "Log-probability from the set", "ln p", low=-20, high=0,
    help="The same behind the set of all options, asked in each order.",
    formula=r"\ln p(o\mid q,\{o_1,\dots,o_m\})", source=SOURCE,
)  # fmt: skip
FIRST = Quantity(
    "Log-probability of a first token", "ln p", low=-20, high=0,
    help="Of the first token of an option as the answer, options stored in that order.",
    formula=r"\ln p(o_1\mid q,\pi)", source=SOURCE,
)  # fmt: skip
SPREAD = Quantity(
    "Spread over orders", "", high=3,
    help="The largest difference of log p that the order makes, by how options are read.",
    formula=r"\max_o(\max_\pi\ln p-\min_\pi\ln p)", source=SOURCE,
)  # fmt: skip


ORDERS = Axis("O", "order", None, nth_order)
PLACES = Axis("J", "place", None, lambda run, i: str(i + 1))
CONTENTS = Axis("C", "option", None, lambda run, i: f"{i + 1} {run.request.options[i]}")
WAYS = Axis("X", "reading", None, lambda run, i: READINGS[i] if i < 4 else str(i))


@dataclass(frozen=True, kw_only=True)
class SetsRequest(Request):
    """Ask a question whose options are a set, and the same in every order.

    Attributes:
        question: without its options.
        options: one a row.
        answer: the right one, to see what a set costs; may be left empty.
    """

    kind: ClassVar[str] = "sets"
    question: str = asked(label="Question", help="Without its options.", lines=2)
    options: tuple[str, ...] = asked(
        label="Options", lines=4, help="One a row, 2 to 6; none may be the beginning of another."
    )
    answer: str = asked(
        "", label="Right answer", help="One of the options, to see what a set costs; or empty."
    )


@RUN_KINDS.register("sets")
@dataclass(frozen=True, kw_only=True, eq=False)
class SetsRun(Run):
    """C options in O orders, as lists and as a set.

    Attributes:
        orders: int32 [O, J], which option stands at each place.
        listed: float32 [O, C], nats, of whole options, behind a list.
        in_set: float32 [O, C], nats, behind the set; equal in all orders.
        first: float32 [X, O, C], nats, first tokens only, by what of the set is used.
        spread: float32 [X], nats, of ``first`` over orders.
    """

    kind: ClassVar[str] = "sets"
    request: SetsRequest
    orders: np.ndarray = array("int32", ORDERS, PLACES)
    listed: np.ndarray = array("float32", ORDERS, CONTENTS, quantity=TEXT)
    in_set: np.ndarray = array("float32", ORDERS, CONTENTS, quantity=SET)
    first: np.ndarray = array("float32", WAYS, ORDERS, CONTENTS, quantity=FIRST)
    spread: np.ndarray = array("float32", WAYS, quantity=SPREAD)

    def axes(self) -> dict[str, int]:
        count = len(self.request.options)
        return {**super().axes(), "J": count, "C": count, "X": 4}
