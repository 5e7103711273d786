"""How two trained networks lie to one another, and in which phase of training they are.

Phases of Yang et al. 2021, arXiv 2107.11228, as the model zoo of arXiv 2504.18072 maps them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor

Phase = Literal["I", "II", "III", "IV-A", "IV-B"]
PHASES: tuple[Phase, ...] = ("I", "II", "III", "IV-A", "IV-B")

LOSS_LIMIT, CONNECTIVITY_LIMIT, SIMILARITY_LIMIT = 0.1, 0.05, 0.85
"""Ours, for networks on digits."""

Weights = Mapping[str, Tensor]


def linear_cka(first: Tensor, second: Tensor) -> Tensor:
    """Return the similarity of two representations [..., n, D] and [..., n, E], 0 to 1, [...].

    Kornblith et al. 2019, arXiv 1905.00414. NaN where one of them does not change at all.
    """
    first, second = (each - each.mean(-2, keepdim=True) for each in (first, second))

    def together(a: Tensor, b: Tensor) -> Tensor:
        return (a.transpose(-1, -2) @ b).square().sum((-1, -2))

    own = together(first, first).sqrt() * together(second, second).sqrt()
    return torch.where(own > 0, together(first, second) / own, torch.nan)


def mode_connectivity(losses: Tensor) -> Tensor:
    """Return ½ (L(0) + L(1)) − L(t) where it is largest in size, of losses [places, ...], [...].

    Negative is a barrier on the way; positive says that the ends are not trained out.
    """
    deviation = (losses[0] + losses[-1]) / 2 - losses
    return deviation.gather(0, deviation.abs().argmax(0, keepdim=True))[0]


def barrier(losses: Tensor) -> Tensor:
    """Return how far the highest of losses [places, ...] is above the mean of the ends, [...]."""
    return losses.amax(0) - (losses[0] + losses[-1]) / 2


def bezier(start: Weights, bend: Weights, end: Weights, place: float) -> dict[str, Tensor]:
    """Return the weights at a place from 0 to 1 of the quadratic curve from start to end."""
    return {
        name: (1 - place) ** 2 * start[name]
        + 2 * place * (1 - place) * bend[name]
        + place**2 * end[name]
        for name in bend
    }


def top_eigenvalue(
    loss: Callable[[dict[str, Tensor]], Tensor],
    weights: Weights,
    steps: int = 12,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return the largest eigenvalue of the Hessian of each copy's loss, [K], by power iteration.

    Args:
        loss: of weights [K, ...] by name, [K]; copies do not see one another.
        weights: where to measure.
        steps: Hessian–vector products.
        generator: of the first direction.
    """
    at = {name: each.detach().clone().requires_grad_() for name, each in weights.items()}
    order = list(at.values())
    vector = [torch.randn(each.shape, generator=generator, dtype=each.dtype) for each in order]
    slope = torch.autograd.grad(loss(at).sum(), order, create_graph=True)
    value = torch.zeros(len(order[0]), dtype=order[0].dtype)
    for _ in range(steps):
        squares = torch.stack([each.flatten(1).square().sum(1) for each in vector])
        length = squares.sum(0).sqrt().clamp(min=1e-20)
        vector = [each / length.view(-1, *[1] * (each.dim() - 1)) for each in vector]
        along = torch.stack([(a * b).sum() for a, b in zip(slope, vector, strict=True)]).sum()
        product = torch.autograd.grad(along, order, retain_graph=True)
        parts = [(a * b).flatten(1).sum(1) for a, b in zip(product, vector, strict=True)]
        value = torch.stack(parts).sum(0)
        vector = [each.detach() for each in product]
    return value.detach()


def phase(
    training_loss: float,
    connectivity: float,
    similarity: float,
    loss_limit: float = LOSS_LIMIT,
    connectivity_limit: float = CONNECTIVITY_LIMIT,
    similarity_limit: float = SIMILARITY_LIMIT,
) -> Phase:
    """Return the phase of a cell of the map.

    I underfitted and undersized; II underfitted; III undersized; IV-A trained, with different
    representations; IV-B trained, with alike ones.
    """
    barred = connectivity < -connectivity_limit
    if training_loss > loss_limit:
        return "I" if barred else "II"
    if barred:
        return "III"
    return "IV-B" if similarity >= similarity_limit else "IV-A"
