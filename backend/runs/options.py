"""Options: one question asked in every order of its options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis, nth_order
from .base import RUN_KINDS, Request, Run
from .fields import asked

LETTERS = "ABCDEFGH"
SOURCE = "Jegham et al. 2025 ask in several orders; the numbers are ours."
SHOTS = """\
Question: What colour is grass?
A. Green
B. Red
C. Blue
D. Black
Answer: A

Question: Which animal barks?
A. Cat
B. Fish
C. Bird
D. Dog
Answer: D

Question: What do we drink?
A. Sand
B. Water
C. Stone
D. Wood
Answer: B

Question: What is 2 plus 1?
A. 5
B. 8
C. 3
D. 9
Answer: C
"""
LETTER_LOGPROB = Quantity(
    "Log-probability of a letter", "ln p", low=-12, high=0,
    help="The model's own, with and without a space before it, over the whole vocabulary.",
    formula=r"\ln(p(\text{A})+p(\text{␣A}))", source=SOURCE,
)  # fmt: skip
MASS = Quantity(
    "Mass on letters", "", "%", digits=1,
    help="How much of the whole probability falls on any letter; the rest is other words.",
    formula=r"\sum_\ell p_k(\ell)", source=SOURCE,
)  # fmt: skip


ORDERS = Axis("O", "order", None, nth_order)
PLACES = Axis("J", "letter", None, lambda run, i: LETTERS[i : i + 1] or str(i + 1))
CONTENTS = Axis("C", "option", None, lambda run, i: f"{i + 1} {run.request.options[i]}")


@dataclass(frozen=True, kw_only=True)
class OptionsRequest(Request):
    """Ask one question in every order of its options.

    Attributes:
        question: without its options.
        options: one a row; up to four are asked in all orders, more in 24.
        examples: solved ones that come before it.
        seed: of the orders of more than four options.
    """

    kind: ClassVar[str] = "options"
    question: str = asked(label="Question", help="Without its options.", lines=2)
    options: tuple[str, ...] = asked(
        label="Options", lines=4,
        help="One a row, 2 to 8. Up to four are asked in all orders, more in 24.",
    )  # fmt: skip
    examples: str = asked(
        SHOTS, label="Solved examples", help="They come before the question.", lines=6
    )
    seed: int = asked(
        0, label="Seed", help="Of the orders of more than four options.", low=0, high=10_000
    )

    def before(self) -> str:
        """Return what all orders have in common."""
        examples = f"{self.examples.strip()}\n\n" if self.examples.strip() else ""
        return f"{examples}Question: {self.question.strip()}"

    def behind(self, order: tuple[int, ...]) -> str:
        """Return the options in one order, each behind its letter."""
        rows = [
            f"\n{letter}. {self.options[each].strip()}"
            for letter, each in zip(LETTERS, order, strict=False)
        ]
        return f"{''.join(rows)}\nAnswer:"


@RUN_KINDS.register("options")
@dataclass(frozen=True, kw_only=True, eq=False)
class OptionsRun(Run):
    """One question in O orders of C options, which stand behind as many letters.

    Attributes:
        orders: int32 [O, J], which option stands behind each letter.
        places: int32 [O, C], behind which letter each option stands.
        letter_logprobs: float32 [O, J], nats.
        mass: float32 [O], probability of all letters together.
    """

    kind: ClassVar[str] = "options"
    request: OptionsRequest
    orders: np.ndarray = array("int32", ORDERS, PLACES)
    places: np.ndarray = array("int32", ORDERS, CONTENTS)
    letter_logprobs: np.ndarray = array("float32", ORDERS, PLACES, quantity=LETTER_LOGPROB)
    mass: np.ndarray = array("float32", ORDERS, quantity=MASS)

    def axes(self) -> dict[str, int]:
        count = len(self.request.options)
        return {**super().axes(), "J": count, "C": count}

    def check(self) -> None:
        super().check()
        count = len(self.request.options)
        for name, own in (("orders", self.orders), ("places", self.places)):
            if own.size and not 0 <= own.min() <= own.max() < count:
                raise ValueError(f"{name} must lie below the number of options")
