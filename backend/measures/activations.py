"""What activations of many networks are like: where they lie, and who never fires."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from .neurons import histogram_entropy


def crrelu(x: Tensor, epsilon: Tensor | float) -> Tensor:
    """Return max(0, x) + ε · x · exp(−x²/2), elementwise (Sun et al. 2024, arXiv 2405.12954).

    Its derivative jumps by 1 at 0; on the negative side it is least at x = −1, −ε · e^(−1/2).
    """
    return torch.relu(x) + epsilon * x * torch.exp(-x.square() / 2)


def bin_counts(values: Tensor, bins: int, low: Tensor, high: Tensor) -> Tensor:
    """Return how many of ``values`` [K, n] fall into each of ``bins`` equal bins, [K, bins].

    Values beyond ``low`` or ``high`` [K] count in the first or last bin.
    """
    width = ((high - low) / bins).clamp(min=torch.finfo(values.dtype).tiny)
    places = ((values - low[:, None]) / width[:, None]).nan_to_num().floor()
    counts = torch.zeros(len(values), bins, dtype=values.dtype, device=values.device)
    places = places.clamp(0, bins - 1).long()
    return counts.scatter_add_(1, places, torch.ones_like(values))


def binned_entropy(
    values: Tensor, bins: int = 64, ends: tuple[float, float] | None = None
) -> Tensor:
    """Return the entropy of a histogram of ``values`` [K, ...], nats, float64 [K].

    It depends on the bins: between each row's own least and greatest value without ``ends``,
    else between these.
    """
    rows = values.reshape(len(values), -1)
    if ends is None:
        low, high = rows.amin(1), rows.amax(1)
    else:
        low, high = (torch.full_like(rows[:, 0], end) for end in ends)
    return histogram_entropy(bin_counts(rows, bins, low, high))


def near_zero_share(values: Tensor, threshold: float = 0.01) -> Tensor:
    """Return the share of ``values`` [K, ...] closer to 0 than ``threshold``, [K]."""
    return (values.reshape(len(values), -1).abs() < threshold).to(values.dtype).mean(1)


def dead_neurons(values: Tensor) -> Tensor:
    """Return how many neurons are 0 on all rows of ``values`` [..., n, W], int64 [...]."""
    return (values == 0).all(-2).sum(-1)


def activated_entropy(activation: Callable[[Tensor], Tensor], cells: int = 400_000) -> float:
    """Return the differential entropy of an activation of X ~ N(0, 1), nats.

    h[f(X)] = h[X] + E ln |f′(X)| for a monotone f, by the midpoint rule on ±12, which has no
    point where f may have a kink; −∞ where f is flat on a set of some mass, as ReLU is.
    """
    width = 24 / cells
    x = (torch.arange(cells, dtype=torch.float64) + 0.5) * width - 12
    x.requires_grad_()
    (slope,) = torch.autograd.grad(activation(x).sum(), x)
    density = torch.exp(-x.detach().square() / 2) / math.sqrt(2 * math.pi)
    spread = (density * slope.abs().log()).sum() * width
    return 0.5 * math.log(2 * math.pi * math.e) + float(spread)
