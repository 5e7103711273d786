"""Routers of many networks at once, what their experts know of classes, and how to balance them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

DEAD = 0.01
"""An expert that is given less than this share of the tokens is dead."""


def choose(probabilities: Tensor, bias: Tensor | float = 0.0, top: int = 1) -> Tensor:
    """Return 1 for the ``top`` experts of largest p + bias, else 0: [..., n, E].

    The bias chooses and does not weigh (Wang et al. 2024, arXiv 2408.15664).
    """
    kept = (probabilities + bias).topk(top, -1).indices
    return torch.zeros_like(probabilities).scatter(-1, kept, 1.0)


def load_entropy(load: Tensor) -> Tensor:
    """Return the entropy of ``load`` [..., E] scaled to sum 1, over ln E: 1 is perfect balance."""
    shares = load / load.sum(-1, keepdim=True)
    return torch.special.entr(shares).sum(-1) / math.log(load.shape[-1])


def dead_experts(load: Tensor) -> Tensor:
    """Return how many experts have less than 1 % of ``load`` [..., E] scaled to sum 1."""
    return (load / load.sum(-1, keepdim=True) < DEAD).sum(-1)


def balancing(load: Tensor, mean: Tensor, top: int = 1) -> Tensor:
    """Return E · Σ f_e P_e / k of ``load`` and ``mean`` probabilities [..., E]: 1 in balance."""
    return load.shape[-1] * (load / top * mean).sum(-1)


def class_shares(chosen: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Return how tokens of each class are shared out, [..., E, C], of ``chosen`` [..., n, E].

    The joint distribution of expert and class: all of it sums to 1.
    """
    marks = torch.nn.functional.one_hot(labels, classes).to(chosen.dtype)
    joint = chosen.transpose(-1, -2) @ marks
    return joint / joint.sum((-1, -2), keepdim=True)


def class_information(shares: Tensor) -> Tensor:
    """Return the information between expert and class, nats [...], of ``shares`` [..., E, C]."""
    entropies = [torch.special.entr(shares.sum(axis)).sum(-1) for axis in (-1, -2)]
    return sum(entropies) - torch.special.entr(shares).sum((-1, -2))


def balanced_bias(bias: Tensor, load: Tensor, update: float | Tensor) -> Tensor:
    """Return the bias [..., E] of the next step: up for experts below the mean load, else down."""
    return bias + update * torch.sign(load.mean(-1, keepdim=True) - load)
