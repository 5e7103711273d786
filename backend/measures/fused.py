"""Attention entropy from fused kernels, where every query sees all keys up to its own.

A fused kernel never shows its weights, but it returns their log-sum-exp, and their mean of any
values. For one query with scores s_j = scale · q·k_j and weights p = softmax(s):

    H = LSE(s) − Σ p_j s_j          (nats)

Exact: with keys as values the kernel returns the mean key, and Σ p_j s_j = scale · q · Σ p_j k_j.
In float32 that is right to 5e-5 nats. Fast: Σ p_j s_j is the slope of LSE(β s) at β = 1, taken from
two passes in half precision, whose log-sum-exp is float32 all the same: right to 4e-3 nats, and
distances to two thousandths of the text.

Both are our own derivation; docs/attention.md has what was measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from .attention import AttentionRows

_STEP = 0.01  # of β: smaller ones show the rounding of the log-sum-exp, larger ones its curvature
_PAD = 8  # kernels want rows of whole vectors
_CHUNK = 256


def causal_rows(
    query: Tensor, key: Tensor, scale: float, marked: Tensor, *, fast: bool = False
) -> AttentionRows:
    """Measure every row of attention with query *i* seeing keys 0 … *i*.

    Args:
        query: [B, H, T, D].
        key: [B, G, T, D]; H is a multiple of G, and heads in a row share a key head.
        scale: factor on q·k.
        marked: integers [T], one more key whose weight every query reports; -1 for none.
        fast: in the type of ``query``, which is bfloat16 or float16; else in float32.
    """
    tokens, device = query.shape[2], query.device
    passes = _fast if fast else _exact
    log_sum, entropy, place = passes(query, key, scale)
    own = torch.arange(tokens, device=device)
    query, key = query.float(), key.float()

    def weight(places: Tensor) -> Tensor:
        chosen = key[:, :, places.clamp(min=0)]
        score = scale * (query * _for_heads(chosen, query)).sum(-1)
        return (score - log_sum).exp().clamp(max=1)

    previous = weight(own - 1)
    previous[..., 0] = torch.nan
    marked = marked.to(device)
    return AttentionRows(
        entropy=entropy.clamp(min=0),
        first=weight(torch.zeros_like(own)),
        itself=weight(own),
        previous=previous,
        marked=weight(marked) * (marked >= 0),
        distance=(own - place).clamp(min=0),
        spread=score_spread(query, key, scale),
        outside=torch.zeros_like(entropy),
    )


def fused_bytes(heads: int, tokens: int, width: int) -> int:
    """Return the memory that ``causal_rows`` takes for one text, beside its rows."""
    return 8 * heads * tokens * (width + _PAD) * 4


def _exact(query: Tensor, key: Tensor, scale: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return log-sum-exp, entropy and mean place, float32 [B, H, T], from one pass in float32."""
    query, width = query.float(), query.shape[-1]
    keys = _for_heads(key.float(), query)
    places = torch.arange(keys.shape[2], device=keys.device, dtype=keys.dtype)
    beside = places[:, None].expand(*keys.shape[:3], 1)
    room = width + _PAD - width % _PAD
    mean, log_sum = attention(
        _padded(query, room),
        _padded(keys, room),
        _padded(torch.cat([keys, beside], -1), room),
        scale,
    )
    score = scale * (query * mean[..., :width]).sum(-1)
    return log_sum, log_sum - score, mean[..., width]


def _fast(query: Tensor, key: Tensor, scale: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return the same from three passes in half precision."""
    room = query.shape[-1] + -query.shape[-1] % _PAD
    keys = _padded(_for_heads(key, query), room)
    query = _padded(query, room)
    # A mean place is rounded to eight bits. As a place relative to many posts along the text, the
    # one to the nearest post is small, and right to a fraction of a token.
    tokens = keys.shape[2]
    places = torch.arange(tokens, device=keys.device)
    posts = torch.linspace(0, max(tokens - 1, 1), room, device=keys.device).round()
    values = (places[:, None] - posts).to(keys.dtype).expand(keys.shape)
    mean, log_sum = attention(query, keys, values, scale)
    nearest = mean.abs().argmin(-1, keepdim=True)
    place = mean.float().gather(-1, nearest)[..., 0] + posts[nearest[..., 0]]
    ends = [attention(query, keys, keys, scale * beta)[1] for beta in (1 - _STEP, 1 + _STEP)]
    return log_sum, log_sum - (ends[1] - ends[0]) / (2 * _STEP), place


def attention(query: Tensor, key: Tensor, value: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """Return causal attention [B, H, T, D] and its log-sum-exp [B, H, T] from a fused kernel.

    All three are [B, H, T, D], on a processor or an NVIDIA GPU.
    """
    query, key, value = (each.contiguous() for each in (query, key, value))
    kernels = torch.ops.aten
    if query.device.type == "cpu":
        cpu = kernels._scaled_dot_product_flash_attention_for_cpu
        output, log_sum = cpu(query, key, value, 0.0, True, scale=scale)
    elif query.dtype == torch.float32:
        with _without_tf32():
            efficient = kernels._scaled_dot_product_efficient_attention
            output, log_sum, *_ = efficient(query, key, value, None, True, 0.0, True, scale=scale)
    else:
        flash = kernels._scaled_dot_product_flash_attention
        output, log_sum, *_ = flash(query, key, value, 0.0, True, False, scale=scale)
    return output, log_sum[..., : query.shape[2]]  # one kernel pads its rows to a multiple of 32


@contextmanager
def _without_tf32() -> Iterator[None]:
    """Keep an NVIDIA GPU from rounding float32 to ten bits."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def score_spread(query: Tensor, key: Tensor, scale: float) -> Tensor:
    """Return the norm of the scores about their mean, float32 [B, H, T], over keys 0 … *i*.

    Σ (q·k_j)² is q (Σ k_j k_jᵀ) q: a running sum of D × D numbers, a chunk of keys at a time.
    """
    batch, heads, tokens, width = query.shape
    groups = key.shape[1]
    query = query.float().unflatten(1, (groups, heads // groups)) * scale
    # The same taken off every key moves a row's scores together, and costs less precision after.
    key = key.float() - key.float().mean(2, keepdim=True)
    square = key.new_zeros(batch, groups, 1, width, width)
    total = key.new_zeros(batch, groups, 1, width, 1)
    found = []
    for start in range(0, tokens, _CHUNK):
        asks, keys = query[:, :, :, start : start + _CHUNK], key[:, :, None, start : start + _CHUNK]
        inside = (asks @ keys.mT).tril()
        count = torch.arange(start + 1, start + keys.shape[3] + 1, device=key.device)
        seen = count - start
        mean = inside.sum(-1) / seen
        # Within the chunk about its own mean, before it by the sums: joined as in Chan et al. 1979.
        apart = (inside - mean[..., None]).tril().square().sum(-1)
        if start:
            before = (asks @ total)[..., 0] / start
            around = ((asks @ square) * asks).sum(-1) - start * before.square()
            gap = (mean - before).square() * seen * start / count
            apart = apart + around.clamp(min=0) + gap
        found.append(apart.sqrt())
        square = square + keys.mT @ keys
        total = total + keys.sum(-2, keepdim=True).mT
    return torch.cat(found, -1).flatten(1, 2)


def _for_heads(key: Tensor, query: Tensor) -> Tensor:
    """Return ``key`` once for every query head."""
    return key.repeat_interleave(query.shape[1] // key.shape[1], 1)


def _padded(rows: Tensor, width: int) -> Tensor:
    return torch.nn.functional.pad(rows, (0, width - rows.shape[-1]))
