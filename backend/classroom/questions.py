"""A question of a lesson as it is asked of a class: with all that an answer is judged by."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from ..errors import InputError
from ..lenses.looks import read_look
from ..lessons import Lesson
from ..runs import Run, TextRun, TokenizedRun

MOST_BEFORE = 240
"""Characters of the text before a gap that a reader is shown."""


@dataclass(frozen=True)
class AskedQuestion:
    """A question that was asked of the class.

    Attributes:
        id: 16 hex digits.
        lesson, title, step: where it stands; steps count from 0.
        ask, right: what is asked, and what is said once it is closed.
        look: what is seen, as an address holds it.
        kind: "word" where a covered token is guessed, "place" where one clicks in the picture.
        cover: the token that is guessed; -1 for a place.
        before: the end of the text before it.
        answers: the states of the picture that answer a question for a place.
        asked, closed: when, as ISO 8601 in UTC; ``closed`` is empty while it is open.
        away: whether it is shown to nobody any more.
    """

    id: str
    lesson: str
    title: str
    step: int
    ask: str
    right: str
    look: str
    kind: Literal["word", "place"]
    cover: int
    before: str
    answers: tuple[Mapping[str, Any], ...]
    asked: str
    closed: str = ""
    away: bool = False

    @property
    def open(self) -> bool:
        """Whether answers are taken."""
        return not self.closed

    @property
    def keys(self) -> tuple[str, ...]:
        """What of the state of a picture is the answer, such as ``("token",)``."""
        return tuple(self.answers[0]) if self.answers else ()


def now() -> str:
    """Return the time in UTC, as ISO 8601 with seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def question_of(lesson: Lesson, name: str, step: int, run: Run | None) -> AskedQuestion:
    """Return the question of a step, to be asked now.

    Args:
        lesson: it stands in.
        name: what addresses call the lesson.
        step: from 0.
        run: that the step shows; None where it is gone.

    Raises:
        InputError: the step asks nothing, or nothing that a class can answer.
    """
    question = lesson.steps[step].question if 0 <= step < len(lesson.steps) else None
    if question is None:
        raise InputError("This step asks no question.")
    look = read_look(lesson.steps[step].look)
    cover, before = -1, ""
    if not question.answers:
        cover, before = _gap(look.query.get("cover", ""), run)
    return AskedQuestion(
        id=secrets.token_hex(8),
        lesson=name,
        title=lesson.title,
        step=step,
        ask=question.ask,
        right=question.right,
        look=str(look),
        kind="place" if question.answers else "word",
        cover=cover,
        before=before,
        answers=question.answers,
        asked=now(),
    )


def _gap(cover: str, run: Run | None) -> tuple[int, str]:
    """Return which token is guessed, and the end of the text before it."""
    if not isinstance(run, TextRun):
        raise InputError("The text of this step is not here any longer.")
    place = int(cover) if cover.isascii() and cover.isdigit() else 0
    if not 1 <= place < len(run):
        raise InputError("This step covers no word that could be guessed.")
    return place, run.text[: int(run.offsets[place][0])][-MOST_BEFORE:]


def token_at(run: Run | None, state: Mapping[str, Any]) -> str | None:
    """Return the text of the token that a state of the picture pins, None for another state."""
    place = state.get("token")
    if set(state) != {"token"} or not isinstance(run, TokenizedRun) or not isinstance(place, int):
        return None
    return run.tokens[place] if 0 <= place < len(run) else None
