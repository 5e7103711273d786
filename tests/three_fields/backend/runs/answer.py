"""Answers: how unlikely each of some answers to a question is, given a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked

MEAN_SURPRISAL = Quantity(
    "Mean surprisal",
    "s̄",
    "nats",
    low=0,
    high=12,
    plain="how unlikely the answer is",
    help="Mean surprisal of the tokens of an answer after source and question.",
    formula=r"\bar s=\frac1n\sum_i -\ln p_i",
    source="Length-normalised likelihood.",
)
ANSWER = Axis("A", "answer", None, lambda run, i: run.request.answers[i])


@dataclass(frozen=True, kw_only=True)
class AnswerRequest(Request):
    """Ask how unlikely each of ``answers`` is after ``source`` and ``question``."""

    kind: ClassVar[str] = "answer"
    question: str = asked(label="Question", help="What is asked.", filled="text", lines=2)
    answers: tuple[str, ...] = asked(label="Answers", help="One a line.")
    source: str = asked(label="Source", help="What the model reads first.", lines=4)


@RUN_KINDS.register("answer")
@dataclass(frozen=True, kw_only=True, eq=False)
class AnswerRun(Run):
    """One number an answer.

    Attributes:
        mean_surprisal: float32 [A].
    """

    kind: ClassVar[str] = "answer"
    request: AnswerRequest
    mean_surprisal: np.ndarray = array("float32", ANSWER, quantity=MEAN_SURPRISAL)

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "A": len(self.request.answers)}
