"""Scaling laws: floors, their fit, published laws, and how much a network can know.

Losses are in nats. Numbers are plain floats, or float64 tensors where there are many.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class PowerLaw:
    """L(x) = floor + (scale / x)^exponent (Henighan et al. 2020, arXiv 2010.14701).

    Attributes:
        error: root mean square of (fit − loss) / loss; 0 of a law that was not fitted.
    """

    floor: float
    scale: float
    exponent: float
    error: float = 0.0

    def reducible(self, size: float) -> float:
        """Return the part of the loss that a larger ``size`` can take away."""
        return (self.scale / size) ** self.exponent

    def loss(self, size: float) -> float:
        """Return the whole loss at a ``size``."""
        return self.floor + self.reducible(size)

    def size_for(self, reducible: float) -> float:
        """Return the size at which so much is left beside the floor."""
        return self.scale * reducible ** (-1 / self.exponent)


def fit_power_law(sizes: Tensor, losses: Tensor) -> PowerLaw:
    """Return the law nearest to losses [n] at sizes [n] in relative error; the floor is ≥ 0.

    By variable projection: for each exponent the other two are a least-squares solution; the
    exponent is found by a coarse search and golden section.
    """
    sizes, losses = sizes.double(), losses.double()

    def solved(exponent: float) -> tuple[float, float, float]:
        """Return floor, coefficient and sum of squares at an exponent."""
        powers = sizes**-exponent
        columns = torch.stack([1 / losses, powers / losses], 1)
        floor, scale = torch.linalg.lstsq(columns, torch.ones_like(losses)[:, None]).solution[:, 0]
        if floor < 0:
            floor = torch.zeros(())
            scale = (powers / losses).sum() / (powers / losses).square().sum()
        rest = ((floor + scale * powers) / losses - 1).square().sum()
        return float(floor), float(scale), float(rest)

    grid = torch.linspace(math.log(0.02), math.log(3.0), 60, dtype=torch.float64).exp().tolist()
    start = min(grid, key=lambda exponent: solved(exponent)[2])
    exponent = _golden(lambda each: solved(each)[2], start / 1.1, start * 1.1)
    floor, scale, rest = solved(exponent)
    return PowerLaw(
        floor, max(scale, 0.0) ** (1 / exponent), exponent, math.sqrt(rest / len(sizes))
    )


def _golden(of: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function of one valley is least."""
    for _ in range(60):
        first, second = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        if of(first) < of(second):
            high = second
        else:
            low = first
    return (low + high) / 2


def zipf(items: int, power: float) -> Tensor:
    """Return p ∝ rank^−power over so many items, float64 [items]."""
    weights = torch.arange(1, items + 1, dtype=torch.float64) ** -power
    return weights / weights.sum()


def noisy_label(classes: int, noise: float) -> Tensor:
    """Return the distribution of a label drawn evenly with probability ``noise``, [classes].

    The right label is the first.
    """
    shares = torch.full((classes,), noise / classes, dtype=torch.float64)
    shares[0] += 1 - noise
    return shares


def entropy_floor(items: int, power: float, classes: int, noise: float) -> float:
    """Return the loss that nobody can go below on Zipf items with noisy labels, nats.

    Every item has the same noise, so the items' own distribution does not matter.
    """
    return float(torch.special.entr(noisy_label(classes, noise)).sum())


def translation_loss(
    encoder: float, decoder: float, scale: float, powers: tuple[float, float], floor: float
) -> float:
    """Return scale · Ne^−pe · Nd^−pd + floor (Ghorbani et al. 2021, arXiv 2109.07740).

    Sizes are in units of the law's own reference sizes.
    """
    return scale * encoder ** -powers[0] * decoder ** -powers[1] + floor


def encoder_share(powers: tuple[float, float]) -> float:
    """Return the share of a fixed budget that the encoder should have: pe / (pe + pd)."""
    return powers[0] / sum(powers)


@dataclass(frozen=True)
class Densing:
    """Constants of the densing law (Xiao et al. 2024, arXiv 2412.04315).

    L = a N^−α + b D^−β; score = c / (1 + exp(−γ (L − l))) + d, with γ < 0.
    """

    a: float
    alpha: float
    b: float
    beta: float
    c: float
    gamma: float
    l: float  # noqa: E741
    d: float
    tokens: float = 1e12

    def loss(self, parameters: float) -> float:
        """Return the loss of a reference model."""
        return self.a * parameters**-self.alpha + self.b * self.tokens**-self.beta

    def score(self, parameters: float) -> float:
        """Return the score of a reference model on a task."""
        return self.c / (1 + math.exp(-self.gamma * (self.loss(parameters) - self.l))) + self.d

    def loss_of(self, score: float) -> float:
        """Return the loss of a model that scores so; NaN outside d … c + d."""
        if not self.d < score < self.c + self.d:
            return math.nan
        return self.l - math.log(self.c / (score - self.d) - 1) / self.gamma

    def effective_size(self, score: float) -> float:
        """Return how large a reference model that scores so would be; NaN where there is none."""
        rest = self.loss_of(score) - self.b * self.tokens**-self.beta
        return (rest / self.a) ** (-1 / self.alpha) if rest > 0 else math.nan

    def density(self, score: float, parameters: float) -> float:
        """Return effective over actual size."""
        return self.effective_size(score) / parameters


def doubling_time(growth: float) -> float:
    """Return after how long ln(density) = growth · t + … has doubled the density."""
    return math.log(2) / growth


def bits_stored(facts: int, values: int, loss: Tensor) -> Tensor:
    """Return N (ln C − loss) / ln 2: what a network knows of N facts of C values each, bits.

    As in Allen-Zhu and Li 2024, arXiv 2404.05405. 0 where it knows less than nothing, as may be
    after rounding.
    """
    return (facts * (math.log(values) - loss) / math.log(2)).clamp(min=0)


def quantised(weights: Tensor, bits: int) -> Tensor:
    """Return weights [K, ...] rounded to 2^bits − 1 even steps, one scale a copy.

    Symmetric: the scale is max |w| / (2^(bits−1) − 1); halves are rounded to even.
    """
    largest = weights.abs().amax(tuple(range(1, weights.dim())), keepdim=True)
    scale = (largest / (2 ** (bits - 1) - 1)).clamp(min=1e-12)
    return (weights / scale).round() * scale
