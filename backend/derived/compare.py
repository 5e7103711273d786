"""Two runs of one kind side by side: B against A, difference by difference."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..runs.attention import AttentionRun
from ..runs.text import TextRun
from .align import Alignment, align, sum_spans
from .bounds import DivergenceBounds, divergence_bounds, share_vocabulary

MEASURES = ("surprisal", "entropy", "varentropy")
"""What is compared span by span; each is the sum over the tokens of the span."""


@dataclass(frozen=True)
class TextComparison:
    """Two text runs over N common spans.

    A span with a token that has no prediction has NaN.

    Attributes:
        a, b: by measure, float64 [N]; nats, or nats² for the varentropy.
        bounds: at the spans that are one token in both runs, NaN at the others; None when the
            models do not share a vocabulary.
        unmatched_a, unmatched_b: tokens outside all common spans.
    """

    alignment: Alignment
    a: dict[str, np.ndarray]
    b: dict[str, np.ndarray]
    bounds: DivergenceBounds | None
    unmatched_a: int
    unmatched_b: int

    def difference(self, measure: str) -> np.ndarray:
        """Return B − A, float64 [N]."""
        return self.b[measure] - self.a[measure]


@dataclass(frozen=True)
class DifferenceSummary:
    """A measure over the spans where both runs have it; nats. NaN when there are none.

    Attributes:
        spans: how many those are.
        mean_a, mean_b: per span.
        mean: of B − A.
        mean_absolute: of |B − A|.
        largest: the B − A furthest from 0.
        correlation: Pearson's, between A and B.
        higher: share of the spans where B > A.
    """

    spans: int
    mean_a: float
    mean_b: float
    mean: float
    mean_absolute: float
    largest: float
    correlation: float
    higher: float


@dataclass(frozen=True)
class HeadComparison:
    """Two attention runs of models with the same layers and heads.

    Attributes:
        a, b: float64 [L, H]; mean entropy over the text, nats. NaN where a head has no pattern.
        paired: the runs have the same tokens, so that the means are over the same positions.
    """

    a: np.ndarray
    b: np.ndarray
    paired: bool

    @property
    def difference(self) -> np.ndarray:
        """B − A, float64 [L, H]."""
        return self.b - self.a


def compare_text(a: TextRun, b: TextRun) -> TextComparison:
    """Compare two text runs span by span."""
    alignment = align(a, b)
    return TextComparison(
        alignment=alignment,
        a={name: sum_spans(getattr(a, name), alignment.a) for name in MEASURES},
        b={name: sum_spans(getattr(b, name), alignment.b) for name in MEASURES},
        bounds=_bounds(a, b, alignment),
        unmatched_a=len(a) - int(np.diff(alignment.a).sum()),
        unmatched_b=len(b) - int(np.diff(alignment.b).sum()),
    )


def summarise_difference(comparison: TextComparison, measure: str) -> DifferenceSummary:
    """Return the figures of one measure."""
    both = np.isfinite(comparison.difference(measure))
    a, b = comparison.a[measure][both], comparison.b[measure][both]
    difference = b - a
    if not len(difference):
        return DifferenceSummary(0, *[math.nan] * 7)
    varies = len(a) > 1 and a.std() > 0 and b.std() > 0
    return DifferenceSummary(
        spans=len(difference),
        mean_a=float(a.mean()),
        mean_b=float(b.mean()),
        mean=float(difference.mean()),
        mean_absolute=float(np.abs(difference).mean()),
        largest=float(difference[np.abs(difference).argmax()]),
        correlation=float(np.corrcoef(a, b)[0, 1]) if varies else math.nan,
        higher=float((difference > 0).mean()),
    )


def compare_heads(a: AttentionRun, b: AttentionRun) -> HeadComparison:
    """Compare the mean entropy of every head.

    Raises:
        InputError: the models have different numbers of layers or heads.
    """
    if a.entropy.shape[:2] != b.entropy.shape[:2]:
        sizes = " and ".join(
            f"{run.model.layers} layers of {run.model.heads} heads" for run in (a, b)
        )
        raise InputError(f"Heads are compared one by one; these models have {sizes}.")
    return HeadComparison(
        a=_mean_entropy(a), b=_mean_entropy(b), paired=np.array_equal(a.token_ids, b.token_ids)
    )


def _mean_entropy(run: AttentionRun) -> np.ndarray:
    known = np.isfinite(run.entropy)
    with np.errstate(invalid="ignore"):
        return np.where(known, run.entropy, 0).sum(2, dtype=np.float64) / known.sum(2)


def _bounds(a: TextRun, b: TextRun, alignment: Alignment) -> DivergenceBounds | None:
    if not share_vocabulary(a, b):
        return None
    single = alignment.single
    found = divergence_bounds(a, b, alignment.a[single, 0], alignment.b[single, 0])
    spread = {}
    for name, values in vars(found).items():
        spread[name] = np.full(len(alignment), np.nan)
        spread[name][single] = values
    return DivergenceBounds(**spread)
