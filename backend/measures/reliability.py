"""Reliability: whether a model is as often right as it is sure, and whether it knows when not.

Items stand on the last axis [..., n], so that resamples are measured at once. ``correct`` holds 1
and 0. Source: Liang et al. 2022, arXiv 2211.09110 (HELM), and the library uncertainty-calibration;
Geifman et al. 2019 (E-AURC); Guo et al. 2017 (temperature).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

Z95 = 1.959963984540054


@dataclass(frozen=True)
class Bins:
    """Mean confidence, accuracy and size of each bin, [..., b]; NaN means of an empty bin."""

    confidence: Tensor
    accuracy: Tensor
    size: Tensor

    def error(self) -> Tensor:
        """Return the expected calibration error, [...]: Σ n_b / n · |confidence − accuracy|."""
        gap = (self.confidence - self.accuracy).abs().nan_to_num(0.0)
        return (gap * self.size).sum(-1) / self.size.sum(-1)


def equal_mass(confidence: Tensor, correct: Tensor, bins: int) -> Bins:
    """Return bins of as many items each, the first n mod b one more; HELM's with 10 of them.

    Fewer items than bins make every item a bin of its own. Ties stay in their order.
    """
    order = confidence.argsort(dim=-1, stable=True)
    count = confidence.shape[-1]
    sizes = torch.tensor([count // bins + (i < count % bins) for i in range(bins)])
    place = torch.repeat_interleave(torch.arange(bins), sizes).expand_as(order)
    return _bins(confidence.gather(-1, order), correct.gather(-1, order), place, bins)


def equal_width(
    confidence: Tensor, correct: Tensor, bins: int, *, edges_above: bool = False
) -> Bins:
    """Return bins of equal width from 0 to 1; the other tradition, with 15 of them.

    What lies on an edge belongs to the bin below, as in Guo et al. 2017, or to the one above.
    """
    scaled = confidence * bins
    place = scaled.floor() if edges_above else scaled.ceil() - 1
    return _bins(confidence, correct, place.long().clamp(0, bins - 1), bins)


def _bins(confidence: Tensor, correct: Tensor, place: Tensor, bins: int) -> Bins:
    sums = torch.zeros(*confidence.shape[:-1], bins, dtype=torch.float64)
    ones = torch.ones(confidence.shape, dtype=torch.float64)
    size = sums.scatter_add(-1, place, ones)
    mean = [sums.scatter_add(-1, place, each.double()) / size for each in (confidence, correct)]
    return Bins(mean[0], mean[1], size)


def risks(uncertainty: Tensor, correct: Tensor) -> Tensor:
    """Return the share of errors among the k surest items for k = 1 … n, [..., n]."""
    order = uncertainty.argsort(dim=-1, stable=True)
    wrong = 1 - correct.double().gather(-1, order)
    return wrong.cumsum(-1) / torch.arange(1, wrong.shape[-1] + 1)


def area(risk: Tensor) -> Tensor:
    """Return AURC, the mean of ``risks``, [...]; 1 − it is HELM's area of selective accuracy."""
    return risk.mean(-1)


def excess_area(risk: Tensor) -> Tensor:
    """Return E-AURC, [...]: AURC less that of the best order, errors last."""
    count = risk.shape[-1]
    k = torch.arange(1, count + 1)
    wrong = (risk[..., -1:] * count).round()
    best = ((k - count + wrong).clamp(min=0) / k).mean(-1)
    return area(risk) - best


def selective_accuracy(risk: Tensor, share: float) -> Tensor:
    """Return the accuracy of the surest ⌊share · n⌋ items, of one at least, [...]."""
    return 1 - risk[..., max(1, int(share * risk.shape[-1])) - 1]


def selective_accuracy_of_helm(risk: Tensor, share: float) -> Tensor:
    """Return what HELM's code calls so, [...]: it takes one item more than it says."""
    return 1 - risk[..., int(share * risk.shape[-1])]


def error_auroc(uncertainty: Tensor, correct: Tensor) -> Tensor:
    """Return how often an error is less sure than what is right, ties by half, [...].

    NaN where all is right or all wrong.
    """
    wrong = 1 - correct.double()
    right = correct.double()
    above = (uncertainty[..., :, None] > uncertainty[..., None, :]).double()
    above += 0.5 * (uncertainty[..., :, None] == uncertainty[..., None, :])
    pairs = wrong[..., :, None] * right[..., None, :]
    return (above * pairs).sum((-1, -2)) / pairs.sum((-1, -2))


def binary_brier(confidence: Tensor, correct: Tensor) -> Tensor:
    """Return the mean of (confidence − correct)², [...]."""
    return ((confidence - correct.double()) ** 2).mean(-1)


def tempered(scores: Tensor, temperature: Tensor | float) -> Tensor:
    """Return probabilities at a temperature, [..., n, o]; a score of −inf is no option."""
    return torch.softmax(scores.double() / temperature, -1)


def item_losses(probs: Tensor, gold: Tensor) -> Tensor:
    """Return −ln p of the right option of each item, [..., n], nats."""
    chosen = probs.gather(-1, gold.expand(probs.shape[:-1])[..., None])[..., 0]
    return -chosen.log()


def brier(probs: Tensor, gold: Tensor) -> Tensor:
    """Return Σ over options of (p − right)², its mean over the items, [...]."""
    right = torch.nn.functional.one_hot(gold, probs.shape[-1]).double()
    return ((probs - right) ** 2).sum(-1).mean(-1)


def worst_case(correct: Tensor) -> float:
    """Return the share of items that are right in every form; ``correct`` is [forms, n]."""
    return float(correct.double().amin(0).mean())


def flip_rate(correct: Tensor) -> float:
    """Return the share of items that are right in one form and wrong in another."""
    return float((correct.double().amax(0) - correct.double().amin(0)).mean())


def wilson(share: Tensor, count: Tensor | float) -> tuple[Tensor, Tensor]:
    """Return the ends of Wilson's 95 % interval of a share of ``count``; NaN where that is 0."""
    z2 = Z95**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = Z95 / (1 + z2 / count) * (share * (1 - share) / count + z2 / (4 * count**2)).sqrt()
    return (middle - half).clamp(min=0), (middle + half).clamp(max=1)


def resamples(count: int, times: int, seed: int = 0) -> Tensor:
    """Return which items each resample draws, with putting back, int64 [times, count]."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(count, (times, count), generator=generator)


def middle_95(values: Tensor) -> tuple[float, float]:
    """Return the 2.5 and 97.5 % quantiles of the values there are; NaN of none."""
    known = values[values.isfinite()].double()
    if not len(known):
        return math.nan, math.nan
    low, high = known.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return low, high
