"""Density of models: how large a model of a reference family would have to be to score as well.

The densing law (Xiao et al. 2024, arXiv 2412.04315) refers to a ladder of models that its authors
trained, by two fits whose constants they do not print; ``scaling.Densing`` has these. Here the
reference is a published family and one fit, which is ours: a score above chance is logistic in the
logarithm of the size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Reference:
    """score = chance + (1 − chance) / (1 + exp(−(slope · ln N + shift))).

    Attributes:
        chance: the score of guessing.
    """

    slope: float
    shift: float
    chance: float

    def score(self, sizes: Tensor) -> Tensor:
        """Return the scores of sizes."""
        inner = self.slope * sizes.double().log() + self.shift
        return self.chance + (1 - self.chance) * inner.sigmoid()

    def effective_size(self, scores: Tensor) -> Tensor:
        """Return the sizes that score so; NaN for scores up to chance or of 1."""
        share = (scores.double() - self.chance) / (1 - self.chance)
        known = torch.where((share > 0) & (share < 1), share, torch.nan)
        return ((known.logit() - self.shift) / self.slope).exp()


def fit_reference(sizes: Tensor, scores: Tensor, chance: float = 0.25) -> Reference:
    """Return the reference nearest to a family in the logit of its score, by least squares.

    Args:
        sizes: [n], at least two different ones.
        scores: [n], between chance and 1.
        chance: of guessing; a quarter where there are four answers.
    """
    logits = ((scores.double() - chance) / (1 - chance)).logit()
    columns = torch.stack([sizes.double().log(), torch.ones_like(logits)], 1)
    slope, shift = torch.linalg.lstsq(columns, logits[:, None]).solution[:, 0].tolist()
    return Reference(slope, shift, chance)


def records(days: Tensor, densities: Tensor) -> Tensor:
    """Return which are denser than everything up to their day, bool [n]; NaN is no record."""
    known = torch.nan_to_num(densities, nan=-math.inf)
    before = days[None, :] <= days[:, None]
    best = torch.where(before, known[None, :], -math.inf).amax(1)
    return (known >= best) & known.isfinite()


def growth(days: Tensor, densities: Tensor) -> tuple[float, float]:
    """Return A a day and B of ln density = A t + B through the records, by least squares.

    NaN where there are fewer than two days.
    """
    chosen = records(days, densities)
    at, wanted = days[chosen].double(), densities[chosen].double().log()
    if len(at.unique()) < 2:
        return math.nan, math.nan
    columns = torch.stack([at, torch.ones_like(at)], 1)
    rate, start = torch.linalg.lstsq(columns, wanted[:, None]).solution[:, 0].tolist()
    return rate, start
