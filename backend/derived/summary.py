"""Figures of a difference: how much larger B is than A, and how alike the two are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class DifferenceSummary:
    """A number over the places where both runs have it; its own unit. NaN when there are none.

    Attributes:
        places: how many those are.
        mean_a, mean_b: per place.
        mean: of B − A.
        mean_absolute: of |B − A|.
        largest: the B − A furthest from 0.
        correlation: Pearson's, between A and B.
        higher: share of the places where B > A.
    """

    places: int
    mean_a: float
    mean_b: float
    mean: float
    mean_absolute: float
    largest: float
    correlation: float
    higher: float


NOTHING = DifferenceSummary(0, *[math.nan] * 7)


def summarise(a: np.ndarray, b: np.ndarray) -> DifferenceSummary:
    """Return the figures of two arrays of one shape."""
    with np.errstate(invalid="ignore"):  # infinite in both
        both = np.isfinite(b - a)
    a, b = a[both], b[both]
    difference = b - a
    if not len(difference):
        return NOTHING
    varies = len(a) > 1 and a.std() > 0 and b.std() > 0
    return DifferenceSummary(
        places=len(difference),
        mean_a=float(a.mean()),
        mean_b=float(b.mean()),
        mean=float(difference.mean()),
        mean_absolute=float(np.abs(difference).mean()),
        largest=float(difference[np.abs(difference).argmax()]),
        correlation=float(np.corrcoef(a, b)[0, 1]) if varies else math.nan,
        higher=float((difference > 0).mean()),
    )
