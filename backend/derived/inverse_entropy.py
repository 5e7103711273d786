"""Figures of two walks: inverse entropy, and the ends of what it can be."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..runs.inverse_entropy import ENTROPY, InverseEntropyRun
from .base import derived

MEAN = replace(
    ENTROPY, name="Mean inverse entropy", help="Over the draws, at the first temperature."
)
FLOOR = replace(
    ENTROPY, name="If all answers agreed", symbol="ln n", formula=r"\ln n",
    help="About what n ways to ask give for equal answers; only runs of one n can be compared.",
)  # fmt: skip
CEILING = replace(
    ENTROPY, name="At most", symbol="n / e", formula=r"n/e", help="The greatest there is for n."
)
ABOVE = replace(
    ENTROPY, name="Above agreement", symbol="ΔH", low=-0.01, high=0.03, digits=4,
    formula=r"\bar H-\ln n",
    scale="diverging", help="What there is beyond equal answers.",
)  # fmt: skip


@derived("inverse_entropy", "mean", quantity=MEAN)
def mean(run: InverseEntropyRun) -> float:
    """Return the mean over the draws by |cos|, nats."""
    return float(run.entropy[0, 0].mean(dtype=np.float64))


@derived("inverse_entropy", "floor", quantity=FLOOR)
def floor(run: InverseEntropyRun) -> float:
    """Return ln n, nats."""
    return math.log(run.px.shape[1])


@derived("inverse_entropy", "ceiling", quantity=CEILING)
def ceiling(run: InverseEntropyRun) -> float:
    """Return n / e, nats."""
    return run.px.shape[1] / math.e


@derived("inverse_entropy", "above", quantity=ABOVE)
def above(run: InverseEntropyRun) -> float:
    """Return how far the mean lies above ln n, nats."""
    return mean(run) - floor(run)
