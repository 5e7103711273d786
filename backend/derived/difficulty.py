"""Figures of graded questions: the dip over difficulty, and what the probe saves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.difficulty import POLICIES, SOURCE, DifficultyRun
from .base import derived

MIDDLE = 2
"""The β that half of the questions lie below."""
NORMAL, PROBE = POLICIES.index("always Normal"), POLICIES.index("by the probe")

DROP = Quantity(
    "Dip in the middle", "", "%", low=-0.5, high=0.5, scale="diverging", digits=0,
    help="How far the lowest middle level lies below the first one; negative where none does.",
    formula=r"1-\min_{1<l<L}\bar H_l/\bar H_1", source=SOURCE,
    missing="fewer than three levels",
)  # fmt: skip
SAVED = replace(
    DROP, name="Tokens saved", low=-1, high=1, formula=r"1-n_{\text{probe}}/n_{\text{Normal}}",
    help="By the probe against always Normal, at the middle β.", missing="no tokens",
)  # fmt: skip
GAINED = replace(
    SAVED, name="Accuracy gained", formula=r"a_{\text{probe}}-a_{\text{Normal}}",
    help="By the probe against always Normal, in points, at the middle β.",
)  # fmt: skip
AGREEMENT = replace(
    DROP, name="Labels found", low=0, high=1, scale="linear", missing="no prediction",
    help="By the probe, on questions that it was not fitted on, at the middle β.",
    formula=r"\frac1Q\sum_q[\hat z(q)=z(q)]",
)  # fmt: skip
COMMONEST = replace(
    AGREEMENT, name="Commonest label", help="Found by whoever always says it, at the middle β.",
    formula=r"\max_z\frac1Q\sum_q[z(q)=z]",
)  # fmt: skip


@derived("difficulty", "dip", quantity=DROP)
def dip(run: DifficultyRun) -> float:
    """Return the share by which the entropy drops."""
    return float(run.drop[0])


@derived("difficulty", "saved", quantity=SAVED)
def saved(run: DifficultyRun) -> float:
    """Return the share of tokens that the probe saves."""
    spent = run.spent[MIDDLE].astype(np.float64)
    return float(1 - spent[PROBE] / spent[NORMAL])


@derived("difficulty", "gained", quantity=GAINED)
def gained(run: DifficultyRun) -> float:
    """Return by how much the probe is more often right."""
    return float(run.reached[MIDDLE, PROBE] - run.reached[MIDDLE, NORMAL])


@derived("difficulty", "agreement", quantity=AGREEMENT)
def agreement(run: DifficultyRun) -> float:
    """Return the share of labels that the probe finds."""
    return float((run.probability[MIDDLE].argmax(-1) == run.label[MIDDLE]).mean())


@derived("difficulty", "commonest", quantity=COMMONEST)
def commonest(run: DifficultyRun) -> float:
    """Return the share of the commonest label."""
    return float(np.bincount(run.label[MIDDLE]).max() / run.label.shape[1])
