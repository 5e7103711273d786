"""Tokens in order of a score, sorted only as far as a rule needs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

# Most rules are decided within the first few hundred tokens, and a whole sort of a large
# vocabulary takes longer than a small model's forward pass.
_FIRST = 512
_GROWTH = 16


def best_first(scores: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the ``count`` largest of ``scores`` [B, V] and their ids, both [B, count].

    Largest first, ties by lower id; but when several tokens share the last score, which of them
    are there is open (``keep_prefix`` looks out for that).
    """
    if count >= scores.shape[-1]:
        ordered = torch.sort(scores, dim=-1, descending=True, stable=True)
        return ordered.values, ordered.indices
    ids = scores.topk(count, dim=-1).indices.sort(dim=-1).values
    ordered = torch.sort(scores.gather(-1, ids), dim=-1, descending=True, stable=True)
    return ordered.values, ids.gather(-1, ordered.indices)


def keep_prefix(scores: Tensor, length: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Keep the best tokens of every row, as many as ``length`` says.

    Args:
        scores: [B, V], best is largest.
        length: given the best scores in order and their ids, both [B, n], says how many tokens
            to keep, int [B]. An answer of n or more means "show me more".

    Returns:
        bool [B, V] with at least one token a row; ties go to the lower id.
    """
    size = scores.shape[-1]
    count = min(_FIRST, size)
    while True:
        ordered, ids = best_first(scores, count)
        lengths = length(ordered, ids).clamp(1, size)
        if count == size or bool(_decided(ordered, lengths).all()):
            break
        count = min(count * _GROWTH, size)
    inside = torch.arange(count, device=scores.device) < lengths[:, None]
    return torch.zeros_like(scores, dtype=torch.bool).scatter_(-1, ids, inside)


def _decided(ordered: Tensor, lengths: Tensor) -> Tensor:
    """Tell which rows end before the last score begins to repeat."""
    last = (lengths - 1).clamp(max=ordered.shape[-1] - 1).long()
    edge = ordered.gather(-1, last[:, None])[:, 0]
    return (lengths < ordered.shape[-1]) & (edge > ordered[:, -1])
