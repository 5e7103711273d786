"""Attention entropy of every head at every query, exact, without the T × T matrix.

For one query with scores s_j = scale · q·k_j and weights p = softmax(s):

    H = LSE(s) − Σ p_j s_j          (nats)

Both sums run over tiles of the matrix that live in the processor's cache and are dropped at once.
Inside a tile everything counts in bits, for exp2 costs a third of exp.
Tiles merge by their log-sum-exp, as in online softmax (Milakov and Gimelshein, arXiv 1805.02867).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from .threads import run_tasks
from .tiles import HIDDEN, Plan, Strip, Tile, heads_per_task


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


_NATS_PER_BIT = math.log(2)
_RAW = ("top", "mass", "score", "position", "total", "norm")


@dataclass(frozen=True)
class _Sums:
    """What the tasks write: for every query the sums over each of its N tiles.

    Attributes:
        raw: [6, N, B, H, Q], by the names of ``_RAW``: the highest score of the tile in bits and,
            relative to it, the sum of the weights, of weights times scores and of weights times
            positions, and sum and norm of the scores.
        picked: [N, B, H, Q, 4], weights of the keys that are reported, relative to the largest of
            the tile.
        output: [B, Q, H, E] or None.
    """

    raw: Tensor
    picked: Tensor
    output: Tensor | None


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
    heads, key_heads, device = scores.query.shape[1], scores.key.shape[1], scores.query.device
    query = scores.query.to(exact) * (scores.scale / _NATS_PER_BIT)
    key = scores.key.to(exact)
    values = None if value is None else value.to(exact)
    sums = _empty(query, plan, values)
    group = heads // key_heads
    # An accelerator wants all heads at once.
    share = key_heads
    if device.type == "cpu":
        share = heads_per_task(group, key_heads, key.shape[2])
    tasks = []
    for strip in plan.strips:
        for low in range(0, key_heads, share):
            mine = slice(low, min(low + share, key_heads))
            span = slice(mine.start * group, mine.stop * group)
            inputs = _Inputs(
                query[strip.text, span, strip.start : strip.stop].unflatten(0, (-1, group)),
                key[strip.text, mine],
                None if values is None else values[strip.text, mine],
                None if scores.softcap is None else scores.softcap / _NATS_PER_BIT,
                _bias(scores.bias, strip, span),
            )
            tasks.append(partial(_reduce_strip, inputs, strip, span, sums))
    run_tasks(tasks, device)
    rows = _finish(sums, plan, scores.sinks)
    if sums.output is None or value is None:
        return rows, None
    return rows, _scaled(sums.output, plan, rows.outside).to(value.dtype)


def _empty(query: Tensor, plan: Plan, value: Tensor | None) -> _Sums:
    """Return sums of tiles that nobody sees."""
    batch, heads, queries, _ = query.shape
    raw = query.new_zeros(len(_RAW), len(plan.starts), batch, heads, queries)
    raw[_RAW.index("top")] = HIDDEN
    output = None if value is None else query.new_zeros(batch, queries, heads, value.shape[-1])
    return _Sums(raw, query.new_zeros(*raw.shape[1:], 4), output)


def _bias(bias: Tensor | None, strip: Strip, span: slice) -> Tensor | None:
    """Return the part of ``bias`` for one strip of one text: [heads or 1, R, K]."""
    if bias is None:
        return None
    heads = span if bias.shape[1] > 1 else slice(None)
    return bias[strip.text if len(bias) > 1 else 0, heads, strip.start : strip.stop]


@dataclass(frozen=True)
class _Inputs:
    """One strip: N key heads, each shared by S query heads.

    query [N, S, R, D] already scaled to bits, as is softcap; key [N, K, D], value [N, K, E], bias
    [N · S or 1, R, K] in nats.
    """

    query: Tensor
    key: Tensor
    value: Tensor | None
    softcap: float | None
    bias: Tensor | None


def _reduce_strip(inputs: _Inputs, strip: Strip, span: slice, sums: _Sums) -> None:
    """Write the sums of one strip and heads ``span``, and their output."""
    rows = slice(strip.start, strip.stop)
    sizes = inputs.query.shape[:-1]
    query = inputs.query.flatten(1, 2)
    raw = sums.raw[:, : len(strip.tiles), strip.text, span, rows].unflatten(2, sizes[:2])
    # One room for all tiles, as new memory is slow, and numbers to count positions with.
    widest = max((tile.stop - tile.start for tile in strip.tiles), default=0)
    room = query.new_empty(2, query.shape[:2].numel() * widest)
    places = torch.arange(widest, dtype=query.dtype, device=query.device)
    outputs = []
    for number, tile in enumerate(strip.tiles):
        weights = _reduce_tile(inputs, query, tile, raw[:, number], room, places)
        if tile.columns is not None and tile.there is not None:
            found = weights.gather(-1, tile.columns.expand(*sizes, 4)) * tile.there
            sums.picked[number, strip.text, span, rows] = found.flatten(0, 1)
        if inputs.value is not None:
            outputs.append(weights.flatten(1, 2) @ inputs.value[:, tile.start : tile.stop])
    if outputs and sums.output is not None:
        mixed = _mix(outputs, raw).unflatten(1, sizes[1:]).flatten(0, 1)
        sums.output[strip.text, rows, span] = mixed.transpose(0, 1)


def _reduce_tile(
    inputs: _Inputs, query: Tensor, tile: Tile, raw: Tensor, room: Tensor, places: Tensor
) -> Tensor:
    """Write the sums of one tile into ``raw`` [6, N, S, R].

    Returns:
        Its weights [N, S, R, keys] relative to the largest of each row. They lie in ``room``, as
        the scores do.
    """
    top, mass, score, position, total, norm = raw
    keys = inputs.key[:, tile.start : tile.stop]
    sizes = (*query.shape[:2], tile.stop - tile.start)
    scores, weights = (part[: math.prod(sizes)].view(*top.shape, -1) for part in room)
    torch.bmm(query, keys.transpose(-1, -2), out=scores.view(sizes))
    if inputs.softcap is not None:
        scores.div_(inputs.softcap).tanh_().mul_(inputs.softcap)
    if inputs.bias is not None:
        bias = inputs.bias[..., tile.start : tile.stop]
        bias = bias.unflatten(0, top.shape[:2]) if len(bias) > 1 else bias
        scores.add_(bias, alpha=1 / _NATS_PER_BIT)
    _hide(scores, tile)
    torch.amax(scores, -1, out=top)
    scores -= top[..., None]
    torch.exp2(scores, out=weights)
    torch.sum(weights, -1, out=mass)
    position.copy_(weights @ places[: sizes[-1]])
    _leave_out(scores, tile)
    torch.sum(scores, -1, out=total)
    torch.linalg.vector_norm(scores, dim=-1, out=norm)
    torch.sum(scores.mul_(weights), -1, out=score)
    return weights


def _hide(scores: Tensor, tile: Tile) -> None:
    """Give keys that a query does not see a score that weighs nothing."""
    if tile.corner is not None:
        scores[..., -tile.corner.shield.shape[-1] :].add_(tile.corner.shield)
    elif tile.hidden is not None:
        scores[..., -tile.hidden.shape[-1] :].masked_fill_(tile.hidden, HIDDEN)


def _leave_out(scores: Tensor, tile: Tile) -> None:
    """Give them the score 0, so that they count in none of the sums."""
    if tile.corner is not None:
        scores[..., -tile.corner.shown.shape[-1] :].mul_(tile.corner.shown)
    elif tile.hidden is not None:
        scores[..., -tile.hidden.shape[-1] :].masked_fill_(tile.hidden, 0)


def _scales(above: Tensor, mass: Tensor) -> tuple[Tensor, Tensor]:
    """Return what turns the sums of each tile into parts of the whole row's mean.

    Args:
        above: [N, …], highest score of each tile less that of all; bits.
        mass: [N, …], sum of its weights relative to its largest.

    Returns:
        The factors [N, …], and the sum […] of all weights relative to the largest, in bits.
    """
    relative = above.exp2()
    whole = (relative * mass).sum(0)
    return relative / whole, whole.log2()


def _mix(outputs: list[Tensor], raw: Tensor) -> Tensor:
    """Add the outputs [N, S · R, E] of the tiles up."""
    parts = _scales(raw[0] - raw[0].amax(0), raw[1])[0].flatten(2)[..., None]
    mixed = outputs[0].mul_(parts[0])
    for part, output in zip(parts[1:], outputs[1:], strict=True):
        mixed.addcmul_(output, part)
    return mixed


def _finish(sums: _Sums, plan: Plan, sinks: Tensor | None) -> AttentionRows:
    """Join the tiles of every query and turn their sums into what ``AttentionRows`` promises."""
    top, mass, score, position, total, norm = sums.raw
    best = top.amax(0)
    above = top - best
    scale, level = _scales(above, mass)
    own = torch.arange(level.shape[-1], device=level.device)
    near = (scale[..., None] * sums.picked).sum(0).unbind(-1)
    found = dict(zip(("first", "itself", "previous", "marked"), near, strict=True))
    outside = torch.zeros_like(level)
    if sinks is not None:
        ours = _NATS_PER_BIT * (level + best)
        outside = torch.sigmoid(sinks.to(level.dtype)[:, None] - ours)
        found = {name: weight * (1 - outside) for name, weight in found.items()}
    start = plan.first.to(level.device)[:, None, None]
    found["previous"] = found["previous"].masked_fill(own <= start, torch.nan)
    entropy = (level - (scale * (score + above * mass)).sum(0)).clamp_(min=0)
    counts = plan.counts[:, :, None].to(above.dtype)
    found |= {
        "entropy": _NATS_PER_BIT * entropy,
        "distance": own - (scale * (position + plan.starts[:, :, None] * mass)).sum(0),
        "spread": _NATS_PER_BIT * _spread(total, norm, above, counts),
        "outside": outside,
    }
    blind = (plan.visible == 0)[:, None]
    if bool(blind.any()):
        found = {name: array.masked_fill(blind, torch.nan) for name, array in found.items()}
    return AttentionRows(**{name: array.float() for name, array in found.items()})


def _spread(total: Tensor, norm: Tensor, above: Tensor, count: Tensor) -> Tensor:
    """Return the norm of the scores about their mean, from sums per tile (Chan et al., 1979)."""
    own = total / count.clamp(min=1)
    mean = (count * (own + above)).sum(0) / count.sum(0)
    within = norm.square() - total * own
    between = count * (own + above - mean).square()
    return (within.clamp(min=0) + between).sum(0).sqrt()


def _scaled(output: Tensor, plan: Plan, outside: Tensor) -> Tensor:
    """Take the sink's share out of the output, and everything from queries that see nothing."""
    keep = torch.where((plan.visible == 0)[:, None], 0, 1 - outside).to(output.dtype)
    return output if bool((keep == 1).all()) else output * keep.transpose(1, 2)[..., None]
