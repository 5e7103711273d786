"""Whether the shipped lessons say what their shipped runs bear out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..runs.base import Run
from ..storage.examples import EXAMPLES
from ..storage.files import load_run
from .base import Claim, Lesson, example_of


@dataclass(frozen=True)
class Verdict:
    """A claim, and whether it holds.

    Attributes:
        step: from 1.
        example: name of the run that was asked.
    """

    lesson: str
    step: int
    example: str
    words: str
    holds: bool


def verdicts(lesson: Lesson) -> Iterator[Verdict]:
    """Yield a verdict on every claim of a lesson.

    Raises:
        RunFileError: a shipped run is missing or damaged.
    """
    runs: dict[str, Run] = {}
    for number, step in enumerate(lesson.steps, 1):
        for claim in step.claims:
            name = example_of(step, claim)
            if name not in runs:
                runs[name] = load_run(EXAMPLES / f"{name}.safetensors")
            yield Verdict(lesson.name, number, name, claim.words, _holds(claim, runs[name]))


def _holds(claim: Claim, run: Run) -> bool:
    try:
        return bool(claim.holds(run))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return False  # a run that has no such place does not bear it out
