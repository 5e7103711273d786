"""Attention over the instances of a bag, as multiple-instance learning pools them."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def attention_entropy(scores: Tensor) -> Tensor:
    """Return the entropy of softmax(scores) over the last axis, nats [...]; at most ln N."""
    logs = torch.log_softmax(scores, -1)
    return -(logs.exp() * logs).sum(-1)


def attention_share(scores: Tensor) -> Tensor:
    """Return the entropy over ln N, [...]: 0 to 1; 0 of a single instance."""
    instances = scores.shape[-1]
    return attention_entropy(scores) / math.log(instances) if instances > 1 else 0 * scores[..., 0]


def aem_loss(loss: Tensor, scores: Tensor, weight: Tensor | float) -> Tensor:
    """Return loss − λ H(a) (AEM: Zhang et al. 2024, arXiv 2406.15303).

    H is not divided by ln N, as in the authors' code: larger bags weigh more.
    """
    return loss - weight * attention_entropy(scores)


def cosine_weight(weight: float, step: int, steps: int) -> float:
    """Return λ brought down over half a cosine; the paper names no formula."""
    return weight * 0.5 * (1 + math.cos(math.pi * step / steps))


def witness_mass(attention: Tensor, witness: Tensor) -> Tensor:
    """Return the attention [..., N] that lies on the instances that make a bag positive, [...]."""
    return (attention * witness).sum(-1)


def area_under_curve(scores: Tensor, labels: Tensor) -> Tensor:
    """Return how often a positive scores above a negative, [K], of scores and labels [K, n].

    A tie counts as half.
    """
    above = (scores[..., :, None] > scores[..., None, :]).double()
    above += 0.5 * (scores[..., :, None] == scores[..., None, :])
    pairs = (labels[..., :, None] > labels[..., None, :]).double()
    return (above * pairs).sum((-1, -2)) / pairs.sum((-1, -2))
