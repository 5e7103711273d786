"""The weights that make queries and keys, whatever a family calls them."""

from __future__ import annotations

from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D


def query_key_weights(
    layer: nn.Module, heads: int, key_heads: int, scaling: float
) -> tuple[Tensor, Tensor] | None:
    """Return W_Qᵀ [heads, d, D] and W_Kᵀ [key_heads, d, D] of a decoder layer.

    W_Q carries every scale of the scores: that of the kernel, and that of families that multiply
    their queries before (OPT).

    None when the layer has no such pair, or when it does more to queries and keys than multiply
    and turn them: a norm in between makes the product of the two meaningless.

    Args:
        layer: the decoder layer.
        heads: how many heads of queries it has.
        key_heads: how many of keys.
        scaling: what its kernel multiplies q·k with.
    """
    for part in layer.modules():
        names = {name for name, _ in part.named_children()}
        if any("norm" in name for name in names):
            continue  # the decoder layer itself, or an attention that normalises queries and keys
        pair = _pair(part, heads, key_heads)
        if pair is not None:
            query, key = pair
            return query.float() * _total_scale(part, scaling), key.float()
    return None


def _total_scale(part: nn.Module, scaling: float) -> float:
    own = getattr(part, "scaling", None)
    # A kernel told to leave the scores alone follows a module that scaled its queries.
    return own if scaling == 1 and isinstance(own, float) else scaling


def _pair(part: nn.Module, heads: int, key_heads: int) -> tuple[Tensor, Tensor] | None:
    query, key = _weight(part, "q_proj"), _weight(part, "k_proj")
    if query is not None and key is not None:
        queries = query.unflatten(0, (heads, -1))
        # Some models share their keys more widely in some layers than in others.
        return queries, key.unflatten(0, (-1, queries.shape[1]))
    fused, grouped = _fused(part)
    size, rest = divmod(0 if fused is None else len(fused), heads + 2 * key_heads)
    if fused is None or rest:
        return None
    if grouped:  # the queries that share a key, their key, their value; then the next such group
        rows = fused.unflatten(0, (key_heads, heads // key_heads + 2, size))
        return rows[:, :-2].flatten(0, 1), rows[:, -2]
    # all queries, all keys, all values
    rows = fused.unflatten(0, (-1, size))
    return rows[:heads], rows[heads : heads + key_heads]


def _fused(part: nn.Module) -> tuple[Tensor | None, bool]:
    """Return a weight that makes queries, keys and values, and whether it does so by groups."""
    if hasattr(part, "mp_num"):
        return None, False  # CodeGen shuffles the heads between the processors it was trained on
    for name, grouped in (
        ("qkv_proj", False),
        ("query_key_value", True),
        # GPT-2, and GPT-BigCode with its plain linear maps
        ("c_attn", isinstance(getattr(part, "c_attn", None), nn.Linear)),
    ):
        weight = _weight(part, name)
        if weight is not None:
            return weight, grouped
    return None, False


def _weight(part: nn.Module, name: str) -> Tensor | None:
    """Return the weight of a linear map as [outputs, inputs]."""
    linear = getattr(part, name, None)
    if isinstance(linear, Conv1D):
        return linear.weight.T
    return linear.weight if isinstance(linear, nn.Linear) else None
