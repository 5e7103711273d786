"""Windows of high entropy and what they are worth (ARES, 2025, arXiv 2510.08457).

Paper and published code part ways; both are here, and each name says which it is.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..errors import InputError
from .series import window_mean

Difficulty = Literal["easy", "medium", "hard"]


def top_entropy(probs: np.ndarray, *, tail: bool = True) -> np.ndarray:
    """Return the entropy of the K most likely tokens, float64 [...], nats.

    Args:
        probs: [..., K], not renormalised.
        tail: count all other tokens as one more outcome; a lower bound of the real entropy.
    """
    probs = np.asarray(probs, np.float64)
    if tail:
        # What rounding leaves beside the tops is no outcome.
        rest = 1 - probs.sum(-1, keepdims=True)
        probs = np.concatenate([probs, np.where(rest > 1e-9, rest, 0)], -1)
    return -(probs * np.log(np.where(probs > 0, probs, 1))).sum(-1)


def next_window_mean(entropy: np.ndarray, width: int) -> np.ndarray:
    """Return the mean entropy of the ``width`` tokens after each, as the code has it, [T].

    The paper's window begins with the token itself: ``series.window_mean``.
    """
    means = window_mean(entropy, width)
    return np.append(means[1:], np.nan)[: len(entropy)]


def paper_threshold(entropy: np.ndarray, percent: float = 95) -> float:
    """Return τ of the paper: a percentile of the entropies of tokens, nats."""
    return float(np.nanpercentile(entropy, percent))


def code_threshold(entropy: np.ndarray, width: int, percent: float = 95) -> float:
    """Return τ of the code: a percentile of window means; at the end windows shrink, nats."""
    means = [np.mean(entropy[at : at + width]) for at in range(len(entropy))]
    return float(np.percentile(means, percent))


def triggers(means: np.ndarray, threshold: float) -> np.ndarray:
    """Return which windows lie above ``threshold``, bool [T]; those without a mean do not."""
    return np.nan_to_num(means, nan=-np.inf) > threshold


def soft_cost(means: np.ndarray, threshold: float) -> float:
    """Return by how much windows exceed ``threshold`` altogether, nats; the code's soft count."""
    return float(np.nansum(np.maximum(means - threshold, 0)))


def surplus(difficulty: Difficulty, count: float, target: float) -> float:
    """Return g of the paper: by how many windows a text of that difficulty misses its target.

    Too many count against an easy question, too few against a hard one, both against a medium.
    """
    off = count - target
    by = {"easy": max(0, off), "medium": abs(off), "hard": max(0, -off)}
    if difficulty not in by:
        raise InputError(f"The difficulty is {', '.join(by)}, not {difficulty!r}.")
    return by[difficulty]


def reward(
    accuracy: float, difficulty: Difficulty, count: float, target: float, weight: float = 1.0
) -> float:
    """Return the paper's reward: the accuracy, less weight × ``surplus`` for a wrong answer."""
    return accuracy - (0 if accuracy > 0 else weight * surplus(difficulty, count, target))
