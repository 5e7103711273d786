"""Information capacity: what a model takes off the size of a text, for the work that it does.

After Yuan et al. 2025 and the code that they publish (TeleAI-AI-Flow/InformationCapacity), which
differs from the formula that they display: see ``information_capacity``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

TOKENS = 1024
"""Written by the model where the authors count its work."""


@dataclass(frozen=True)
class Shape:
    """The sizes of a decoder that its work depends on.

    Attributes:
        layers: how many.
        width: of the states.
        heads, kv_heads: of queries, and of keys and values.
        inner: of the MLP, which has three matrices.
        vocabulary: of the head.
        head_width: of one head, where the model sets it by itself; else width / heads.
    """

    layers: int
    width: int
    heads: int
    kv_heads: int
    inner: int
    vocabulary: int
    head_width: int | None = None

    def as_counted(self) -> Shape:
        """Return the shape that the authors count: every head has width / heads places."""
        return replace(self, head_width=None)


def flops_per_token(shape: Shape, tokens: int = TOKENS, *, head: bool = True) -> float:
    """Return the work of one written token, the mean over ``tokens`` from an empty cache.

    Two FLOPs a multiplication with its addition: the projections of attention, scores and weighted
    sums over (tokens − 1) / 2 others in the mean, the three matrices of the MLP, and the head.
    """
    each = shape.head_width or shape.width / shape.heads
    queries, keys = shape.heads * each, shape.kv_heads * each
    attention = 4 * shape.width * queries + 4 * shape.width * keys + 2 * queries * (tokens - 1)
    layer = attention + 6 * shape.width * shape.inner
    return shape.layers * layer + (2 * shape.width * shape.vocabulary if head else 0.0)


def text_size(octets: Tensor, tokens: Tensor) -> Tensor:
    """Return the size of texts in nats a token, [N]: the bits of their UTF-8 bytes.

    Args:
        octets: bytes of the scored tokens, [N].
        tokens: how many are scored, [N].
    """
    return octets.double() * 8 * math.log(2) / tokens


def information_capacity(gain: Tensor, flops: Tensor, bias: float = 0.0) -> Tensor:
    """Return (gain / ln 2 + bias) / log₂ FLOPs, [V].

    Args:
        gain: size of a token of text less what the model makes of it, nats, [V].
        flops: a token, [V].
        bias: b in bits. The displayed formula has none; the code takes −24, −18.7 or −27 by data
            set, chosen so that the sizes of a family coincide there.
    """
    return (gain.double() / math.log(2) + bias) / flops.double().log2()


def fitted_bias(gain: Tensor, flops: Tensor) -> float:
    """Return the bias in bits at which the capacities [V] differ least; NaN where none does.

    With u = 1 / log₂ FLOPs the capacity is gain · u + b · u, whose variance is least where
    b = −cov(gain · u, u) / var(u).
    """
    u = 1 / flops.double().log2()
    apart = u - u.mean()
    spread = apart.square().sum()
    if len(u) < 2 or spread <= 1e-12:
        return math.nan
    return -float((torch.mul(gain.double() / math.log(2), u) * apart).sum() / spread)
