"""The table of measures of Answers: what each needs, costs, and when it misleads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ...runs.answers import AnswersRun

Need = Literal["texts", "groups", "log p", "states", "embeddings", "judge", "logits"]

Warning = Callable[[float, AnswersRun, int], str]

NEAR = 0.02
"""Of an eigenvalue to the cut, within which Ecc is said to jump."""
FORMS = 0.5
"""Mass of True and False below which p(True) says little."""


def _nothing(value: float, run: AnswersRun, place: int) -> str:
    return ""


def _kuhn(value: float, run: AnswersRun, place: int) -> str:
    return "Below 0: no entropy. Equal answers were counted again and again." if value < 0 else ""


def _cliff(value: float, run: AnswersRun, place: int) -> str:
    distance = float(run.to_cut[place])
    return f"An eigenvalue is {distance:.3f} from the cut: it may jump." if distance < NEAR else ""


def _mass(value: float, run: AnswersRun, place: int) -> str:
    mass = float(run.p_true_mass[place].mean())
    return f"True and False have {mass:.0%} together: it meant other words." if mass < FORMS else ""


def _count(value: float, run: AnswersRun, place: int) -> str:
    return f"N = {run.request.answers}, ε = .001"


@dataclass(frozen=True)
class Measure:
    """A row of the table.

    Attributes:
        name: of the number.
        of: what it is about, for the heading over it.
        needs: what has to be there.
        cost: beside the answers themselves.
        warning: what to say of a value, of the run, at the place of a temperature.
    """

    name: str
    of: Literal["meaning", "words", "spread", "judgement", "coverage"]
    needs: tuple[Need, ...]
    cost: str = "nothing"
    warning: Warning = _nothing


MEASURES = (
    Measure("semantic_entropy", "meaning", ("groups",)),
    Measure("corrected", "meaning", ("groups",)),
    Measure("nature", "meaning", ("groups", "log p")),
    Measure("kuhn_unique", "meaning", ("groups", "log p"), warning=_kuhn),
    Measure("outside_largest", "meaning", ("groups",)),
    Measure("meanings", "meaning", ("groups",)),
    Measure("token_entropy", "words", ("logits",)),
    Measure("predictive", "words", ("log p",)),
    Measure("length_normalised", "words", ("log p",)),
    Measure("text_entropy", "words", ("texts",)),
    Measure("eigv", "spread", ("texts",)),
    Measure("deg", "spread", ("texts",)),
    Measure("ecc", "spread", ("texts",), warning=_cliff),
    Measure("lexical", "spread", ("texts",)),
    Measure("eigenscore", "spread", ("states",)),
    Measure("volume", "spread", ("embeddings",), "MiniLM, 10 ms an answer", _count),
    Measure("vendi", "spread", ("embeddings",), "MiniLM, 10 ms an answer"),
    Measure("kle", "judgement", ("judge",), "a short pass a pair"),
    Measure("p_true", "judgement", ("judge",), "a short pass an answer", _mass),
    Measure("seen", "coverage", ("log p",)),
    Measure("unseen", "coverage", ("texts",)),
)
