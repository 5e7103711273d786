"""Judge: two answers to a question, judged in both orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked

SOURCE = "Wang et al. 2023, arXiv 2305.17926; exact probabilities of verdicts are ours."
SEPARATOR = "|"
MOST_ITEMS = 40
VERDICTS = ("A", "B", "T")
JUDGED = """\
Question: What colour is the sky?
Answer A: The sky is blue.
Answer B: The sky is made of cheese.
Better answer (A, B, or T for a tie): A

Question: How many legs has a dog?
Answer A: A dog has nine legs.
Answer B: A dog has four legs.
Better answer (A, B, or T for a tie): B

Question: Which animal says moo?
Answer A: The cow.
Answer B: A cow does.
Better answer (A, B, or T for a tie): T
"""
VERDICT = Quantity(
    "Log-probability of a verdict", "ln p", low=-15, high=0,
    help="Of A, B or T for a tie, with and without a space, over the whole vocabulary.",
    formula=r"\ln p(v)", source=SOURCE,
)  # fmt: skip
SCORE = Quantity(
    "Score of the first answer", "s", "%", digits=1,
    help="How probable it is that it is judged the better one, a tie counted half; mapped back "
    "from its place.",
    formula=r"p(1)+\tfrac12p(\text{tie})", source=SOURCE,
)  # fmt: skip
PLAIN = Quantity(
    "As given", "s", "%", digits=1,
    help="Score of the first answer in the order it was given in, without a reason.",
    formula=r"s_{1}", source=SOURCE,
)  # fmt: skip


def _item(run: Any, i: int) -> str:
    return run.request.items[i].split(SEPARATOR)[0].strip()


def _order(run: Any, i: int) -> str:
    return ("as given", "swapped")[i] if i < 2 else str(i)


def _judgement(run: Any, i: int) -> str:
    return f"after reason {i}" if i else "at once"


ITEMS = Axis("V", "question", None, _item)
BOTH = Axis("W", "order", None, _order)
JUDGEMENTS = Axis("Y", "judgement", None, _judgement)
OUTCOMES = Axis("Z", "verdict", None, lambda run, i: VERDICTS[i] if i < 3 else str(i))


@dataclass(frozen=True, kw_only=True)
class JudgeRequest(Request):
    """Ask which of two answers is better, in both orders.

    Attributes:
        items: one a row: question | first answer | second answer.
        reasons: how many the judge writes before as many further verdicts, in either order.
        tokens: of a reason at most.
        examples: solved ones that come before every question.
        seed: of the reasons.
    """

    kind: ClassVar[str] = "judge"
    items: tuple[str, ...] = asked(
        label="Questions", lines=6,
        help="One a row, such as: What is 1 plus 1? | It is 2. | It is 5.",
    )  # fmt: skip
    reasons: int = asked(
        3, label="Reasons", low=0, high=6,
        help="Written before as many further verdicts, in either order (MEC).",
    )  # fmt: skip
    tokens: int = asked(20, label="Tokens of a reason", help="At most.", low=4, high=100)
    examples: str = asked(
        JUDGED, label="Solved examples", help="They come before every question.", lines=6
    )
    seed: int = asked(0, label="Seed", help="Of the reasons.", low=0, high=10_000)

    def pairs(self) -> list[tuple[str, str, str]]:
        """Return question, first and second answer of every row.

        Raises:
            InputError: there are none or too many, a row is no such three, or both answers are
                the same.
        """
        if not 1 <= len(self.items) <= MOST_ITEMS:
            raise InputError(
                f"There are {len(self.items)} questions; give 1 to {MOST_ITEMS}, one a row."
            )
        return [_three(number, row) for number, row in enumerate(self.items, 1)]


def _three(number: int, row: str) -> tuple[str, str, str]:
    parts = [each.strip() for each in row.split(SEPARATOR)]
    if len(parts) != 3 or not all(parts):
        raise InputError(
            f"Row {number} is not: question {SEPARATOR} first answer {SEPARATOR} second answer."
        )
    if parts[1] == parts[2]:
        raise InputError(f"Row {number} has the same answer twice; they have to differ.")
    return parts[0], parts[1], parts[2]


@RUN_KINDS.register("judge")
@dataclass(frozen=True, kw_only=True, eq=False)
class JudgeRun(Run):
    """Verdicts on V questions in both orders, at once and after each of some reasons.

    Attributes:
        verdict_logprobs: float32 [V, W, Y, Z], nats, by place: A, B, T for a tie.
        score: float32 [V, W, Y], of the first answer, whatever its place was.
        plain: float32 [V], ``score`` in the given order, at once.
        reasons: what was written, in the order of the axes V, W, and Y without its first place.
    """

    kind: ClassVar[str] = "judge"
    request: JudgeRequest
    verdict_logprobs: np.ndarray = array(
        "float32", ITEMS, BOTH, JUDGEMENTS, OUTCOMES, quantity=VERDICT
    )
    score: np.ndarray = array("float32", ITEMS, BOTH, JUDGEMENTS, quantity=SCORE)
    plain: np.ndarray = array("float32", ITEMS, quantity=PLAIN)
    reasons: list[str]

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "V": len(self.request.items), "W": 2, "Z": 3}
