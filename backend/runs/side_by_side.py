"""Side by side: several answers to one prompt, and where their claims agree and conflict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked
from .token_numbers import ENTROPY as TOKEN_ENTROPY

SOURCE = "The rule is ours; to show several answers: Lee et al. 2024, arXiv 2405.05581."
LABELS = ("number", "negation", "name", "extra", "same", "wording", "unrelated")
"""How two claims stand to each other, in the order in which it is tested; three conflicts first."""

CONFLICTS = 3
FEWEST, MOST, LONGEST = 2, 6, 4_000
"""Answers, and characters of one."""

OVERLAP = Quantity(
    "Overlap", "o", "%", digits=0, missing="the answer itself",
    help="Share of the shorter claim's words of content that its partner has.",
    formula=r"\frac{|C_1\cap C_2|}{\min(|C_1|,|C_2|)}", source=SOURCE,
)  # fmt: skip
AGREES = Quantity(
    "Others that agree", "", "answers", high=5, digits=0,
    help="How many of the other answers say the same, more, less, or it in other words.",
    formula=r"\#\{j:\ell_j\in\{\text{extra},\text{same},\text{wording}\}\}", source=SOURCE,
)  # fmt: skip
DISAGREES = replace(
    AGREES, name="Others in conflict",
    help="How many of the other answers have another number, name or negation there.",
    formula=r"\#\{j:\ell_j\in\{\text{number},\text{negation},\text{name}\}\}",
)  # fmt: skip
ENTROPY = replace(
    TOKEN_ENTROPY, name="Mean entropy of a claim", missing="typed, not written by the model",
    pieces=None, help="How undecided the model was while it wrote the claim, a token.",
    formula=r"\frac1n\sum_tH_t",
)  # fmt: skip


def _claim(run: Any, i: int) -> str:
    text = run.claims[i] if i < len(run.claims) else ""
    return f"{run.answer_of(i)}.{i + 1} {text}"


CLAIM = Axis("X", "claim", None, _claim)
ANSWER = Axis("Y", "answer", None, lambda run, i: f"answer {i + 1}")
MARK = Axis("P", "mark")


@dataclass(frozen=True, kw_only=True)
class SideBySideRequest(Request):
    """Ask for several answers to one prompt.

    Attributes:
        question: as typed.
        texts: answers of the reader's own, one a row, in place of what the model would write.
        count: how many the model writes.
        form: what stands around the question.
        temperature: at which answers are drawn.
        longest: the most tokens of an answer.
        seed: of the first answer.
    """

    kind: ClassVar[str] = "side_by_side"
    question: str = asked(label="Prompt", help="What several answers are written to.", lines=2)
    texts: tuple[str, ...] = asked(
        (), label="Own answers", help="One a row, in place of what the model would write."
    )
    count: int = asked(3, label="Answers", low=FEWEST, high=MOST, help="That the model writes.")
    form: Literal["as a chat message", "after four examples", "as it stands"] = asked(
        "as a chat message", label="Asked", help="What stands around the prompt."
    )
    temperature: float = asked(0.7, label="Temperature", low=0.1, high=2, help="Of the draw.")
    longest: int = asked(
        96, label="Tokens of an answer", low=1, high=256, help="An answer is cut after so many."
    )
    seed: int = asked(1, label="Seed", low=0, high=1_000_000, help="Of the first answer.")


@RUN_KINDS.register("side_by_side")
@dataclass(frozen=True, kw_only=True, eq=False)
class SideBySideRun(Run):
    """X claims of Y answers, each beside the nearest claim of every other answer.

    Attributes:
        texts: the answers.
        claims: their sentences, answer by answer.
        owner: int32 [X], the answer of each.
        span: int32 [X, 2], where it lies in its answer.
        partner: int32 [X, Y], the nearest claim of each answer; −1 for its own, or for none.
        how: int32 [X, Y], place in ``LABELS``; −1 likewise.
        overlap: float32 [X, Y]; NaN likewise.
        mark: int32 [P, 4]: claim, other answer, start and end in the claim of what is marked.
        agrees, disagrees: float32 [X].
        entropy: float32 [X], nats; NaN for answers that were typed.
    """

    kind: ClassVar[str] = "side_by_side"
    request: SideBySideRequest
    texts: list[str]
    claims: list[str]
    owner: np.ndarray = array("int32", CLAIM)
    span: np.ndarray = array("int32", CLAIM, 2)
    partner: np.ndarray = array("int32", CLAIM, ANSWER)
    how: np.ndarray = array("int32", CLAIM, ANSWER)
    overlap: np.ndarray = array("float32", CLAIM, ANSWER, nan="anywhere", quantity=OVERLAP)
    mark: np.ndarray = array("int32", MARK, 4)
    agrees: np.ndarray = array("float32", CLAIM, quantity=AGREES)
    disagrees: np.ndarray = array("float32", CLAIM, quantity=DISAGREES)
    entropy: np.ndarray = array("float32", CLAIM, nan="anywhere", quantity=ENTROPY)

    def answer_of(self, claim: int) -> int:
        """Return the number of the answer that a claim stands in, from 1."""
        return int(self.owner[claim]) + 1 if claim < len(self.owner) else 1

    def check(self) -> None:
        super().check()
        if self.how.size and not -1 <= self.how.min() <= self.how.max() < len(LABELS):
            raise ValueError("how has a label that there is not")
