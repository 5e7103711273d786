"""Difficulty: graded questions answered in three ways, and a probe that chooses among them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked

SOURCE = "DiffAdapt: arXiv 2510.19669."
STRATEGIES = ("Easy", "Normal", "Hard")
"""In the order of the labels: each label has the strategy of its name."""
SHARES = (0.2, 0.35, 0.5, 0.65, 0.8)
"""Of questions that are less entropic than each β."""
POLICIES = (
    "always Easy", "always Normal", "always Hard", "by the probe", "by lot, as often", "by label",
    "best in hindsight",
)  # fmt: skip
"""Ways to choose a strategy for each question, as ``measures.difficulty.policies`` has them."""
FEWEST, MOST, LONGEST, LEVELS = 10, 80, 500, 10

TRACE_ENTROPY = Quantity(
    "Trace entropy", "H", "nats", high=3, help="The mean over the tokens of an answer.",
    formula=r"\frac1n\sum_i H_i", source=SOURCE,
)  # fmt: skip
TOKENS = Quantity(
    "Tokens", "n", "tokens", high=40, digits=1, help="Of an answer, up to its end or the cut.",
    formula="n", source=SOURCE,
)  # fmt: skip
RIGHT = Quantity(
    "Right", "", "%", digits=0, help="Whether the answer comes before the cut, and is right.",
    formula=r"[\hat y=y]", source=SOURCE,
)  # fmt: skip
BETA = replace(
    TRACE_ENTROPY, name="β", symbol=r"\beta", help="The greatest entropy of a Normal question.",
    formula=r"\beta",
)  # fmt: skip
PROBABILITY = Quantity(
    "Probability of a label", "p", "%", digits=0,
    help="By a probe that was fitted on other questions, from the last state of this one.",
    formula=r"\mathrm{softmax}(W_2\,\mathrm{ReLU}(W_1h+b_1)+b_2)", source=SOURCE,
)  # fmt: skip
REACHED = Quantity(
    "Accuracy", "a", "%", digits=1, help="The share of right answers by a way to choose.",
    formula=r"\frac1Q\sum_q a_{z(q),q}", source=SOURCE,
)  # fmt: skip
LOW = replace(
    REACHED, name="Accuracy, from", help="The lower end of 95 % of resampled questions.",
    formula=r"q_{2.5\%}",
)  # fmt: skip
HIGH = replace(LOW, name="Accuracy, to", help="The upper end.", formula=r"q_{97.5\%}")
SPENT = replace(
    TOKENS, name="Tokens of a question", help="The mean by a way to choose.",
    formula=r"\frac1Q\sum_q n_{z(q),q}",
)  # fmt: skip

STRATEGY = Axis("Z", "strategy", None, lambda run, i: STRATEGIES[i])
QUESTION = Axis("Q", "question", None, lambda run, i: run.request.parts(i)[1])
SAMPLE = Axis("X", "sample", None, lambda run, i: str(i + 1))
BETAS = Axis("B", "limit", None, lambda run, i: f"{SHARES[i]:.0%} of questions below")
POLICY = Axis("Y", "policy", None, lambda run, i: POLICIES[i])


@dataclass(frozen=True)
class Graded:
    """A question of a level, and the answers that are right."""

    level: int
    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DifficultyRequest(Request):
    """Ask how entropy follows difficulty, and what choosing a strategy by question saves.

    Attributes:
        rows: "level | question | answer", one a row.
        samples: of each question under each strategy.
        longest: tokens that the strategy Normal may use; the others have their shares of it.
        alpha: the least accuracy of a Normal question.
        gamma: the accuracy under which a question is Hard.
        seed: of the first question's luck.
    """

    kind: ClassVar[str] = "difficulty"
    rows: tuple[str, ...] = asked(
        label="Questions", lines=5,
        help="One a row: level | question | answer; other right answers behind a slash.",
    )  # fmt: skip
    samples: int = asked(4, label="Samples", low=2, high=8, help="Under each strategy.")
    longest: int = asked(
        40, label="Tokens of an answer", low=10, high=96,
        help="At most, in the strategy Normal; Easy has 40 % and Hard has 50 % of them.",
    )  # fmt: skip
    alpha: float = asked(
        0.5, label="α", low=0.05, high=1, help="The least accuracy of a Normal question."
    )
    gamma: float = asked(
        0.3, label="γ", low=0, high=1, help="A question of a lower accuracy is Hard."
    )
    seed: int = asked(1, label="Seed", low=0, high=1_000_000, help="Of the samples.")

    def parts(self, place: int) -> tuple[int, str]:
        """Return level and question of a row; level 1 and the whole row where it is no question."""
        level, bar, rest = self.rows[place].partition("|")
        plain = level.strip().isascii() and level.strip().isdigit() and len(level.strip()) <= 2
        return (int(level), rest.split("|")[0].strip()) if bar and plain else (1, level)

    def items(self) -> list[Graded]:
        """Return all questions.

        Raises:
            InputError: one is none, there are too few or too many, or a number is out of range.
        """
        if not FEWEST <= len(self.rows) <= MOST:
            raise InputError(f"A probe needs {FEWEST} to {MOST} questions, not {len(self.rows)}.")
        if not 2 <= self.samples <= 8 or not 10 <= self.longest <= 96:
            raise InputError("Give 2 to 8 samples of at most 10 to 96 tokens.")
        if not 0 < self.alpha <= 1 or not 0 <= self.gamma <= 1:
            raise InputError("α and γ are shares: α lies between 0 and 1, and so does γ.")
        return [_read(place, row) for place, row in enumerate(self.rows, 1)]


def _read(place: int, row: str) -> Graded:
    if len(row) > LONGEST:
        raise InputError(f"Row {place} has more than {LONGEST} characters.")
    parts = [each.strip() for each in row.split("|")]
    answers = tuple(each.strip() for each in parts[-1].split("/") if each.strip())
    plain = parts[0].isascii() and parts[0].isdigit() and len(parts[0]) <= 2
    if len(parts) != 3 or not parts[1] or not answers or not plain:
        raise InputError(f"Row {place} is not: level | question | answer.")
    if not 1 <= int(parts[0]) <= LEVELS:
        raise InputError(f"Row {place} is of level {parts[0]}; levels go from 1 to {LEVELS}.")
    return Graded(int(parts[0]), parts[1], answers)


@RUN_KINDS.register("difficulty")
@dataclass(frozen=True, kw_only=True, eq=False)
class DifficultyRun(Run):
    """Q questions, X times under each of Z strategies; labels and a probe for B values of β.

    Attributes:
        entropy: float32 [Z, Q, X], of each answer, nats.
        tokens: float32 [Z, Q, X].
        right: float32 [Z, Q, X], 0 or 1.
        beta: float32 [B], nats.
        label: int32 [B, Q], places in ``STRATEGIES``, by accuracy and entropy under Normal.
        probability: float32 [B, Q, Z], of each label, by a probe fitted on other questions.
        reached, low, high: float32 [B, Y], accuracy by each way to choose, and what 95 % of
            resampled questions give.
        spent: float32 [B, Y], tokens a question likewise.
        drop: float32 [3], by which share the lowest middle level lies under the first, and the
            ends of its 95 % interval; NaN with fewer than three levels.
        texts: of all answers, [Z][Q][X].
    """

    kind: ClassVar[str] = "difficulty"
    request: DifficultyRequest
    entropy: np.ndarray = array("float32", STRATEGY, QUESTION, SAMPLE, quantity=TRACE_ENTROPY)
    tokens: np.ndarray = array("float32", STRATEGY, QUESTION, SAMPLE, quantity=TOKENS)
    right: np.ndarray = array("float32", STRATEGY, QUESTION, SAMPLE, quantity=RIGHT)
    beta: np.ndarray = array("float32", BETAS, quantity=BETA)
    label: np.ndarray = array("int32", BETAS, QUESTION)
    probability: np.ndarray = array("float32", BETAS, QUESTION, STRATEGY, quantity=PROBABILITY)
    reached: np.ndarray = array("float32", BETAS, POLICY, quantity=REACHED)
    low: np.ndarray = array("float32", BETAS, POLICY, quantity=LOW)
    high: np.ndarray = array("float32", BETAS, POLICY, quantity=HIGH)
    spent: np.ndarray = array("float32", BETAS, POLICY, quantity=SPENT)
    drop: np.ndarray = array("float32", 3, nan="anywhere")
    texts: list[list[list[str]]]

    def axes(self) -> dict[str, int]:
        return {
            **super().axes(),
            "Z": len(STRATEGIES),
            "Q": len(self.request.rows),
            "X": self.request.samples,
            "B": len(SHARES),
            "Y": len(POLICIES),
        }

    def text(self, strategy: int, question: int, sample: int) -> str:
        """Return an answer; empty where a file has none."""
        try:
            return self.texts[strategy][question][sample]
        except IndexError:
            return ""

    def check(self) -> None:
        super().check()
        if self.label.size and not 0 <= self.label.min() <= self.label.max() < len(STRATEGIES):
            raise ValueError("label holds places of strategies")
