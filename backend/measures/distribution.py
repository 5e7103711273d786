"""Numbers of next-token distributions over the full vocabulary, straight from logits.

Everything is in nats and computed in float32 with the largest logit of the row taken off first,
so that neither huge logits nor a common offset cost precision. Logits of −inf are tokens of
probability 0 and contribute nothing. A row without a finite largest logit has no distribution:
its numbers are NaN.

Sources: the streaming moments follow the log-sum-exp tiling of "Cut Your Losses in
Large-Vocabulary Language Models" (Wijmans et al., 2024); definitions are in docs/measures.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

CURVE_EDGES = 64
"""The cumulative curve has edges at 0, 1, … 63 nats."""

# 2^−115 is nothing in float32 beside 2^0, its moments too; and it is not yet denormal.
_FLOOR_BITS = -115.0
_NATS_PER_BIT = math.log(2)
_GROUP = 64
# Rows are taken in parts that stay in the processor's cache, and all parts use the same room: new
# memory from the system costs more than what is computed in it (measured: 2× faster together).
_PART_BYTES = 4 * 2**20


@dataclass(frozen=True)
class Moments:
    """What the whole vocabulary has to say about R rows.

    Attributes:
        peak: float32 [R, 1]; the largest logit.
        log_sum: float32 [R]; log Σ exp(logit − peak), the surprisal of the most likely token.
        entropy: float32 [R]; nats.
        varentropy: float32 [R]; nats².
    """

    peak: Tensor
    log_sum: Tensor
    entropy: Tensor
    varentropy: Tensor


@dataclass(frozen=True)
class Distribution:
    """Everything a text study keeps of R predictions.

    Attributes:
        entropy, varentropy, surprisal: float32 [R]; nats, nats², nats.
        rank: float32 [R]; 1 is the most likely token, ties go to the lower id.
        top_ids: int32 [R, k].
        top_logprobs: float32 [R, k]; nats.
        curve_counts: int32 [R, CURVE_EDGES] or None; tokens of at most that surprisal.
        curve_mass: float32 [R, CURVE_EDGES] or None; their probability.
    """

    entropy: Tensor
    varentropy: Tensor
    surprisal: Tensor
    rank: Tensor
    top_ids: Tensor
    top_logprobs: Tensor
    curve_counts: Tensor | None = None
    curve_mass: Tensor | None = None


def moments(logits: Tensor, room: Tensor | None = None) -> Moments:
    """Return peak, normaliser, entropy and varentropy of ``logits`` [R, V].

    ``room``, float32 [2, at least R, V], is overwritten.
    """
    logits = logits.float()
    if room is None:
        room = logits.new_empty(2, *logits.shape)
    shifted, weight = room[:, : len(logits)]
    peak = logits.amax(-1, keepdim=True)
    # In bits from here: exp2 costs a third of exp. Not torch.softmax: its faster exp costs 30
    # times the error (measured on real logits).
    torch.sub(logits, peak, out=shifted).mul_(1 / _NATS_PER_BIT).clamp_(min=_FLOOR_BITS)
    torch.exp2(shifted, out=weight)
    total = weight.sum(-1)
    log_sum = total.log()
    mean = torch.linalg.vecdot(weight, shifted) / total
    entropy = (log_sum - _NATS_PER_BIT * mean).clamp_(min=0)
    # Centred before squaring: the difference of raw moments loses four digits.
    shifted -= mean[:, None]
    varentropy = torch.linalg.vecdot(weight.mul_(shifted), shifted) / total
    return Moments(peak, log_sum, entropy, _NATS_PER_BIT**2 * varentropy)


def entropy(logits: Tensor) -> Tensor:
    """Return the Shannon entropy of every row of ``logits`` [..., V] in nats, float32 [...]."""
    return moments(logits.reshape(-1, logits.shape[-1])).entropy.reshape(logits.shape[:-1])


def log_probabilities(logits: Tensor, ids: Tensor, of: Moments) -> Tensor:
    """Return log p of ``ids`` [R, k] under ``logits`` [R, V], whose moments are ``of``; nats."""
    return logits.gather(-1, ids).float() - of.peak - of.log_sum[:, None]


def rank(logits: Tensor, targets: Tensor, best: Tensor | None = None) -> Tensor:
    """Return the place of ``targets`` [R] among the rows of ``logits`` [R, V], float32 [R].

    1 is the most likely token; of equally likely tokens the one with the lower id comes first.
    ``best`` are the ids that ``top`` gives, [R, k], if they are known: most targets are there.
    """
    if best is not None:
        return _rank_among(logits, targets, best)
    score = logits.gather(-1, targets[:, None])
    # Counting in float32 is 3× faster than in bool, and exact below 2²⁴ tokens.
    flags = torch.empty(logits.shape, dtype=torch.float32, device=logits.device)
    greater = torch.gt(logits, score, out=flags).sum(-1)
    tied = torch.ge(logits, score, out=flags).sum(-1) - greater > 1
    if tied.any():
        ids = torch.arange(logits.shape[-1], device=logits.device)
        before = (logits[tied] == score[tied]) & (ids < targets[tied, None])
        greater[tied] += before.sum(-1)
    return greater + 1


def top(logits: Tensor, count: int) -> Tensor:
    """Return the ids of the ``count`` largest of ``logits`` [R, V], int64 [R, min(count, V)].

    Largest first, ties by lower id. Only the groups of ids with the largest maxima are searched:
    whatever lies outside them is beaten by ``count`` maxima.
    """
    rows, size = logits.shape
    count, groups = min(count, size), size // _GROUP
    if groups <= count:
        return _largest(logits, torch.arange(size, device=logits.device).expand(rows, -1), count)
    numbers = torch.arange(groups, device=logits.device).expand(rows, -1)
    maxima = logits[:, : groups * _GROUP].unflatten(1, (groups, _GROUP)).amax(-1)
    first = _largest(maxima, numbers, count)[:, :, None] * _GROUP
    inside = (first + torch.arange(_GROUP, device=logits.device)).flatten(1)
    rest = torch.arange(groups * _GROUP, size, device=logits.device).expand(rows, -1)
    candidates = torch.cat([inside, rest], 1)
    return _largest(logits.gather(1, candidates), candidates, count)


def cumulative(logits: Tensor, of: Moments) -> tuple[Tensor, Tensor]:
    """Return how many tokens, and how much probability, lie within 0, 1, … nats of surprisal.

    Args:
        logits: [R, V].
        of: their moments.

    Returns:
        counts int32 [R, CURVE_EDGES] and mass float32 [R, CURVE_EDGES], exact, without sorting;
        on the CPU for logits of an Apple GPU.
    """
    log_probability = (logits.float() - of.peak) - of.log_sum[:, None]
    # One bin more than edges, for what is less likely than the last edge.
    bins = (-log_probability).ceil_().clamp_(0, CURVE_EDGES).long()
    zeros = log_probability.new_zeros(len(logits), CURVE_EDGES + 1)
    counts = zeros.scatter_add(1, bins, torch.ones_like(log_probability))
    mass = zeros.scatter_add(1, bins, log_probability.exp_())
    counts, mass = (with_64_bits(each)[:, :-1].double().cumsum(1) for each in (counts, mass))
    return counts.int(), mass.clamp_(max=1).float()


def with_64_bits(values: Tensor) -> Tensor:
    """Return ``values`` where float64 exists and int64 is sorted by all its bits.

    Apple GPUs have no float64, and older systems sort int64 on them as int32. The CPU shares
    their memory, so moving there costs little.
    """
    return values.cpu() if values.device.type == "mps" else values


def measure(logits: Tensor, targets: Tensor, top_k: int, *, curve: bool = False) -> Distribution:
    """Return everything at once for R predictions.

    Args:
        logits: [R, V] of any floating type, as the model gives them.
        targets: int64 [R], the tokens that came; on any device.
        top_k: how many of the most likely tokens to keep.
        curve: also the cumulative curve.
    """
    targets = targets.to(logits.device)
    parts = [
        _measure_part(logits[part], targets[part], top_k, curve, room)
        for part, room in in_parts(logits)
    ]
    return Distribution(**{each.name: _join(parts, each.name) for each in fields(Distribution)})


def in_parts(logits: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yield rows of ``logits`` [R, V] to measure at a time, with the room for their moments."""
    rows, size = logits.shape
    step = max(1, _PART_BYTES // (4 * size)) if logits.device.type == "cpu" else max(1, rows)
    room = torch.empty(2, min(step, rows), size, device=logits.device)
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows)), room


