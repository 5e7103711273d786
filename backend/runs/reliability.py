"""Reliability: questions with known answers, asked in several forms."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked

MOST_ITEMS, MOST_OPTIONS, MOST_FORMS, LONGEST = 500, 8, 5, 2_000
TEMPERATURES = tuple(2 ** (place / 2) for place in range(-4, 7))
BINNINGS = ("10 bins of equal mass", "10 bins of equal width", "15 bins of equal width")
MOST_BINS = 15
DOUBTS = ("1 − confidence", "entropy", "small margin")
METRICS = (
    "accuracy", "mean confidence", "ECE, 10 bins of equal mass", "ECE, 15 bins of equal width",
    "ECE, one bin", "Brier of the confidence", "loss, nats", "AURC", "E-AURC",
    "area of selective accuracy", "accuracy of the surest tenth", "AUROC of the entropy",
    "best temperature", "ECE at it, other half", "tokens an item", "seconds an item",
)  # fmt: skip
LETTERS = "ABCDEFGH"
BLANKS = ("{}", "{lower}", "{typo}")

HELM = "Liang et al. 2022, arXiv 2211.09110 (HELM)."
CONFIDENCE = Quantity(
    "Confidence", "c", "%", digits=1, help="The probability of the likeliest option.",
    formula=r"\max_x p(x)", source=HELM,
)  # fmt: skip
RIGHT = replace(
    CONFIDENCE, name="Probability of the right answer", symbol="p",
    help="Among the options of its item.", formula=r"\mathrm{softmax}_x\,\log p(x\mid c)",
)  # fmt: skip
MARGIN = replace(
    CONFIDENCE, name="Margin", symbol="", help="By how much the likeliest option leads.",
    formula="p_{(1)}-p_{(2)}",
)  # fmt: skip
CORRECT = replace(
    CONFIDENCE, name="Right", symbol="", digits=0,
    help="100 % where the likeliest option is right.",
    formula=r"[\arg\max_x p(x)=x^*]",
)  # fmt: skip
OPTION_ENTROPY = Quantity(
    "Entropy of the options", "H", "nats", high=1.5, digits=3,
    help="How undecided the model is among the options of an item.",
    formula=r"-\sum_x p(x)\ln p(x)", source="Shannon 1948.",
)  # fmt: skip
RISK = replace(
    CONFIDENCE, name="Risk", symbol="", help="The share of errors among the surest items.",
    formula=r"\frac1k\sum_{i\le k}[\text{wrong}_i]", source="El-Yaniv and Wiener 2010.",
)  # fmt: skip
BIN_CONFIDENCE = replace(
    CONFIDENCE, name="Confidence of a bin", missing="an empty bin", help="Its mean.",
    formula=r"\bar c_b",
)  # fmt: skip
BIN_ACCURACY = replace(
    BIN_CONFIDENCE, name="Accuracy of a bin", symbol="", help="The share of its items that is "
    "right.", formula=r"\bar a_b",
)  # fmt: skip
BIN_LOW = replace(
    BIN_ACCURACY, name="Accuracy of a bin, from", help="The lower end of its 95 % interval.",
    formula=r"\frac{\bar a+z^2/2n-z\sqrt{\bar a(1-\bar a)/n+z^2/4n^2}}{1+z^2/n}",
    source="Wilson 1927.",
)  # fmt: skip
BIN_HIGH = replace(
    BIN_LOW, name="Accuracy of a bin, to", help="The upper end of its 95 % interval.",
    formula=r"\frac{\bar a+z^2/2n+z\sqrt{\bar a(1-\bar a)/n+z^2/4n^2}}{1+z^2/n}",
)  # fmt: skip
BIN_SIZE = Quantity(
    "Items of a bin", "n", "", high=50, digits=0, help="How many there are.", formula="n_b",
    source=HELM,
)  # fmt: skip
TEMPERED_LOSS = Quantity(
    "Loss", "", "nats", high=2, digits=3, help="Of the right answer, at a temperature.",
    formula=r"-\overline{\ln p_T(x^*)}", source="Guo et al. 2017.",
)  # fmt: skip
TEMPERED_ENTROPY = replace(
    TEMPERED_LOSS, name="Mean entropy of the options", help="At a temperature.",
    formula=r"\overline{H(p_T)}",
)  # fmt: skip
TEMPERED_ERROR = replace(
    CONFIDENCE, name="Calibration error", symbol="ECE", digits=1,
    help="At a temperature, in 10 bins of equal mass.",
    formula=r"\sum_b\frac{n_b}{n}|\bar c_b-\bar a_b|",
)  # fmt: skip
VALUE = Quantity(
    "Value", "", "", digits=3, missing="not defined here",
    help="Of a metric of reliability.",
    formula=r"\mathrm{ECE},\ \mathrm{AURC},\ \dots", source=HELM,
)  # fmt: skip
LOW = replace(
    VALUE, name="From", help="The lower end of its 95 % interval: Wilson's for the accuracy, of "
    "1,000 resamples of the items for all others.", formula=r"q_{2.5\%}",
)  # fmt: skip
HIGH = replace(LOW, name="To", help="The upper end of its 95 % interval.", formula=r"q_{97.5\%}")


@dataclass(frozen=True)
class Item:
    """What is asked about, the right answer, and wrong ones."""

    subject: str
    options: tuple[str, ...]


FORM = Axis("F", "form", None, lambda run, i: run.request.form_name(i))
ITEM = Axis("I", "item", None, lambda run, i: run.request.rows[i].split(";")[0].strip())
COVERAGE = Axis("K", "surest items")
OPTION = Axis("O", "option")
METRIC = Axis("V", "metric", None, lambda run, i: METRICS[i])
DOUBT = Axis("U", "doubt", None, lambda run, i: DOUBTS[i])
TEMPERATURE = Axis("W", "temperature", None, lambda run, i: f"{TEMPERATURES[i]:.3g}")
BINNING = Axis("Q", "binning", None, lambda run, i: BINNINGS[i])
BIN = Axis("G", "bin")


@dataclass(frozen=True, kw_only=True)
class ReliabilityRequest(Request):
    """Ask how often a model is right and how sure, in several forms of the same questions.

    Attributes:
        rows: one item a row: subject; right answer; wrong ones.
        forms: beginnings that an answer follows; the subject stands in their blank.
        letters: the question of a further form that offers the answers by letters; empty for none.
    """

    kind: ClassVar[str] = "reliability"
    rows: tuple[str, ...] = asked(
        label="Questions", lines=5,
        help="One a row, as a table has them: subject; right answer; wrong answer; another one.",
    )  # fmt: skip
    forms: tuple[str, ...] = asked(
        label="Forms", lines=3,
        help=r"One a row. The subject stands for {}, {lower} or {typo}; \n begins a new line.",
    )  # fmt: skip
    letters: str = asked(
        "", label="Question by letters",
        help="Such as: What is the capital of {}? Left empty, no letters are offered.",
    )  # fmt: skip

    def form_name(self, place: int) -> str:
        """Return what a form is called."""
        return self.forms[place] if place < len(self.forms) else f"by letters: {self.letters}"

    def items(self) -> list[Item]:
        """Return all items.

        Raises:
            InputError: a row is none, or there are too few or too many.
        """
        if not 2 <= len(self.rows) <= MOST_ITEMS:
            raise InputError(f"There are {len(self.rows):,} questions; give 2 to {MOST_ITEMS}.")
        return [_read(each) for each in self.rows]

    def check(self) -> None:
        """Check items and forms.

        Raises:
            InputError: an item or a form is none, or there are too few or too many.
        """
        items = self.items()
        count = len(self.forms) + bool(self.letters)
        if not self.forms or count > MOST_FORMS:
            raise InputError(f"There are {count} forms; give 1 to {MOST_FORMS}.")
        for each in (*self.forms, *([self.letters] if self.letters else [])):
            if len(each) > LONGEST or sum(each.count(blank) for blank in BLANKS) != 1:
                raise InputError(
                    f"{each[:60]!r} is no form: the subject stands once for {{}}, {{lower}} or "
                    "{typo}."
                )
        if self.letters and len(items) < 6:
            raise InputError("A question by letters needs 6 items: three of them are examples.")


def filled(form: str, subject: str) -> str:
    r"""Return a form with its subject; ``\n`` written out begins a new line."""
    swapped = subject[:-2] + subject[-1:] + subject[-2:-1]
    words = {"{}": subject, "{lower}": subject.lower(), "{typo}": swapped}
    for blank, word in words.items():
        if blank in form:
            form = form.replace("\\n", "\n").replace(blank, word)
            break
    return form


def _read(row: str) -> Item:
    if len(row) > LONGEST:
        raise InputError(f"{row[:60]!r}… has more than {LONGEST:,} characters.")
    cells = next(csv.reader([row], delimiter=";" if ";" in row else ","), [])
    subject, *options = (each.strip() for each in cells) if cells else ("",)
    options = [each for each in options if each]
    if not subject or not 2 <= len(options) <= MOST_OPTIONS:
        raise InputError(
            f"{row[:60]!r} is no question: write subject; right answer; wrong ones, "
            f"{MOST_OPTIONS} answers at most."
        )
    if len(set(options)) < len(options):
        raise InputError(f"{row[:60]!r} has the same answer twice.")
    return Item(subject, tuple(options))


@RUN_KINDS.register("reliability")
@dataclass(frozen=True, kw_only=True, eq=False)
class ReliabilityRun(Run):
    """F forms of I items; the first option of an item is right.

    Attributes:
        scores: float32 [F, I, O], log p of each option, nats; NaN beyond those of an item.
        chosen: int32 [F, I], the likeliest option.
        right, confidence, margin, correct: float32 [F, I].
        entropy: float32 [F, I], nats.
        value, low, high: float32 [F, V], metrics and their 95 % intervals.
        risk: float32 [F, U, K], K = I: errors among the k + 1 surest by each kind of doubt.
        bin_confidence, bin_accuracy, bin_low, bin_high, bin_size: float32 [F, W, Q, G].
        tempered_loss, tempered_entropy: float32 [F, W], nats.
        tempered_error: float32 [F, W].
    """

    kind: ClassVar[str] = "reliability"
    request: ReliabilityRequest
    scores: np.ndarray = array("float32", FORM, ITEM, OPTION, nan="anywhere")
    chosen: np.ndarray = array("int32", FORM, ITEM)
    right: np.ndarray = array("float32", FORM, ITEM, quantity=RIGHT)
    confidence: np.ndarray = array("float32", FORM, ITEM, quantity=CONFIDENCE)
    margin: np.ndarray = array("float32", FORM, ITEM, quantity=MARGIN)
    correct: np.ndarray = array("float32", FORM, ITEM, quantity=CORRECT)
    entropy: np.ndarray = array("float32", FORM, ITEM, quantity=OPTION_ENTROPY)
    value: np.ndarray = array("float32", FORM, METRIC, nan="anywhere", quantity=VALUE)
    low: np.ndarray = array("float32", FORM, METRIC, nan="anywhere", quantity=LOW)
    high: np.ndarray = array("float32", FORM, METRIC, nan="anywhere", quantity=HIGH)
    risk: np.ndarray = array("float32", FORM, DOUBT, COVERAGE, quantity=RISK)
    bin_confidence: np.ndarray = array(
        "float32", FORM, TEMPERATURE, BINNING, BIN, nan="anywhere", quantity=BIN_CONFIDENCE
    )
    bin_accuracy: np.ndarray = array(
        "float32", FORM, TEMPERATURE, BINNING, BIN, nan="anywhere", quantity=BIN_ACCURACY
    )
    bin_low: np.ndarray = array(
        "float32", FORM, TEMPERATURE, BINNING, BIN, nan="anywhere", quantity=BIN_LOW
    )
    bin_high: np.ndarray = array(
        "float32", FORM, TEMPERATURE, BINNING, BIN, nan="anywhere", quantity=BIN_HIGH
    )
    bin_size: np.ndarray = array("float32", FORM, TEMPERATURE, BINNING, BIN, quantity=BIN_SIZE)
    tempered_loss: np.ndarray = array("float32", FORM, TEMPERATURE, quantity=TEMPERED_LOSS)
    tempered_entropy: np.ndarray = array("float32", FORM, TEMPERATURE, quantity=TEMPERED_ENTROPY)
    tempered_error: np.ndarray = array("float32", FORM, TEMPERATURE, quantity=TEMPERED_ERROR)

    def axes(self) -> dict[str, int]:
        request: Any = self.request
        return {
            **super().axes(),
            "F": len(request.forms) + bool(request.letters),
            "I": len(request.rows),
            "K": len(request.rows),
            "V": len(METRICS),
            "U": len(DOUBTS),
            "W": len(TEMPERATURES),
            "Q": len(BINNINGS),
            "G": MOST_BINS,
        }
