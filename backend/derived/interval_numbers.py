"""Figures of a run with intervals: bounds on its mean entropy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..runs.intervals import HIGH, LOW, SEEN, IntervalsRun
from .base import derived

MEAN_LOW = replace(
    LOW, name="Mean entropy, at least", symbol="H̄ ≥", help="The mean of the lower bounds."
)
MEAN_HIGH = replace(
    HIGH, name="Mean entropy, at most", symbol="H̄ ≤", help="The mean of the upper bounds."
)
MEAN_SEEN = replace(SEEN, name="Mean probability told", help="The mean over the tokens.")


@derived("intervals", "mean_low", quantity=MEAN_LOW)
def mean_low(run: IntervalsRun) -> float:
    """Return the mean lower bound of the tokens that have one, nats."""
    return _mean(run.low)


@derived("intervals", "mean_high", quantity=MEAN_HIGH)
def mean_high(run: IntervalsRun) -> float:
    """Return the mean upper bound of the tokens that have one, nats."""
    return _mean(run.high)


@derived("intervals", "mean_seen", quantity=MEAN_SEEN)
def mean_seen(run: IntervalsRun) -> float:
    """Return the mean probability that the server told."""
    return _mean(run.seen)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean(dtype=np.float64)) if known.size else float("nan")
