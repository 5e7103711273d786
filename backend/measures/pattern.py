"""The attention pattern of one head, row by row: the only place that holds T × T numbers."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .attention import Scores

_ROWS = 256


def pattern(
    scores: Scores, visible: Tensor | None, head: int, start: int = 0, stop: int | None = None
) -> Tensor:
    """Return the weights of one head for queries ``start`` … ``stop`` − 1, float32 [rows, K].

    Keys that a query does not see have 0, also where it sees none.

    Args:
        scores: of the layer; the first text of the batch is taken.
        visible: bool [B, 1 or H, Q, K]; None when query *i* sees keys 0 … *i*.
        head: number of the query head.
        start: the first query.
        stop: after the last query; None for all.
    """
    stop = scores.query.shape[2] if stop is None else stop
    blocks = range(start, stop, _ROWS)
    return torch.cat([_rows(scores, visible, head, at, min(at + _ROWS, stop)) for at in blocks])


def pooled_pattern(scores: Scores, visible: Tensor | None, head: int, cells: int) -> Tensor:
    """Return the largest weight in each of about ``cells`` × ``cells`` square fields, float32.

    Fields are squares of ceil(T / cells) queries by as many keys; those at the edge are smaller.
    """
    queries, keys = scores.query.shape[2], scores.key.shape[2]
    width = -(-queries // cells)
    fields = []
    for start in range(0, queries, width):
        strip = pattern(scores, visible, head, start, min(start + width, queries)).amax(0)
        strip = functional.pad(strip, (0, -keys % width))
        fields.append(strip.view(-1, width).amax(1))
    return torch.stack(fields)


def causal_patterns(query: Tensor, key: Tensor, scale: float, start: int, stop: int) -> Tensor:
    """Return the weights of all heads for queries ``start`` … ``stop`` − 1 that see what is before.

    Args:
        query: [H, T, D].
        key: [G, T, D]; H is a multiple of G, and heads in a row share a key head.
        scale: factor on q·k.
        start: the first query.
        stop: after the last query.

    Returns:
        float32 [H, stop − start, stop]: keys that none of these queries sees are left out.
    """
    rows = query[:, start:stop].float() * scale
    grouped = rows.unflatten(0, (len(key), -1)).flatten(1, 2)
    scores = (grouped @ key[:, :stop].float().mT).view(len(query), stop - start, stop)
    later = torch.ones(stop - start, stop - start, dtype=torch.bool, device=rows.device).triu(1)
    scores[:, :, start:].masked_fill_(later, -torch.inf)
    return scores.softmax(-1)


def _rows(scores: Scores, visible: Tensor | None, head: int, start: int, stop: int) -> Tensor:
    group = scores.query.shape[1] // scores.key.shape[1]
    query = scores.query[0, head, start:stop].float() * scores.scale
    row = query @ scores.key[0, head // group].float().T
    if scores.softcap is not None:
        row = (row / scores.softcap).tanh() * scores.softcap
    if scores.bias is not None:
        row = row + _of_head(scores.bias, head)[start:stop]
    if visible is None:
        own = torch.arange(start, stop, device=row.device)
        shown = torch.arange(row.shape[1], device=row.device) <= own[:, None]
    else:
        shown = _of_head(visible, head)[start:stop]
    row = row.masked_fill(~shown, -torch.inf)
    if scores.sinks is not None:
        sink = scores.sinks[head].float().expand(len(row), 1)
        weights = torch.cat([row, sink], 1).softmax(-1)[:, :-1]
    else:
        weights = row.softmax(-1)
    return weights.masked_fill(~shown, 0)  # a query that sees no key would have NaN


def _of_head(planes: Tensor, head: int) -> Tensor:
    return planes[0, head if planes.shape[1] > 1 else 0]
