"""Whether a row of yes and no is what a fair coin without memory would give.

Textbook statistics, float64; which of them Vidler and Walsh 2025 print is not known to us. Pairs,
runs and switches never cross from one row to the next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .orders import entropy

SOURCE = "Wald and Wolfowitz 1940; after Vidler and Walsh 2025, arXiv 2501.16356."


@dataclass(frozen=True)
class Pairs:
    """What follows what in rows of 0 and 1; counts [2, 2], from and to; nats."""

    counts: np.ndarray

    @property
    def probabilities(self) -> np.ndarray:
        """What follows, by what came before; NaN for what never came."""
        total = self.counts.sum(1, keepdims=True)
        return np.where(total > 0, self.counts / np.maximum(total, 1), np.nan)

    @property
    def alternation(self) -> float:
        """Share of pairs that differ; NaN without pairs."""
        total = self.counts.sum()
        return float((self.counts[0, 1] + self.counts[1, 0]) / total) if total else math.nan

    @property
    def conditional_entropy(self) -> float:
        """H of a decision given the one before it."""
        total = max(self.counts.sum(), 1)
        weights = self.counts.sum(1) / total
        return float(sum(w * _entropy(row) for w, row in zip(weights, self.counts, strict=True)))

    @property
    def mutual_information(self) -> float:
        """What a decision tells of the next one."""
        return max(0.0, _entropy(self.counts.sum(0)) - self.conditional_entropy)

    @property
    def g2(self) -> tuple[float, float]:
        """The likelihood ratio against independence, χ² with one degree, and its p."""
        ratio = 2 * float(self.counts.sum()) * self.mutual_information
        return ratio, math.erfc(math.sqrt(ratio / 2))

    @property
    def phi(self) -> float:
        """Correlation of a decision with the next one; NaN where one of the two never changes."""
        (a, b), (c, d) = self.counts.tolist()
        spread = (a + b) * (c + d) * (a + c) * (b + d)
        return (a * d - b * c) / math.sqrt(spread) if spread else math.nan


def pairs(rows: np.ndarray) -> Pairs:
    """Return what follows what in rows [S, N] of 0 and 1."""
    before, after = rows[:, :-1].ravel(), rows[:, 1:].ravel()
    return Pairs(np.bincount(2 * before + after, minlength=4).reshape(2, 2).astype(np.float64))


def share_test(row: np.ndarray) -> tuple[float, float]:
    """Return z of the share of ones against a half, and its two-sided p."""
    z = (row.mean() - 0.5) / (0.5 / math.sqrt(len(row)))
    return float(z), math.erfc(abs(z) / math.sqrt(2))


def run_lengths(row: np.ndarray) -> np.ndarray:
    """Return the lengths of the runs of equal decisions, in their order."""
    ends = np.flatnonzero(np.diff(row)) + 1
    return np.diff(np.concatenate([[0], ends, [len(row)]]))


def runs_test(row: np.ndarray) -> tuple[float, float, float, float]:
    """Return expected runs, their variance, z and its two-sided p; NaN where all are equal."""
    n, ones = len(row), int(row.sum())
    both = 2.0 * ones * (n - ones)
    expected = both / n + 1
    variance = both * (both - n) / (n * n * (n - 1)) if n > 1 else 0.0
    if variance <= 0:
        return expected, 0.0, math.nan, math.nan
    z = (len(run_lengths(row)) - expected) / math.sqrt(variance)
    return expected, variance, z, math.erfc(abs(z) / math.sqrt(2))


def switches(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return by length of the run so far, 1 to N: how often it ended next, and of how many."""
    size = rows.shape[1]
    ended, seen = np.zeros(size), np.zeros(size)
    for row in rows:
        length = 1
        for before, after in pairwise(row.tolist()):
            seen[length - 1] += 1
            ended[length - 1] += before != after
            length = 1 if before != after else length + 1
    return ended, seen


def _entropy(counts: np.ndarray) -> float:
    return float(entropy(counts / max(counts.sum(), 1)))


def marginal_entropy(rows: np.ndarray) -> float:
    """Return H of the share of ones, nats."""
    ones = int(rows.sum())
    return _entropy(np.array([ones, rows.size - ones]))
