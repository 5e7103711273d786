"""Which heads look up what came before, and how well their entropies find them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.heads import HeadsRun
from ..runs.layers import UNCOMP
from .base import derived

CANDIDATE = 0.2
"""Least weight on what followed last time of a candidate for retrieval; ours."""

_OURS = f"The claim is UNComp's, {UNCOMP.removeprefix('UNComp: ')} The check is ours."
AUC = Quantity(
    "Found by entropy of queries",
    "AUC",
    "",
    help="How often a candidate has more entropy than another head: 1 finds all, ½ is chance.",
    formula=r"P(H_{\mathrm{candidate}}>H_{\mathrm{other}})",
    source=_OURS,
    missing="no candidate, or nothing else",
)
COUNT = Quantity(
    "Retrieval candidates",
    "",
    "heads",
    high=30,
    help="Heads with at least 20 % of their weight on what followed last time.",
    formula=r"|\{h: m_h\ge0.2\}|",
    source=_OURS,
    missing="no heads",
    digits=0,
)
FLAG = Quantity(
    "Candidate in the high-entropy half",
    "",
    "",
    high=2,
    help="2: a retrieval candidate among the half of all heads with the higher entropy of queries; "
    "1: only one of the two; 0: neither.",
    formula=r"[m_h\ge0.2]+[H_h\ge\mathrm{median}]",
    source=_OURS,
    missing="this layer has no such heads",
    digits=0,
)


@derived("heads", "flag", "L", "H", quantity=FLAG)
def flag(run: HeadsRun) -> np.ndarray:
    """Return how many of two signs of a retrieval head each has, float32 [L, H]."""
    signs = (run.repeat_mass >= CANDIDATE).astype(np.float32) + upper_half(run.query_entropy)
    return np.where(np.isnan(run.query_entropy) | np.isnan(run.repeat_mass), np.nan, signs)


@derived("heads", "candidates", quantity=COUNT)
def candidates(run: HeadsRun) -> float:
    """Return the number of retrieval candidates."""
    return float((run.repeat_mass >= CANDIDATE).sum())


@derived("heads", "upper", quantity=replace(COUNT, name="… in the high-entropy half"))
def upper(run: HeadsRun) -> float:
    """Return how many of them are in the half of all heads with the higher entropy of queries."""
    return float((upper_half(run.query_entropy) & (run.repeat_mass >= CANDIDATE)).sum())


@derived("heads", "query_auc", quantity=AUC)
def query_auc(run: HeadsRun) -> float:
    """Return how well the entropy of queries finds the candidates, 0 to 1."""
    return auc(run.query_entropy, run.repeat_mass >= CANDIDATE)


@derived("heads", "key_auc", quantity=replace(AUC, name="… of keys"))
def key_auc(run: HeadsRun) -> float:
    """Return how well the entropy of keys finds them."""
    return auc(run.key_entropy, run.repeat_mass >= CANDIDATE)


@derived("heads", "value_auc", quantity=replace(AUC, name="… of values"))
def value_auc(run: HeadsRun) -> float:
    """Return how well the entropy of values finds them."""
    return auc(run.value_entropy, run.repeat_mass >= CANDIDATE)


def upper_half(values: np.ndarray) -> np.ndarray:
    """Return which of ``values`` are at least their median, bool; NaN is not."""
    known = np.isfinite(values)
    if not known.any():
        return known
    return np.where(known, values, -np.inf) >= np.median(values[known])


def auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Return the share of pairs in which a positive scores higher than a negative; ties count ½.

    NaN where there are no such pairs.
    """
    known = np.isfinite(scores)
    ours, others = scores[known & positive], scores[known & ~positive]
    if not ours.size or not others.size:
        return math.nan
    above = (ours[:, None] > others).mean() + 0.5 * (ours[:, None] == others).mean()
    return float(above)
