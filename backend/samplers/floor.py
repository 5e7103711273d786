"""Keeping tokens above a least probability."""

from __future__ import annotations

import torch
from torch import Tensor


def above_floor(probs: Tensor, floor: Tensor) -> Tensor:
    """Return the tokens of ``probs`` [B, V] that reach ``floor`` [B], bool [B, V].

    Where none does, the most likely one is kept, of equally likely ones the lowest id.
    """
    kept = probs >= floor[:, None]
    best = torch.zeros_like(kept).scatter_(-1, probs.argmax(-1, keepdim=True), True)
    return kept | best
