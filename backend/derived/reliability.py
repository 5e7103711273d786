"""How robust answers are to the form of a question, in single numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..runs.reliability import CORRECT, ReliabilityRun
from .base import derived

FIRST = replace(
    CORRECT, name="Accuracy", digits=0, help="Of the first form: the share of items that is right.",
    formula=r"\overline{[\text{right}]}",
)  # fmt: skip
WORST = replace(
    FIRST, name="Worst case", help="The share of items that is right in every form but letters.",
    formula=r"\overline{\min_f[\text{right}]}",
)  # fmt: skip
FLIPS = replace(
    FIRST, name="Flips", help="The share of items that is right in one form and wrong in another, "
    "letters left out.", formula=r"\overline{\max_f[\text{right}]-\min_f[\text{right}]}",
)  # fmt: skip


@derived("reliability", "first_accuracy", quantity=FIRST)
def first_accuracy(run: ReliabilityRun) -> float:
    """Return the share of items that is right in the first form."""
    return float(run.correct[0].mean())


@derived("reliability", "worst_case", quantity=WORST)
def worst_case(run: ReliabilityRun) -> float:
    """Return the share of items that is right in all forms."""
    return float(_in_words(run).min(0).mean())


@derived("reliability", "flips", quantity=FLIPS)
def flips(run: ReliabilityRun) -> float:
    """Return the share of items whose answer is right in some forms only."""
    forms = _in_words(run)
    return float((forms.max(0) - forms.min(0)).mean())


def _in_words(run: ReliabilityRun) -> np.ndarray:
    return run.correct[: max(1, len(run.request.forms))]
