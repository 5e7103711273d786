"""Speculative sampling: drafts of a cheap distribution that leave the dear one exactly as it is.

Leviathan et al. 2023, arXiv 2211.17192. Nested exits and their cascade: S2D (arXiv 2407.01955) and
the code of SD2. All distributions are [..., V], of one type; float64 where exactness is looked at.
"""

from __future__ import annotations

import torch
from torch import Tensor


def acceptance(target: Tensor, draft: Tensor) -> Tensor:
    """Return min(1, p / q) of every token; 1 where the draft never offers it."""
    return torch.where(draft > 0, target / draft, 1.0).clamp(max=1)


def overlap(target: Tensor, draft: Tensor) -> Tensor:
    """Return α = Σ min(p, q), the chance that a draft is kept; 1 − the total variation."""
    return torch.minimum(target, draft).sum(-1)


def residual(target: Tensor, draft: Tensor) -> Tensor:
    """Return what is drawn from after a rejection: (p − q)₊, normalised.

    Where p = q nothing is rejected, and it is p: no zero is divided by.
    """
    rest = (target - draft).clamp(min=0)
    total = rest.sum(-1, keepdim=True)
    return torch.where(total > 0, rest / total.clamp(min=torch.finfo(rest.dtype).tiny), target)


def output(target: Tensor, draft: Tensor) -> Tensor:
    """Return what comes out of one draft from q, its test and its replacement: p, whatever q is."""
    kept = draft * acceptance(target, draft)
    return kept + (1 - kept.sum(-1, keepdim=True)) * residual(target, draft)


def soft_test_output(target: Tensor, draft: Tensor) -> Tensor:
    """Return what comes out where q's likeliest token is drafted, but tested as if drawn from q.

    As the code of SD2 does above temperature 0. It is not p.
    """
    token = draft.argmax(-1, keepdim=True)
    kept = acceptance(target, draft).gather(-1, token)
    found = (1 - kept) * residual(target, draft)
    return found.scatter_add(-1, token, kept)


def point_mass_output(target: Tensor, draft: Tensor) -> Tensor:
    """Return what comes out where q's likeliest token is drafted and tested as what it is: p."""
    token = draft.argmax(-1, keepdim=True)
    return output(target, torch.zeros_like(draft).scatter(-1, token, 1.0))


def total_variation(one: Tensor, other: Tensor) -> Tensor:
    """Return half the sum of absolute differences."""
    return (one - other).abs().sum(-1) / 2


def pinsker_bound(divergence: Tensor) -> Tensor:
    """Return the least α that a divergence KL(p‖q), in nats, leaves: 1 − √(KL / 2)."""
    return (1 - (divergence / 2).sqrt()).clamp(min=0)


def tokens_a_pass(alpha: Tensor, drafted: int) -> Tensor:
    """Return the tokens of one pass of the target with γ drafts of equal and independent α."""
    powers = torch.stack([alpha**each for each in range(drafted + 1)])
    return powers.sum(0)


def speed_up(alpha: Tensor, drafted: int, cost: float) -> Tensor:
    """Return tokens a pass over its cost, γ c + 1; c is a draft's over the target's."""
    return tokens_a_pass(alpha, drafted) / (drafted * cost + 1)


def first_exit(confidence: Tensor, thresholds: Tensor) -> Tensor:
    """Return the first exit whose confidence is above its threshold, else the last; [...].

    Args:
        confidence: [E, ...], the largest probability at every exit.
        thresholds: [E], or [...] for all exits alike; the last exit's is not looked at.
    """
    alike = thresholds.shape == confidence.shape[1:] and confidence.ndim > 1
    bounds = thresholds if alike else thresholds.reshape(-1, *[1] * (confidence.ndim - 1))
    above = (confidence > bounds).clone()
    above[-1] = True
    return above.int().argmax(0)
