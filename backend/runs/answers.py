"""Answers: one question, asked many times at one or more temperatures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import ge
from typing import ClassVar, Literal, TypeVar

import numpy as np

from ..errors import InputError
from .answer_numbers import (
    ALIKE,
    ANSWER_SURPRISAL,
    CONTRADICTS,
    COSINE,
    COSINE_ASKED,
    DEG,
    ECC,
    ECC_EACH,
    EIGENSCORE,
    EIGV,
    ENTAILS,
    JUDGED,
    KLE,
    LEXICAL,
    P_TRUE,
    P_TRUE_MASS,
    STEP_ENTROPY,
    STEP_SURPRISAL,
    TO_CUT,
    VENDI,
    VOLUME,
)
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run, check_numbers
from .fields import asked

Cell = TypeVar("Cell")

MOST_ANSWERS, MOST_TEMPERATURES, LONGEST = 32, 4, 64

TEMPERATURE = Axis("V", "temperature", None, lambda run, i: f"T = {run.request.temperatures[i]:g}")
ANSWER = Axis("Y", "answer", None, lambda run, i: str(i + 1))
OTHER = Axis("O", "other answer", None, lambda run, i: str(i + 1))
FEATURE = Axis("W", "feature")

Ending = Literal["end", "line", "length", "stopped"]
"""Why an answer ended: end-of-sequence token, line break, all tokens written, study stopped."""


@dataclass(frozen=True, kw_only=True)
class AnswersRequest(Request):
    """Ask one question many times.

    Attributes:
        question: as typed.
        form: what stands around it.
        answers: how many at each temperature; every one has a seed of its own.
        temperature: at which they are drawn.
        others: further temperatures to compare with, one a row.
        longest: the most tokens of an answer.
        one_line: whether a line break ends an answer.
        judge: let the model itself say which answers are true, and which say the same.
        nli: folder or hub id of a model of entailment; none where empty.
        seed: of the first answer; the next have the next ones.
        top_n: how many of the most likely tokens to keep of every step.
    """

    kind: ClassVar[str] = "answers"
    question: str = asked(label="Question", help="It is asked many times over.", lines=2)
    form: Literal["after four examples", "as a chat message", "as it stands"] = asked(
        "after four examples",
        label="Asked",
        help="After four solved examples even a small model gives short answers.",
    )
    answers: int = asked(
        10, label="Answers", low=2, high=MOST_ANSWERS, help="How many, each with its own seed."
    )
    temperature: float = asked(
        1.0, label="Temperature", low=0.1, high=2, help="Of the draw; log p is always the model's."
    )
    others: tuple[str, ...] = asked(
        (), label="Other temperatures", help="One a row, up to three, to compare with."
    )
    longest: int = asked(
        24, label="Tokens of an answer", low=1, high=LONGEST, help="An answer is cut after so many."
    )
    one_line: bool = asked(True, label="One line", help="A line break ends an answer.")
    judge: bool = asked(
        False,
        label="Ask the model about its answers",
        help="Which are true, and which say the same: a short pass for every pair.",
    )
    nli: str = asked(
        "",
        label="Model of entailment",
        help="Folder or hub id of one for sentence pairs, to judge which answers say the same.",
    )
    seed: int = asked(1, label="Seed", low=0, high=1_000_000, help="Of the first answer.")
    top_n: int = asked(
        10, label="Tokens kept", low=1, high=100, help="The most likely ones at every step."
    )

    @property
    def temperatures(self) -> tuple[float, ...]:
        """All temperatures, the main one first.

        Raises:
            InputError: one of the others is no number from 0.1 to 2, or they are too many.
        """
        return (self.temperature, *map(_temperature, self.others))


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not 0.1 <= value <= 2:
        raise InputError(f"{text[:20]!r} is no temperature: write a number from 0.1 to 2.")
    return value


@RUN_KINDS.register("answers")
@dataclass(frozen=True, kw_only=True, eq=False)
class AnswersRun(Run):
    """V temperatures × Y answers × N tokens; nats. Cells after an answer's end are empty.

    Empty is NaN in float arrays and −1 in ids. Numbers are the model's own at temperature 1,
    over the whole vocabulary, whatever the answers were drawn at.

    Attributes:
        prompt_text: what the model read, examples and template included.
        written: the answers, without end and white space around them, by "temperature.answer".
        ended: why each ended, likewise; one that is not there was stopped.
        parts: display text of tokens that are parts of a character, by "temperature.answer.step".
        token_ids: int32 [V, Y, N].
        entropy, surprisal: float32 [V, Y, N].
        top_ids, top_logprobs: [V, Y, N, K]; most likely first.
        answer_surprisal: float32 [V, Y], −ln p of the whole answer with its end.
        states: float32 [V, Y, W], after half of the layers, at the last token of an answer's
            words, or of the prompt for an empty one.
        words: float32 [V, Y, O], Jaccard; ``cosine``, ``cosine_asked`` of embeddings.
        judged: float32 [V, Y, O], row says what column does; ``entails``, ``contradicts`` of a
            model of entailment.
        p_true, p_true_mass: float32 [V, Y].
        eigv, deg, ecc, to_cut, lexical, eigenscore, vendi, volume, kle: float32 [V].
        ecc_each: float32 [V, Y].
        vocabulary: display text of every id above, by id as a string.
        stopped: whether the reader stopped the study before its end.
    """

    kind: ClassVar[str] = "answers"
    request: AnswersRequest
    prompt_text: str
    token_ids: np.ndarray = array("int32", TEMPERATURE, ANSWER, "N")
    entropy: np.ndarray = array(
        "float32", TEMPERATURE, ANSWER, "N", nan="anywhere", quantity=STEP_ENTROPY
    )
    surprisal: np.ndarray = array(
        "float32", TEMPERATURE, ANSWER, "N", nan="anywhere", quantity=STEP_SURPRISAL
    )
    top_ids: np.ndarray = array("int32", TEMPERATURE, ANSWER, "N", "K")
    top_logprobs: np.ndarray = array(
        "float32", TEMPERATURE, ANSWER, "N", "K", nan="anywhere", infinite=True
    )
    answer_surprisal: np.ndarray = array("float32", TEMPERATURE, ANSWER, quantity=ANSWER_SURPRISAL)
    states: np.ndarray = array("float32", TEMPERATURE, ANSWER, FEATURE, nan="anywhere")
    words: np.ndarray = array("float32", TEMPERATURE, ANSWER, OTHER, quantity=ALIKE)
    cosine: np.ndarray | None = array(
        "float32", TEMPERATURE, ANSWER, OTHER, optional=True, quantity=COSINE
    )
    cosine_asked: np.ndarray | None = array(
        "float32", TEMPERATURE, ANSWER, OTHER, optional=True, quantity=COSINE_ASKED
    )
    judged: np.ndarray | None = array(
        "float32", TEMPERATURE, ANSWER, OTHER, optional=True, quantity=JUDGED
    )
    entails: np.ndarray | None = array(
        "float32", TEMPERATURE, ANSWER, OTHER, optional=True, quantity=ENTAILS
    )
    contradicts: np.ndarray | None = array(
        "float32", TEMPERATURE, ANSWER, OTHER, optional=True, quantity=CONTRADICTS
    )
    p_true: np.ndarray = array("float32", TEMPERATURE, ANSWER, nan="anywhere", quantity=P_TRUE)
    p_true_mass: np.ndarray = array(
        "float32", TEMPERATURE, ANSWER, nan="anywhere", quantity=P_TRUE_MASS
    )
    ecc_each: np.ndarray = array("float32", TEMPERATURE, ANSWER, nan="anywhere", quantity=ECC_EACH)
    eigv: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=EIGV)
    deg: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=DEG)
    ecc: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=ECC)
    to_cut: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=TO_CUT)
    lexical: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=LEXICAL)
    eigenscore: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=EIGENSCORE)
    vendi: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=VENDI)
    volume: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=VOLUME)
    kle: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=KLE)
    vocabulary: dict[str, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    ended: dict[str, Ending] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    stopped: bool = False

    @property
    def texts(self) -> list[list[str]]:
        """The answers, [V][Y]."""
        return self._grid(lambda v, y: self.written.get(f"{v}.{y}", ""))

    @property
    def endings(self) -> list[list[Ending]]:
        """Why each ended, [V][Y]."""
        return self._grid(lambda v, y: self.ended.get(f"{v}.{y}", "stopped"))

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each answer with the one that ends it, int64 [V, Y]."""
        return (self.token_ids >= 0).sum(-1)

    def pieces(self, temperature: int, answer: int) -> list[str]:
        """Return the display texts of an answer's tokens, what ends it included."""
        own = self.token_ids[temperature, answer]
        return [
            self.parts.get(f"{temperature}.{answer}.{step}", self.vocabulary.get(str(each), ""))
            for step, each in enumerate(own[own >= 0].tolist())
        ]

    def _grid(self, of: Callable[[int, int], Cell]) -> list[list[Cell]]:
        temperatures, answers = self.answer_surprisal.shape
        return [[of(v, y) for y in range(answers)] for v in range(temperatures)]

    def axes(self) -> dict[str, int]:
        request = self.request
        own = {"V": len(request.temperatures), "Y": request.answers, "O": request.answers}
        return {**super().axes(), **own, "N": request.longest}

    def check(self) -> None:
        super().check()
        empty = self.token_ids < 0
        if (empty[..., :-1] & ~empty[..., 1:]).any():
            raise ValueError("token_ids go on after the end of an answer")
        for name, count in (("written", 2), ("ended", 2), ("parts", 3)):
            sizes = self.token_ids.shape[:count]
            for key in getattr(self, name):
                check_numbers(key.split("."), name)
                places = tuple(map(int, key.split(".")))
                if len(places) != count or any(map(ge, places, sizes)):
                    raise ValueError(f"{name} has {key!r}, which is no place of this run")
        check_numbers(self.vocabulary, "vocabulary")
