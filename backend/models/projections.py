"""The weights that make queries and keys, whatever a family calls them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D


def query_key_weights(layer: nn.Module, heads: int, key_heads: int) -> tuple[Tensor, Tensor] | None:
    """Return W_Qᵀ [heads, d, D] and W_Kᵀ [key_heads, d, D] of a decoder layer.

    None when the layer has no such pair, or when it does more to queries and keys than multiply
    and turn them: a norm in between makes the product of the two meaningless.
    """
    for part in layer.modules():
        names = {name for name, _ in part.named_children()}
        if any("norm" in name for name in names):
            continue  # the decoder layer itself, or an attention that normalises queries and keys
        pair = _pair(part, heads, key_heads)
        if pair is not None:
            return pair
    return None


def _pair(part: nn.Module, heads: int, key_heads: int) -> tuple[Tensor, Tensor] | None:
    query, key = _weight(part, "q_proj"), _weight(part, "k_proj")
    if query is not None and key is not None:
        return _split(query, heads), _split(key, key_heads)
    fused = _weight(part, "qkv_proj")  # all queries, all keys, all values
    if fused is None:
        fused = _weight(part, "c_attn")
    if fused is not None and len(fused) % (heads + 2 * key_heads) == 0:
        size = len(fused) // (heads + 2 * key_heads)
        query, key = fused[: heads * size], fused[heads * size : (heads + key_heads) * size]
        return _split(query, heads), _split(key, key_heads)
    fused = _weight(part, "query_key_value")  # query, key and value of the first head, and so on
    if fused is not None and heads == key_heads and len(fused) % (3 * heads) == 0:
        query, key, _ = fused.unflatten(0, (heads, 3, -1)).unbind(1)
        return query, key
    return None


def _weight(part: nn.Module, name: str) -> Tensor | None:
    """Return the weight of a linear map as [outputs, inputs]."""
    linear = getattr(part, name, None)
    if isinstance(linear, Conv1D):
        return linear.weight.T
    return linear.weight if isinstance(linear, nn.Linear) else None


def _split(weight: Tensor, heads: int) -> Tensor:
    return torch.unflatten(weight, 0, (heads, -1))
