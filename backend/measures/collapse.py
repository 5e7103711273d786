"""Attention entropy in training: how spread heads are, when one collapses, what holds it up."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

QUARTERS = 4


def row_entropy(attention: Tensor) -> Tensor:
    """Return −Σ p ln p of every row of ``attention`` [..., T, T], nats [..., T]."""
    return torch.special.entr(attention).sum(-1)


def visible_keys(tokens: int, like: Tensor) -> Tensor:
    """Return ln of how many keys each causal query sees, [T], from ln 1 to ln T."""
    return torch.arange(1, tokens + 1, dtype=like.dtype, device=like.device).log()


def head_entropy(rows: Tensor) -> Tensor:
    """Return the mean of H / ln(visible keys) of causal rows [..., T], [...]: 0 to 1.

    The first row sees one key and is left out.
    """
    tokens = rows.shape[-1]
    return (rows[..., 1:] / visible_keys(tokens, rows)[1:]).mean(-1)


def entropy_penalty(heads: Tensor, target: Tensor, tolerance: float) -> Tensor:
    """Return the mean of (h − θ)² over heads further than ``tolerance`` from their target, [K].

    Algorithm 1 of Jha and Reagen 2025, arXiv 2501.03489, with one change: entropies ``heads``
    [K, L, H] are shares of ln(visible keys) and not of ln T, which early causal rows cannot reach.
    """
    deviation = heads - target
    outside = torch.where(deviation.abs() > tolerance, deviation.square(), 0.0)
    return outside.flatten(1).mean(1)


def quarter_shares(heads: Tensor) -> Tensor:
    """Return the share of heads in each quarter of the range, [K, 4], of ``heads`` [K, ...]."""
    quarter = (heads.flatten(1).nan_to_num(0.0) * QUARTERS).floor().clamp(0, QUARTERS - 1)
    return torch.stack([(quarter == each).float().mean(1) for each in range(QUARTERS)], 1)


def collapsed_at(
    lowest: Sequence[float], steps: Sequence[int], level: float = 0.2, hold: int = 3
) -> int | None:
    """Return the step from which ``lowest`` stays below ``level`` for ``hold`` records running.

    Our rule, not the paper's; None where it never does.
    """
    below = 0
    for place, value in enumerate(lowest):
        below = below + 1 if value < level else 0
        if below == hold:
            return int(steps[place - hold + 1])
    return None


def power_step(weight: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """Return the singular vectors after one step of power iteration, [K, m] and [K, n].

    Args:
        weight: [K, m, n].
        right: estimate of the first right singular vector, [K, n].
    """
    left = torch.nn.functional.normalize(torch.einsum("kij,kj->ki", weight, right), dim=-1)
    return left, torch.nn.functional.normalize(torch.einsum("kij,ki->kj", weight, left), dim=-1)


def spectral_estimate(weight: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """Return uᵀ W v, [K]: the largest singular value once u and v have settled."""
    return torch.einsum("ki,kij,kj->k", left, weight, right)


def reparametrised(weight: Tensor, gamma: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """Return γ / σ(W) · W, [K, m, n] (σReparam: Zhai et al. 2023, arXiv 2303.06296).

    u and v are constants; the gradient goes through uᵀ W v.
    """
    return weight * (gamma / spectral_estimate(weight, left, right))[:, None, None]


def unigram_entropy(ids: Tensor, symbols: int) -> float:
    """Return the entropy of the symbols of a text [T], nats."""
    counts = torch.bincount(ids, minlength=symbols).double()
    return float(torch.special.entr(counts / counts.sum()).sum())


def bigram_entropy(ids: Tensor, symbols: int) -> float:
    """Return the entropy of a symbol given the one before it, over a text [T], nats."""
    pairs = ids[:-1] * symbols + ids[1:]
    joint = torch.bincount(pairs, minlength=symbols * symbols).double()
    first = torch.bincount(ids[:-1], minlength=symbols).double()
    both = torch.special.entr(joint / joint.sum()).sum()
    return float(both - torch.special.entr(first / first.sum()).sum())
