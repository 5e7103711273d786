"""Tokens in order of a score, sorted only as far as a rule needs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

# Most rules are decided within the first few hundred tokens, and a whole sort of a large
# vocabulary takes longer than a small model's forward pass.
_FIRST = 512
_GROWTH = 16

Length = Callable[[Tensor, Tensor, Tensor], Tensor]


def best_first(scores: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the ``count`` largest of ``scores`` [B, V] and their ids, both [B, count].

    Largest first, ties by lower id.
    """
    if count >= scores.shape[-1]:
        ordered = torch.sort(scores, dim=-1, descending=True, stable=True)
        return ordered.values, ordered.indices
    # One more shows whether others share the last score.
    best = scores.topk(count + 1, dim=-1)
    ids = best.indices[:, :count]
    tied = best.values[:, count] == best.values[:, count - 1]
    if tied.any():
        ids[tied] = _lowest_ids(scores[tied], best.values[tied, count - 1], count)
    ids = ids.sort(dim=-1).values
    ordered = torch.sort(scores.gather(-1, ids), dim=-1, descending=True, stable=True)
    return ordered.values, ids.gather(-1, ordered.indices)


def _lowest_ids(scores: Tensor, last: Tensor, count: int) -> Tensor:
    """Return ids [B, count]: those above the score ``last`` [B], and the lowest of those at it."""
    above, level = scores > last[:, None], scores == last[:, None]
    room = count - above.sum(-1, keepdim=True)
    inside = above | (level & (level.cumsum(-1) <= room))
    return inside.nonzero()[:, 1].view(-1, count)


def keep_prefix(scores: Tensor, length: Length, first: int = _FIRST) -> Tensor:
    """Keep the best tokens of every row, as many as ``length`` says.

    Args:
        scores: [B, V], best is largest.
        length: called with the best scores in order and their ids, both [R, n], of some rows, and
            the numbers of these rows [R]; says how many tokens to keep, int [R]. An answer of n
            or more means "show me more".
        first: how many tokens to look at first.

    Returns:
        bool [B, V] with at least one token a row; ties go to the lower id.
    """
    size = scores.shape[-1]
    kept = torch.zeros_like(scores, dtype=torch.bool)
    rows = torch.arange(len(scores), device=scores.device)
    count, shown = min(first, size), scores
    while True:
        ordered, ids = best_first(shown, count)
        lengths = length(ordered, ids, rows).clamp(1, size)
        inside = torch.arange(count, device=scores.device) < lengths[:, None]
        kept[rows] = torch.zeros_like(shown, dtype=torch.bool).scatter_(-1, ids, inside)
        open_rows = lengths >= count
        if count == size or not bool(open_rows.any()):
            return kept
        rows, shown = rows[open_rows], shown[open_rows]
        count = min(count * _GROWTH, size)
