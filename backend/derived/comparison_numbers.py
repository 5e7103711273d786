"""Figures of a whole comparison: how much larger B is than A, and how alike the two are."""

from __future__ import annotations

from ..quantities import Quantity
from .base import derived
from .comparison import Comparison
from .summary import NOTHING, DifferenceSummary

COMMON_PLACES = Quantity(
    "Places in both", unit="", high=10_000, digits=0,
    help="Tokens, texts or steps that both runs have, and where both have a number.",
)  # fmt: skip
MEAN_DIFFERENCE = Quantity(
    "B − A", "Δ", low=-3, high=3, scale="diverging", digits=3,
    help="Mean of the differences at all places that both runs have; above 0: more in B.",
    formula=r"\frac1n\sum_i (b_i-a_i)", source="The mean.",
)  # fmt: skip
MEAN_ABSOLUTE = Quantity(
    "|B − A|", "|Δ|", high=3, digits=3,
    help="How far apart the two are at a place on average, whichever way.",
    formula=r"\frac1n\sum_i |b_i-a_i|", source="The mean absolute difference.",
)  # fmt: skip
CORRELATION = Quantity(
    "Correlation", "r", "", low=-1, high=1, scale="diverging", digits=3,
    help="Pearson's, between A and B: 1 where one follows the other exactly.",
    formula=r"r=\frac{\mathrm{cov}(a,b)}{\sigma_a\sigma_b}", source="Pearson 1895.",
)  # fmt: skip
HIGHER = Quantity(
    "Higher in B", unit="%", help="Share of the places at which B is above A.",
)  # fmt: skip


def _summary(comparison: Comparison) -> DifferenceSummary:
    return comparison.first.summary if comparison.first is not None else NOTHING


@derived("compare", "common_places", quantity=COMMON_PLACES)
def common_places(comparison: Comparison) -> int:
    """Return at how many places both runs have the number compared first."""
    return _summary(comparison).places


@derived("compare", "mean_difference", quantity=MEAN_DIFFERENCE)
def mean_difference(comparison: Comparison) -> float:
    """Return the mean of B − A."""
    return _summary(comparison).mean


@derived("compare", "mean_absolute", quantity=MEAN_ABSOLUTE)
def mean_absolute(comparison: Comparison) -> float:
    """Return the mean of |B − A|."""
    return _summary(comparison).mean_absolute


@derived("compare", "correlation", quantity=CORRELATION)
def correlation(comparison: Comparison) -> float:
    """Return Pearson's correlation of A and B."""
    return _summary(comparison).correlation


@derived("compare", "higher", quantity=HIGHER)
def higher(comparison: Comparison) -> float:
    """Return the share of the places at which B is above A."""
    return _summary(comparison).higher
