"""Questions: twenty questions over a list, the next one by the size of conformal sets."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked

SOURCE = "Chan et al. 2025, arXiv 2507.03279."
RULES = ("set size", "entropy")
LEVELS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45)
"""Shares of sets that may miss, for curves."""

MOST_BYTES, MOST_NAMES, MOST_QUESTIONS = 20_000, 64, 48
_ANSWERS = {
    **dict.fromkeys(("yes", "y", "true", "1", "x"), 1),
    **dict.fromkeys(("no", "n", "false", "0", ""), 0),
}

YES = Quantity(
    "The model's yes", "", "%", digits=0, help="Its probability of yes, of yes and no together.",
    formula=r"\frac{p(\mathrm{yes})}{p(\mathrm{yes})+p(\mathrm{no})}", source=SOURCE,
)  # fmt: skip
BELIEF = replace(
    YES, name="Belief", missing="nothing was asked",
    help="How likely a name is after the answers so far, all alike at first.",
    formula=r"p(y\mid a)\propto\prod_k p(a_k\mid y,q_k)",
)  # fmt: skip
TRUE = replace(BELIEF, name="Belief in the right name")
TAU = replace(
    BELIEF, name="Threshold", symbol="τ", digits=1,
    help="Names with at least this belief are in the set.",
    formula=r"\lceil(1-\alpha)(N+1)\rceil\text{-th smallest of }-p",
)  # fmt: skip
CODED = replace(TAU, name="Threshold as in the code", formula=r"(1-\alpha)\text{ quantile of }-p")
PRINTED = replace(
    TAU, name="Threshold as printed", help="A quantile of p, where one of −p is meant.",
    formula=r"(1-\alpha)\text{ quantile of }p",
)  # fmt: skip
COVERED = replace(
    BELIEF, name="Realised coverage", digits=1,
    help="Share of new histories whose set holds the right name.", formula=r"P(y\in C)",
)  # fmt: skip
SIZE = Quantity(
    "Mean size of the set", "|C|", "names", high=20, digits=1, missing="asked before",
    help="How many names are left in.", formula=r"E|C|", source=SOURCE,
)  # fmt: skip
EXPECTED_SIZE = replace(
    SIZE, name="Expected set size", help="How many names the question would leave, on average."
)
ENTROPY = Quantity(
    "Mean entropy of the belief", "H", high=3, missing="asked before",
    help="How undecided the model believes to be.", formula=r"-\sum_y p_y\ln p_y", source=SOURCE,
)  # fmt: skip
EXPECTED_ENTROPY = replace(
    ENTROPY, name="Expected entropy", help="What the question would leave, on average."
)
LEFT = replace(SIZE, name="Names in the set", digits=0, formula=r"|C|", help="That are left in.")
UNDECIDED = replace(ENTROPY, name="Entropy of the belief", help="How undecided it is by then.")
BOUND = replace(
    ENTROPY, name="Bound by the set size", missing="all sets are empty",
    help="What the true entropy cannot be above; beyond ln |Y| it says nothing.",
    formula=r"h_b(\alpha)+\alpha\ln|Y|-(1-\alpha_N)\ln(1-\alpha)+(1-\alpha_N)\ln E|C|",
)  # fmt: skip
FOUND = replace(
    BELIEF, name="Found", help="Share of all names that are the likeliest when they are sought.",
    formula=r"P(\arg\max_y p_y=y^*)",
)  # fmt: skip


def _named(field: str, letter: str, name: str) -> Axis:
    def label(run: Any, i: int) -> str:
        names = getattr(run, field)
        return names[i] if i < len(names) else str(i)

    return Axis(letter, name, None, label)


NAMES = _named("names", "Y", "name")
QUESTIONS = _named("questions", "Q", "question")
RULE = Axis("G", "rule", None, lambda run, i: RULES[i])
ANSWERED = Axis("J", "step", "step", lambda run, i: f"after {i}")
LEVEL = Axis("A", "level", None, lambda run, i: f"{1 - run.levels[i]:.0%} asked for")
HISTORIES, TESTED = Axis("N", "history"), Axis("M", "new history")


@dataclass(frozen=True)
class Traits:
    """A list of things and whether each question about them is answered by yes.

    Attributes:
        noun: what a thing is called: the head of the first column.
        truth: int32 [Y, Q], 1 for yes.
    """

    noun: str
    names: list[str]
    questions: list[str]
    truth: np.ndarray


def read_traits(table: str) -> Traits:
    """Read a list from CSV: a head of questions, then a row a name with yes and no.

    Raises:
        InputError: it is none, is too large, or no question tells two names apart; in one line.
    """
    if len(table.encode("utf-8", "replace")) > MOST_BYTES:
        raise InputError(f"The list has over {MOST_BYTES:,} bytes; give a shorter one.")
    try:
        rows = [
            [cell.strip() for cell in row] for row in csv.reader(io.StringIO(table), strict=True)
        ]
    except csv.Error as error:
        raise InputError(f"The list is no CSV: {error}.") from None
    rows = [row for row in rows if any(row)]
    if not rows:
        raise InputError("The list is empty: give a head of questions and a row a name, as CSV.")
    (noun, *questions), body = rows[0], rows[1:]
    for number, row in enumerate(body, 2):
        if len(row) != len(rows[0]):
            raise InputError(f"Row {number} has {len(row)} cells, the head {len(rows[0])}.")
        wrong = next((cell for cell in row[1:] if cell.lower() not in _ANSWERS), None)
        if wrong is not None:
            raise InputError(f"Row {number} says {wrong[:40]!r}; write yes or no.")
    names = [row[0] for row in body]
    if not 3 <= len(names) <= MOST_NAMES or not 2 <= len(questions) <= MOST_QUESTIONS:
        raise InputError(
            f"Names in the list: {len(names)}, questions: {len(questions)}; give 3 to "
            f"{MOST_NAMES} and 2 to {MOST_QUESTIONS}."
        )
    if len(set(names)) < len(names) or "" in names or len(set(questions)) < len(questions):
        raise InputError("Each name and each question stands in the list once.")
    truth = np.array([[_ANSWERS[cell.lower()] for cell in row[1:]] for row in body], np.int32)
    if (truth == truth[0]).all():
        raise InputError("All names have the same answers: no question tells them apart.")
    return Traits(noun or "Thing", names, questions, truth)


@dataclass(frozen=True, kw_only=True)
class QuestionsRequest(Request):
    """Ask for the game of twenty questions over a list, played by set size and by entropy.

    Attributes:
        table: CSV; the head has a noun and the questions, a row a name and its answers.
        secret: the name to find; the first one when empty.
        alpha: share of sets that may miss.
        rounds: most questions of a game.
        histories: of the calibration, for each number of answers.
        standardised: take the mean of each question and of each name out of the log-odds of yes,
            and divide what is left by its standard deviation over the whole table.
        seed: of the random histories.
    """

    kind: ClassVar[str] = "questions"
    table: str = asked(
        label="List", lines=10,
        help="CSV: a head with a noun and yes-or-no questions, then a row a name: yes, no.",
    )  # fmt: skip
    secret: str = asked("", label="Secret", help="The name to find; left empty, the first one.")
    alpha: float = asked(
        0.1, label="May miss (α)", low=0.01, high=0.49,
        help="Share of sets that may miss the right name: 0.1 asks for 90 % coverage.",
    )  # fmt: skip
    rounds: int = asked(12, label="Questions", help="Of a game, at most.", low=1, high=20)
    histories: int = asked(
        100, label="Histories", low=10, high=1000,
        help="For the calibration, of each number of answers.",
    )  # fmt: skip
    standardised: bool = asked(
        True, label="Standardise the answers",
        help="Take out how much the model likes to say yes to a question and of a name, and give "
        "what is left one spread.",
    )  # fmt: skip
    seed: int = asked(0, label="Seed", help="Of the random histories.", low=0, high=10_000)


@RUN_KINDS.register("questions")
@dataclass(frozen=True, kw_only=True, eq=False)
class QuestionsRun(Run):
    """Games over Y names and Q questions by two rules G, with J states from no answer on.

    Attributes:
        names, questions: of the list.
        truth: int32 [Y, Q], 1 for yes.
        yes: float32 [Y, Q].
        calibration, tested: float32 [J, N] and [J, M], after random questions.
        tau, coded, printed: float32 [A, J], thresholds from ``calibration`` by three rules.
        covered, covered_coded, covered_printed: float32 [A, J], of ``tested``.
        size: float32 [A, J], of the sets by ``tau`` on the new histories.
        entropy: float32 [J], of the beliefs there, nats.
        bound: float32 [A, J], nats.
        place, answer: int32 [G, J], question asked in a state and whether it was yes; −1 for none.
        belief: float32 [G, J, Y]; ``inside`` bool, whether a name is in the set.
        expected_size, expected_entropy: float32 [G, J, Q]; NaN where it was asked before.
        left, undecided: float32 [G, J], names in the set, and entropy of the belief in nats.
        found: float32 [G, J], over games with every name as the secret.
    """

    kind: ClassVar[str] = "questions"
    request: QuestionsRequest
    names: list[str]
    questions: list[str]
    truth: np.ndarray = array("int32", NAMES, QUESTIONS)
    yes: np.ndarray = array("float32", NAMES, QUESTIONS, quantity=YES)
    calibration: np.ndarray = array("float32", ANSWERED, HISTORIES, quantity=TRUE)
    tested: np.ndarray = array("float32", ANSWERED, TESTED, quantity=TRUE)
    tau: np.ndarray = array("float32", LEVEL, ANSWERED, quantity=TAU)
    coded: np.ndarray = array("float32", LEVEL, ANSWERED, quantity=CODED)
    printed: np.ndarray = array("float32", LEVEL, ANSWERED, quantity=PRINTED)
    covered: np.ndarray = array("float32", LEVEL, ANSWERED, quantity=COVERED)
    covered_coded: np.ndarray = array("float32", LEVEL, ANSWERED, quantity=COVERED)
    covered_printed: np.ndarray = array("float32", LEVEL, ANSWERED, quantity=COVERED)
    size: np.ndarray = array("float32", LEVEL, ANSWERED, quantity=SIZE)
    entropy: np.ndarray = array("float32", ANSWERED, quantity=ENTROPY)
    bound: np.ndarray = array("float32", LEVEL, ANSWERED, nan="anywhere", quantity=BOUND)
    place: np.ndarray = array("int32", RULE, ANSWERED)
    answer: np.ndarray = array("int32", RULE, ANSWERED)
    belief: np.ndarray = array("float32", RULE, ANSWERED, NAMES, quantity=BELIEF)
    inside: np.ndarray = array("bool", RULE, ANSWERED, NAMES)
    expected_size: np.ndarray = array(
        "float32", RULE, ANSWERED, QUESTIONS, nan="anywhere", quantity=EXPECTED_SIZE
    )
    expected_entropy: np.ndarray = array(
        "float32", RULE, ANSWERED, QUESTIONS, nan="anywhere", quantity=EXPECTED_ENTROPY
    )
    left: np.ndarray = array("float32", RULE, ANSWERED, quantity=LEFT)
    undecided: np.ndarray = array("float32", RULE, ANSWERED, quantity=UNDECIDED)
    found: np.ndarray = array("float32", RULE, ANSWERED, quantity=FOUND)

    @property
    def levels(self) -> list[float]:
        """Shares of sets that may miss: those of curves, and the one that was asked for."""
        return sorted({*LEVELS, self.request.alpha})

    @property
    def secret(self) -> int:
        """The place of the name to find."""
        return self.names.index(self.request.secret) if self.request.secret in self.names else 0

    def axes(self) -> dict[str, int]:
        own = {"G": len(RULES), "A": len(self.levels)}
        return {**super().axes(), **own}
