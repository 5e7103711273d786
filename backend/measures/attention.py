"""Attention entropy of every head at every query, exact, without the T × T matrix.

For one query with scores s_j = scale · q·k_j and weights p = softmax(s):

    H = LSE(s) − Σ p_j s_j          (nats)

Both sums run over tiles of the matrix that live in the processor's cache and are dropped at once.
Tiles merge by their log-sum-exp, as in online softmax (Milakov and Gimelshein, arXiv 1805.02867).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from backend.measures.tiles import HIDDEN, Plan, Strip, Tile, run_tasks


@dataclass(frozen=True)
class Scores:
    """Everything one layer does before the softmax.

    Attributes:
        query: [B, H, Q, D].
        key: [B, G, K, D]; H is a multiple of G, and heads in a row share a key head.
        scale: factor on q·k.
        softcap: scores become softcap · tanh(score / softcap).
        bias: [B or 1, H or 1, Q, K], added to the scores.
        sinks: [H], score of one more outcome that no key has (gpt-oss).
    """

    query: Tensor
    key: Tensor
    scale: float
    softcap: float | None = None
    bias: Tensor | None = None
    sinks: Tensor | None = None


@dataclass(frozen=True)
class AttentionRows:
    """What each row of weights says, [B, H, Q], float32; NaN where a query sees no key.

    Attributes:
        entropy: nats, of the weights over the visible keys. A learned sink is no key: the
            weights are taken relative to their sum.
        first, itself, previous: weight on the first visible token of the text, on the query's
            own token and on the one before it (NaN for the first).
        marked: weight on the key that the plan marks for the query; 0 where it marks none.
        distance: mean distance looked back, in tokens.
        spread: Euclidean norm of the scores minus their mean, over the visible keys.
        outside: weight that goes to the learned sink and to no key; 0 without one.
    """

    entropy: Tensor
    first: Tensor
    itself: Tensor
    previous: Tensor
    marked: Tensor
    distance: Tensor
    spread: Tensor
    outside: Tensor


_NAMES = ("entropy", "first", "itself", "previous", "marked", "distance", "spread", "level")


def attend(
    scores: Scores, plan: Plan, value: Tensor | None = None
) -> tuple[AttentionRows, Tensor | None]:
    """Measure every row of attention and, given values, compute the layer's output with it.

    Runs in float32, or float64 where the query is. Memory: O(B · H · Q), beside a few tiles.

    Args:
        scores: of the layer.
        plan: which query sees which key.
        value: [B, G, K, E] or None.

    Returns:
        The rows, and the output [B, Q, H, E] in the type of ``value``; 0 where a query sees
        nothing.
    """
    exact = torch.float64 if scores.query.dtype == torch.float64 else torch.float32
    batch, heads, queries, _ = scores.query.shape
    key_heads, device = scores.key.shape[1], scores.query.device
    query = scores.query.to(exact) * scores.scale
    key = scores.key.to(exact)
    values = None if value is None else value.to(exact)
    numbers = torch.empty(len(_NAMES), batch, heads, queries, dtype=exact, device=device)
    output = None
    if values is not None:
        output = torch.empty(batch, queries, heads, values.shape[-1], dtype=exact, device=device)
    # On a processor each key head is a task of its own; an accelerator wants them all at once.
    share = 1 if device.type == "cpu" else key_heads
    group = heads // key_heads
    tasks = []
    for strip in plan.strips:
        for low in range(0, key_heads, share):
            mine = slice(low, low + share)
            span = slice(low * group, (low + share) * group)
            inputs = _Inputs(
                query[strip.text, span, strip.start : strip.stop].unflatten(0, (share, group)),
                key[strip.text, mine],
                None if values is None else values[strip.text, mine],
                scores.softcap,
                _bias(scores.bias, strip, span),
            )
            tasks.append(partial(_write, inputs, strip, span, numbers, output))
    run_tasks(tasks, device)
    rows = _finish(dict(zip(_NAMES, numbers, strict=True)), plan, scores.sinks)
    if output is None or value is None:
        return rows, None
    return rows, _scaled(output, plan, rows.outside).to(value.dtype)


def _bias(bias: Tensor | None, strip: Strip, span: slice) -> Tensor | None:
    """Return the part of ``bias`` for one strip of one text: [heads or 1, R, K]."""
    if bias is None:
        return None
    heads = span if bias.shape[1] > 1 else slice(None)
    return bias[strip.text if len(bias) > 1 else 0, heads, strip.start : strip.stop]


@dataclass(frozen=True)
class _Inputs:
    """One strip: N key heads, each shared by S query heads.

    query [N, S, R, D] already scaled, key [N, K, D], value [N, K, E], bias [N · S or 1, R, K].
    """

    query: Tensor
    key: Tensor
    value: Tensor | None
    softcap: float | None
    bias: Tensor | None


def _write(
    inputs: _Inputs, strip: Strip, span: slice, numbers: Tensor, output: Tensor | None
) -> None:
    rows = slice(strip.start, strip.stop)
    statistics, mixed = _reduce_strip(inputs, strip)
    numbers[:, strip.text, span, rows] = statistics
    if output is not None:
        output[strip.text, rows, span] = 0 if mixed is None else mixed.transpose(0, 1)


def _reduce_strip(inputs: _Inputs, strip: Strip) -> tuple[Tensor | float, Tensor | None]:
    """Return the statistics [8, N · S, R] of one strip and its output [N · S, R, E]."""
    if not strip.tiles:
        return torch.nan, None
    sizes = inputs.query.shape[:-1]
    query = inputs.query.flatten(1, 2)
    raw = query.new_empty(len(_RAW), len(strip.tiles), *sizes)
    picked = query.new_zeros(len(strip.tiles), *sizes, 4)
    outputs = []
    for number, tile in enumerate(strip.tiles):
        weights = _reduce_tile(inputs, query, tile, raw[:, number])
        if tile.columns is not None and tile.there is not None:
            columns = tile.columns.expand(*sizes, 4)
            torch.mul(weights.gather(-1, columns), tile.there, out=picked[number])
        if inputs.value is not None:
            outputs.append(weights.flatten(1, 2) @ inputs.value[:, tile.start : tile.stop])
    rows, share = _merge(dict(zip(_RAW, raw, strict=True)), picked, strip)
    rows = rows.flatten(1, 2)
    if not outputs:
        return rows, None
    return rows, _mix(outputs, share).unflatten(1, sizes[1:]).flatten(0, 1)


_RAW = ("top", "peak", "score", "position", "total", "norm")


def _reduce_tile(inputs: _Inputs, query: Tensor, tile: Tile, raw: Tensor) -> Tensor:
    """Write the sums of one tile into ``raw`` [6, N, S, R]; return its weights [N, S, R, keys]."""
    top, peak, score, position, total, norm = raw
    keys = inputs.key[:, tile.start : tile.stop]
    scores = (query @ keys.transpose(-1, -2)).view(*top.shape, -1)
    if inputs.softcap is not None:
        scores.div_(inputs.softcap).tanh_().mul_(inputs.softcap)
    if inputs.bias is not None:
        bias = inputs.bias[..., tile.start : tile.stop]
        scores += bias.unflatten(0, top.shape[:2]) if len(bias) > 1 else bias
    shown = None if tile.shown is None else tile.shown.to(scores.dtype)
    if shown is not None:
        scores += (1 - shown) * HIDDEN
    torch.amax(scores, -1, out=top)
    scores -= top[..., None]
    weights = torch.softmax(scores, -1)
    torch.amax(weights, -1, out=peak)
    away = torch.arange(tile.stop - tile.start, dtype=weights.dtype, device=weights.device)
    torch.matmul(weights.flatten(1, 2), away, out=position.view(len(position), -1))
    seen = scores if shown is None else scores * shown
    torch.sum(seen, -1, out=total)
    torch.linalg.vector_norm(seen, dim=-1, out=norm)
    torch.sum(scores.mul_(weights), -1, out=score)
    return weights


def _merge(raw: dict[str, Tensor], picked: Tensor, strip: Strip) -> tuple[Tensor, Tensor]:
    """Join the tiles of a strip, [tiles, N, S, R] each.

    Returns:
        The statistics [8, N, S, R], and the share of each tile in the weights.
    """
    best = raw["top"].amax(0)
    above = raw["top"] - best
    # The highest weight of a tile is exp(0) over the sum of all.
    levels = above - raw["peak"].log()
    share = levels.softmax(0)
    level = levels.amax(0) - share.amax(0).log()
    score = (share * (above + raw["score"])).sum(0)
    position = (share * (raw["position"] + strip.starts[:, None, None, None])).sum(0)
    spread = _spread(raw, above, strip)
    near = (share[..., None] * picked).sum(0).movedim(-1, 0)
    return torch.stack([level - score, *near, position, spread, level + best]), share


def _spread(raw: dict[str, Tensor], above: Tensor, strip: Strip) -> Tensor:
    """Return the norm of the scores about their mean, from sums per tile (Chan et al., 1979)."""
    count = strip.counts.to(above.dtype)[:, None, None]
    own = raw["total"] / count.clamp(min=1)
    mean = (count * (own + above)).sum(0) / count.sum(0)
    within = raw["norm"].square() - raw["total"] * own
    between = count * (own + above - mean).square()
    return (within.clamp(min=0) + between).sum(0).sqrt()


def _mix(outputs: list[Tensor], share: Tensor) -> Tensor:
    """Add the outputs [N, S · R, E] of the tiles up by their shares."""
    mixed = outputs[0]
    if len(outputs) == 1:
        return mixed
    parts = share.flatten(2)[..., None]
    mixed.mul_(parts[0])
    for part, output in zip(parts[1:], outputs[1:], strict=True):
        mixed.addcmul_(output, part)
    return mixed


def _finish(found: dict[str, Tensor], plan: Plan, sinks: Tensor | None) -> AttentionRows:
    """Turn raw sums into what ``AttentionRows`` promises."""
    level = found.pop("level")
    blind = (plan.visible == 0)[:, None]
    own = torch.arange(level.shape[-1], device=level.device)
    found["entropy"] = found["entropy"].clamp_(min=0)
    found["distance"] = own - found["distance"]
    outside = torch.zeros_like(level)
    if sinks is not None:
        outside = torch.sigmoid(sinks.to(level.dtype)[:, None] - level)
        for name in ("first", "itself", "previous", "marked"):
            found[name] = found[name] * (1 - outside)
    start = plan.first.to(level.device)[:, None, None]
    found["previous"] = found["previous"].masked_fill(own <= start, torch.nan)
    found["outside"] = outside
    return AttentionRows(
        **{name: array.masked_fill(blind, torch.nan).float() for name, array in found.items()}
    )


def _scaled(output: Tensor, plan: Plan, outside: Tensor) -> Tensor:
    """Take the sink's share out of the output, and everything from queries that see nothing."""
    keep = torch.where((plan.visible == 0)[:, None], 0, 1 - outside).to(output.dtype)
    return output if bool((keep == 1).all()) else output * keep.transpose(1, 2)[..., None]
