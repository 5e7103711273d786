"""What a lesson is: steps, each with words, a look at a run, and what the run has to bear out.

A shipped lesson is one file of this room. A teacher's own has the same parts, but no claims: its
words are hers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from pydantic import ConfigDict

from ..errors import InputError
from ..lenses.looks import read_look
from ..registry import Registry

MOST_STEPS = 60
MOST_CHARACTERS = 600
"""Of the words of a step, and of everything that is said at a question."""
MOST_TITLE = 120
MOST_ANSWERS = 20
MOST_HIGHLIGHTS = 8
LONGEST = 120
"""Minutes a lesson may take."""

_PLACE = re.compile(r"t\d{1,7}|r\d{1,4}s\d{1,4}|[a-z]{1,32}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u2028\u2029]")

Answer = Mapping[str, int | str | list[int]]
"""State of the picture: ``{"token": 32}``, ``{"head": [17, 5]}``, ``{"row": 1, "step": 8}``."""


@dataclass(frozen=True)
class Question:
    """A question that is answered by a click in the picture, or by typed guesses.

    Attributes:
        ask: the question.
        answers: the states of the picture that answer it. Empty where the look covers the text
            from a token on (``cover``): then guesses are typed, and showing what came answers it.
        right: said once it is answered.
        wrong: said after another click.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    ask: str
    answers: tuple[Answer, ...] = ()
    right: str = ""
    wrong: str = ""


@dataclass(frozen=True)
class Claim:
    """What the words of a step take for granted of its run.

    Attributes:
        words: the same for people, such as "surprisal[32] > 8".
        holds: tells whether it is so.
        example: name of the shipped run; that of the step's look when left out.
    """

    words: str
    holds: Callable[[Any], bool]
    example: str = ""


@dataclass(frozen=True)
class Step:
    """One step of a lesson.

    Attributes:
        words: what is said.
        look: what is seen: a page and its state, as an address holds it; see ``lenses.looks``.
        highlight: what the eye is led to: tokens ("t32"), cells of samplers ("r1s8"), parts of
            the frame ("inspector", "timeline", "side") or views ("strip", "heads").
        question: that is asked.
        claims: of a shipped lesson: what its run bears out.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    words: str
    look: str
    highlight: tuple[str, ...] = ()
    question: Question | None = None
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True)
class Lesson:
    """A way through some runs.

    Attributes:
        title: for people.
        minutes: it takes about.
        summary: one sentence.
        steps: in order.
        place: among the shipped ones.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    title: str
    minutes: int
    summary: str
    steps: tuple[Step, ...]
    place: int = 50

    @property
    def name(self) -> str:
        """Its title in snake case; part of addresses."""
        return "_".join(re.findall(r"[a-z0-9]+", self.title.lower()))


LESSONS: Registry[Lesson] = Registry("lesson")


def declare(lesson: Lesson) -> Lesson:
    """File a lesson under its name; called once by every file of a shipped one.

    Raises:
        ValueError: there is one of that name.
        InputError: see ``check_lesson``.
    """
    check_lesson(lesson)
    return LESSONS.register(lesson.name)(lesson)


def lessons_in_order() -> list[Lesson]:
    """Return the shipped lessons as they are offered."""
    return sorted((LESSONS[name] for name in LESSONS), key=lambda each: (each.place, each.title))


def check_lesson(lesson: Lesson) -> None:
    """Check that a lesson, whoever wrote it, can be shown.

    Raises:
        InputError: something is too long, too much, or no place to look at; one line.
    """
    _check_text("The title", lesson.title, MOST_TITLE)
    _check_text("What a lesson is about", lesson.summary, MOST_CHARACTERS)
    if not lesson.title.strip():
        raise InputError("A lesson needs a title.")
    if not 1 <= lesson.minutes <= LONGEST:
        raise InputError(f"A lesson takes 1 to {LONGEST} minutes.")
    if len(lesson.steps) > MOST_STEPS:
        raise InputError(f"A lesson has at most {MOST_STEPS} steps, not {len(lesson.steps):,}.")
    for step in lesson.steps:
        _check_text("The words of a step", step.words, MOST_CHARACTERS)
        read_look(step.look)
        if len(step.highlight) > MOST_HIGHLIGHTS or not all(map(_PLACE.fullmatch, step.highlight)):
            raise InputError("A step highlights what is no place of the picture.")
        if step.question is not None:
            _check_question(step.question)


def _check_question(question: Question) -> None:
    for said in (question.ask, question.right, question.wrong):
        _check_text("What is said at a question", said, MOST_CHARACTERS)
    if len(question.answers) > MOST_ANSWERS:
        raise InputError(f"A question has at most {MOST_ANSWERS} answers.")
    for answer in question.answers:
        if not 1 <= len(answer) <= 4 or not all(map(_is_place, answer, answer.values())):
            raise InputError("The answer to a question is no place of the picture.")


def _is_place(name: str, value: int | str | list[int]) -> bool:
    short = len(value) <= 64 if isinstance(value, str | list) else abs(value) < 10**9
    return short and re.fullmatch("[a-z]{1,16}", name) is not None


def _check_text(what: str, text: str, most: int) -> None:
    if len(text) > most:
        raise InputError(f"{what} has at most {most:,} characters, not {len(text):,}.")
    if _CONTROL.search(text):
        raise InputError(f"{what} holds a control character.")


def plain(lesson: Lesson) -> dict[str, Any]:
    """Return a lesson ready for JSON: what the browser shows."""
    steps = [
        {
            "words": step.words,
            "look": str(read_look(step.look)),
            "highlight": list(step.highlight),
            "question": None if step.question is None else asdict(step.question),
        }
        for step in lesson.steps
    ]
    return {
        "name": lesson.name,
        "title": lesson.title,
        "minutes": lesson.minutes,
        "summary": lesson.summary,
        "steps": steps,
    }


def listed(lesson: Lesson) -> dict[str, Any]:
    """Return what a list of lessons shows of one, ready for JSON; ``look`` is of its first step."""
    whole = plain(lesson)
    looks = [step["look"] for step in whole["steps"]]
    return {**whole, "steps": len(looks), "look": next(iter(looks), "")}


def runs_named(step: Step) -> tuple[str, ...]:
    """Return the names of the shipped runs that a step looks at."""
    example = read_look(step.look).query.get("example", "")
    return (example,) if example else ()


def example_of(step: Step, claim: Claim) -> str:
    """Return the name of the shipped run that a claim is about.

    Raises:
        ValueError: neither the claim nor the step names one.
    """
    name = claim.example or next(iter(runs_named(step)), "")
    if not name:
        raise ValueError(f"“{claim.words}” is about no run")
    return name
