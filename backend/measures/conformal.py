"""Sets of answers that hold the true one with a promised chance: split conformal prediction.

Vovk et al. 2005; Angelopoulos and Bates 2021 (arXiv 2107.07511).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def conformal_place(count: int, alpha: float) -> int:
    """Return k = ⌈(n + 1)(1 − α)⌉: the place, from 1, of the threshold among n sorted scores."""
    # (n + 1)(1 − α) may come out a rounding above a whole number: 10 · 0.9 = 9.000000000000002.
    return math.ceil(round((count + 1) * (1 - alpha), 9))


def conformal_threshold(scores: Sequence[float], alpha: float) -> float:
    """Return the k-th smallest of the calibration ``scores``, or 1 where there are too few.

    Scores are 1 − the frequency of the true answer: up to 1, which lets every answer in.
    """
    place = conformal_place(len(scores), alpha)
    return sorted(scores)[place - 1] if place <= len(scores) else 1.0


def conformal_set(frequencies: Mapping[str, float], threshold: float) -> list[str]:
    """Return the answers whose score 1 − frequency is at most ``threshold``."""
    # A frequency of .3 has the score .7 exactly on paper, and not in floating point.
    return [name for name, share in frequencies.items() if 1 - share <= threshold + 1e-12]
