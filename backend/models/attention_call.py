"""What one attention layer hands to its kernel, whichever way its family calls it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class AttentionCall:
    """What one layer hands to its attention kernel.

    Attributes:
        layer: number of the decoder layer, from 0.
        query: [B, H, Q, D], positions already applied.
        key: [B, G, K, D]; H is a multiple of G.
        value: [B, G, K, E]. None where the family computes its scores by itself: query and key
            are then zeros, and ``bias`` holds the scores.
        scaling: factor on q·k.
        visible: bool [B, 1 or H, Q, K]; None when query *i* sees keys 0 … *i*.
        bias: [B or 1, H or 1, Q, K], added to the scores, or None.
        softcap: bound of the scores, or None.
        sinks: [H], score of an outcome that is no key, or None.
    """

    layer: int
    query: Tensor
    key: Tensor
    value: Tensor | None
    scaling: float
    visible: Tensor | None
    bias: Tensor | None = None
    softcap: float | None = None
    sinks: Tensor | None = None


class AttentionTap(Protocol):
    """Somebody who watches attention."""

    def call(self, call: AttentionCall) -> Tensor | None:
        """Look at a layer; return its output [B, Q, H, E], or None to let its kernel run."""
        ...


def read_mask(mask: Tensor | None, keys: int) -> tuple[Tensor | None, Tensor | None]:
    """Return what a mask hides (as ``visible``), and what it adds to the scores that it shows."""
    if mask is None:
        return None, None
    if mask.shape[-1] > keys:  # a slice is another tensor, and layers share what is the same one
        mask = mask[..., :keys]
    if mask.dtype == torch.bool:
        return mask, None
    visible = mask > torch.finfo(mask.dtype).min / 2
    bias = mask.masked_fill(~visible, 0)
    return visible, bias if bool(bias.any()) else None


def all_visible(query: Tensor, key: Tensor) -> Tensor:
    """Return the mask with which every query sees every key."""
    return query.new_ones(1, 1, query.shape[-2], key.shape[-2], dtype=torch.bool)
