"""Verdicts of a judge who saw two answers in both orders: calibrated scores and their diversity.

Source: Wang et al. 2023, arXiv 2305.17926 (MEC, BPC, BPDE); nats, which the paper leaves open.
"""

from __future__ import annotations

import numpy as np

from .orders import choice_entropy

WIN, TIE, LOSE = 0, 1, 2
"""Of the first answer."""


def outcomes(scores: np.ndarray) -> np.ndarray:
    """Return who wins by pairs of scores [n, 2], which belong to the answers, not to places."""
    first, second = scores.T
    return np.where(first > second, WIN, np.where(first == second, TIE, LOSE))


def calibrated(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the mean scores [2] of k judgements [k, 2] in either order: MEC and BPC together."""
    return np.concatenate([one, other]).mean(0)


def bpde(found: np.ndarray) -> float:
    """Return the balanced position diversity entropy of outcomes [n], nats; at most ln 3."""
    return choice_entropy(found, 3)
