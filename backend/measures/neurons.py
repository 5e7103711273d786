"""How the neurons of an MLP share the work at a token: spread, sparsity and shares."""

from __future__ import annotations

import math

import torch
from torch import Tensor

LIMIT = 8.0
"""Activations beyond are counted in the outermost bin."""
BINS = 128
SILENT = 0.05
"""An activation nearer to 0 than this counts as silent."""


def histogram_entropy(counts: Tensor) -> Tensor:
    """Return the entropy of ``counts`` [..., B] over bins, nats, float64 [...]; at most ln B."""
    shares = counts.double() / counts.sum(-1, keepdim=True)
    return torch.special.entr(shares).sum(-1)


def histogram(activations: Tensor) -> Tensor:
    """Return how many of ``activations`` fall into each of ``BINS`` between ±``LIMIT``, [B]."""
    return torch.histc(activations.float().clamp(-LIMIT, LIMIT), BINS, -LIMIT, LIMIT)


def silent_share(activations: Tensor) -> Tensor:
    """Return the share of ``activations`` [..., N] with |a| < ``SILENT``, float32 [...]."""
    return (activations.abs() < SILENT).float().mean(-1)


def share_entropy(activations: Tensor) -> Tensor:
    """Return H(|a| / Σ|a|) / ln N of ``activations`` [..., N], float32 [...]: 0 to 1.

    1 where all neurons are equally strong; 0 where one does all, or none does anything.
    """
    strength = activations.float().abs()
    shares = strength / strength.sum(-1, keepdim=True).clamp(min=torch.finfo().tiny)
    return torch.special.entr(shares).sum(-1) / math.log(max(activations.shape[-1], 2))