def _join(parts: list[Distribution], name: str) -> Any:
    column = [getattr(part, name) for part in parts]
    return None if column[0] is None else torch.cat(column)


def _measure_part(
    logits: Tensor, targets: Tensor, top_k: int, curve: bool, room: Tensor
) -> Distribution:
    logits = logits.float()
    whole = moments(logits, room)
    ids = top(logits, top_k)
    counts, mass = cumulative(logits, whole) if curve else (None, None)
    return Distribution(
        entropy=whole.entropy,
        varentropy=whole.varentropy,
        surprisal=-log_probabilities(logits, targets[:, None], whole)[:, 0],
        rank=rank(logits, targets, ids),
        top_ids=ids.int(),
        top_logprobs=log_probabilities(logits, ids, whole),
        curve_counts=counts,
        curve_mass=mass,
    )


def _rank_among(logits: Tensor, targets: Tensor, ids: Tensor) -> Tensor:
    """Return ``rank``, read off the ``ids`` of the most likely tokens where the target is there."""
    found = ids == targets[:, None]
    place = found.float().argmax(-1).float() + 1
    others = (~found.any(-1)).nonzero()[:, 0]
    if len(others):
        place[others] = rank(logits[others], targets[others])
    return place


def _largest(values: Tensor, ids: Tensor, count: int) -> Tensor:
    """Return the ``ids`` [R, count] of the largest ``values`` [R, N], ties by lower id."""
    # The bits of a float sort like a signed integer once those of negative numbers are flipped;
    # adding 0 makes −0 equal to 0.
    bits = (with_64_bits(values).float() + 0.0).view(torch.int32)
    ordered = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    keys = ordered.long() * 2**32 - ids.to(bits.device)
    return ids.gather(1, keys.topk(count, dim=1).indices.to(ids.device))
