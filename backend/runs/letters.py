"""Letters: multiple choice in two languages, by letter and by the text of the options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked

LETTERS = "ABCD"
LANGUAGES = ("English", "中文")
SOURCE = "ArcMMLU, arXiv 2311.18658; its questions are not ours."
LETTER = Quantity(
    "Log-probability of a letter", "ln p", low=-12, high=0,
    help="The model's own, with and without a space before it, over the whole vocabulary.",
    formula=r"\ln(p(\text{A})+p(\text{␣A}))", source=SOURCE,
)  # fmt: skip
TEXT = Quantity(
    "Log-probability of an option", "ln p", low=-40, high=0,
    help="Of all its tokens behind the question, without letters.",
    formula=r"\ln p(o\mid q)", source=SOURCE,
)  # fmt: skip
ALONE = Quantity(
    "Log-probability without the question", "ln p", low=-40, high=0,
    help="Of all tokens of an option behind the word for answer alone.",
    formula=r"\ln p(o)", source=SOURCE,
)  # fmt: skip
MASS = Quantity(
    "Mass on letters", "", "%", digits=1,
    help="How much of the whole probability falls on any letter.",
    formula=r"\sum_\ell p(\ell)", source=SOURCE,
)  # fmt: skip


def _named(run: Any, i: int) -> str:
    language = LANGUAGES[int(run.language[i]) % 2]
    question = run.questions[i] if i < len(run.questions) else str(i)
    return f"{language} {LETTERS[int(run.right[i]) % 4]} {question}"


ITEMS = Axis("V", "question", None, _named)
PLACES = Axis("J", "letter", None, lambda run, i: LETTERS[i : i + 1] or str(i))


@dataclass(frozen=True, kw_only=True)
class LettersRequest(Request):
    """Ask questions with four options, by letter and by text.

    Attributes:
        questions: which: those of school and library, sums made here, or only own ones.
        language: which of the two, or both.
        shots: solved questions of the same set before each.
        own: one a row: question | four options | the right letter.
        seed: of the sums.
    """

    kind: ClassVar[str] = "letters"
    questions: Literal["general", "sums", "own only"] = asked(
        "general", label="Questions",
        help="general: 16 a language, written for this; sums: 16 made from numbers, so that the "
        "right answer is right by construction.",
    )  # fmt: skip
    language: Literal["both", "English", "中文"] = asked(
        "both", label="Language", help="Of the questions; own ones are English."
    )
    shots: int = asked(
        0, label="Solved examples", low=0, high=3,
        help="Questions of the same set, with their answers, before each.",
    )  # fmt: skip
    own: tuple[str, ...] = asked(
        (), label="Own questions", lines=3,
        help="One a row, such as: What is ice? | water | sand | wood | salt | A.",
    )  # fmt: skip
    seed: int = asked(0, label="Seed", help="Of the sums.", low=0, high=10_000)


@RUN_KINDS.register("letters")
@dataclass(frozen=True, kw_only=True, eq=False)
class LettersRun(Run):
    """V questions with four options each.

    Attributes:
        questions: of every item; ``domains`` likewise.
        choices: four a question, one behind the other.
        language: int32 [V], 0 English, 1 Chinese.
        right: int32 [V], place of the right letter.
        letter_logprobs: float32 [V, J], nats.
        mass: float32 [V], on all letters.
        text_logprobs, alone: float32 [V, J], nats, with the question and without.
        text_tokens: int32 [V, J], of the options.
    """

    kind: ClassVar[str] = "letters"
    request: LettersRequest
    questions: list[str]
    domains: list[str]
    choices: list[str]
    language: np.ndarray = array("int32", ITEMS)
    right: np.ndarray = array("int32", ITEMS)
    letter_logprobs: np.ndarray = array("float32", ITEMS, PLACES, quantity=LETTER)
    mass: np.ndarray = array("float32", ITEMS, quantity=MASS)
    text_logprobs: np.ndarray = array("float32", ITEMS, PLACES, quantity=TEXT)
    alone: np.ndarray = array("float32", ITEMS, PLACES, quantity=ALONE)
    text_tokens: np.ndarray = array("int32", ITEMS, PLACES)

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "J": 4}

    def check(self) -> None:
        super().check()
        if self.right.size and not 0 <= self.right.min() <= self.right.max() < 4:
            raise ValueError("right is the place of one of four letters")
