"""The entropy regulariser of Entropy-Guided Attention (Jha and Reagen, 2025, arXiv 2501.03489).

All of it can be differentiated, so that a training may add it to its loss.
"""

from __future__ import annotations

import torch
from torch import Tensor


def entropy_deviation(entropy: Tensor, theta: Tensor, most: float | Tensor) -> Tensor:
    """Return δ = E − θ E_max, nats.

    Args:
        entropy: E of every head, nats, any shape.
        theta: the share of E_max that each head is meant to have, of a shape that fits.
        most: E_max: ln T in the paper; ln of the visible keys is what a causal row can reach.
    """
    return entropy - theta * most


def penalties(deviation: Tensor, tolerance: float | Tensor) -> Tensor:
    """Return δ² where |δ| > ``tolerance``, and 0 elsewhere."""
    return torch.where(deviation.abs() > tolerance, deviation.square(), 0)


def entropy_regulariser(
    entropy: Tensor, theta: Tensor, most: float | Tensor, gamma: float = 0.2
) -> Tensor:
    """Return the mean penalty over heads, Algorithm 1 of the paper: a scalar, nats².

    The published code takes every query for itself in place of the mean of a head, and adds
    queries and texts up: ``penalties(…).sum(-1)`` of the entropies of rows.

    Args:
        entropy: mean entropy of every head, nats, [H] or [L, H].
        theta: the share of E_max that each head is meant to have, of a shape that fits.
        most: E_max.
        gamma: the share of ``most`` by which a head may be off for nothing.
    """
    return penalties(entropy_deviation(entropy, theta, most), gamma * most).mean()
