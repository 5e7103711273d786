"""The T × T plane of one attention layer cut into tiles."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

# Measured on two cores, float32, head width 64: tasks of about 600 rows, the heads they work on
# counted together, and of few long tiles cost the least beside the two products. Short strips see
# few keys in vain; Python's threads wait for each other between operations, so that fewer and
# larger ones gain too.
_TASK_ROWS, _KEYS = 576, 2048
_STRIP_ROWS = 64
_ACCELERATED_ROWS = 256
TASK_SCORES = _TASK_ROWS * _KEYS
"""How many scores one thread holds at a time, at most."""
TASK_BYTES = 2 * TASK_SCORES * 4
"""What one thread holds in float32: the scores of a tile and their weights."""
# Score of a key that a query may not see. Finite, and so is its square: 0 · hidden is 0, not NaN.
HIDDEN = -1e18


@dataclass(frozen=True)
class Tile:
    """Keys ``start`` … ``stop`` − 1 as one strip of R queries sees them.

    Attributes:
        hidden: bool [R, C], True where a query does not see one of the last C keys; all others
            are seen. None when all see all.
        columns: integers [R, 4], where in the tile lie the first visible token of the text, the
            query's own, the one before it and the marked one; None where the tile has none.
        there: bool [R, 4], which of ``columns`` really lie in the tile.
        corner: ``hidden`` in numbers, where all strips share it.
    """

    start: int
    stop: int
    hidden: Tensor | None
    columns: Tensor | None
    there: Tensor | None
    corner: Corner | None = None


@dataclass(frozen=True)
class Corner:
    """What ``hidden`` says of a causal tile, in numbers: ten times as fast as filling by a mask.

    Attributes:
        shown: float32 [R, C], 1 where a query sees a key and 0 where not.
        shield: float32 [R, C], 0 where a query sees a key and ``HIDDEN`` where not.
    """

    shown: Tensor
    shield: Tensor

    def of(self, rows: int) -> Corner:
        """Return the corner of a strip that ends after so many queries."""
        return Corner(self.shown[:rows, :rows], self.shield[:rows, :rows])


@dataclass(frozen=True)
class Strip:
    """Queries ``start`` … ``stop`` − 1 of one text and the tiles in which they see anything."""

    text: int
    start: int
    stop: int
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Plan:
    """All strips of a layer.

    Attributes:
        strips: longest first, so that threads finish together.
        visible: integers [B, Q], how many keys each query sees.
        first: integers [B], the first key that any query of the text sees.
        starts: integers [N, B, Q], where the tiles of each query begin, N at most; 0 for none.
        counts: integers [N, B, Q], how many of their keys the query sees.
    """

    strips: tuple[Strip, ...]
    visible: Tensor
    first: Tensor
    starts: Tensor
    counts: Tensor


def plan_causal(batch: int, group: int, marked: Tensor) -> Plan:
    """Return the plan for query *i* seeing keys 0 … *i*.

    Args:
        batch: number of texts.
        group: how many heads share a key.
        marked: integers [Q], one more key whose weight every query reports; -1 for none.
    """
    queries, device = len(marked), marked.device
    rows = strip_rows(group, device)
    hidden = torch.ones(rows, rows, dtype=torch.bool, device=device).triu(1)
    corner = Corner((~hidden).float(), hidden * HIDDEN)
    strips = []
    for start in range(0, queries, rows):
        stop = min(start + rows, queries)
        wanted = _wanted(0, start, stop, marked)
        last = start - start % _KEYS
        tiles = [_tile(low, low + _KEYS, None, wanted) for low in range(0, last, _KEYS)]
        own = stop - start
        edge = _tile(last, stop, hidden[:own, :own], wanted)
        tiles.append(replace(edge, corner=corner.of(own)))
        strips += [Strip(text, start, stop, tuple(tiles)) for text in range(batch)]
    visible = torch.arange(1, queries + 1, device=device).expand(batch, queries)
    return _plan(strips, visible, torch.zeros(batch, dtype=torch.long))


def plan_masked(mask: Tensor, group: int, marked: Tensor) -> Plan:
    """Return the plan for ``mask``, bool [B, Q, K], True where a query sees a key.

    ``group`` and ``marked`` are as in ``plan_causal``.
    """
    batch, queries, _ = mask.shape
    rows = strip_rows(group, mask.device)
    # argmax of a text in which nothing is visible is 0 as well; its numbers are NaN anyway.
    first = mask.any(dim=1).int().argmax(-1).cpu()
    strips = []
    for text in range(batch):
        for start in range(0, queries, rows):
            stop = min(start + rows, queries)
            wanted = _wanted(int(first[text]), start, stop, marked)
            tiles = _masked_tiles(mask[text, start:stop], wanted)
            strips.append(Strip(text, start, stop, tuple(tiles)))
    return _plan(strips, mask.sum(-1), first)


def strip_rows(group: int, device: torch.device) -> int:
    """Return how many queries one strip has when ``group`` heads share a key."""
    if device.type != "cpu":  # an accelerator has no cache to stay in, but calls to save
        return _ACCELERATED_ROWS
    return min(_STRIP_ROWS, max(16, _TASK_ROWS // group))


def heads_per_task(group: int, key_heads: int, keys: int) -> int:
    """Return how many key heads, each shared by ``group`` heads, one task works on.

    Twice the rows where there are half the ``keys`` or fewer.
    """
    rows = min(2 * _TASK_ROWS, TASK_SCORES // min(keys, _KEYS))
    most = max(1, rows // (strip_rows(group, torch.device("cpu")) * group))
    return -(-key_heads // -(-key_heads // most))


def _masked_tiles(mask: Tensor, wanted: Tensor) -> list[Tile]:
    tiles = []
    for start in range(0, mask.shape[1], _KEYS):
        columns = mask[:, start : start + _KEYS].any(dim=0).nonzero()
        if len(columns) == 0:
            continue
        low, high = start + int(columns[0]), start + int(columns[-1]) + 1
        hidden = ~mask[:, low:high]
        anywhere = hidden.any(dim=0).nonzero()
        edge = hidden[:, int(anywhere[0]) :] if len(anywhere) else None
        tiles.append(_tile(low, high, edge, wanted))
    return tiles


def _wanted(first: int, start: int, stop: int, marked: Tensor) -> Tensor:
    """Return the keys whose weights the queries of a strip report, integers [R, 4]."""
    own = torch.arange(start, stop, device=marked.device)
    return torch.stack([torch.full_like(own, first), own, own - 1, marked[start:stop]], -1)


def _tile(start: int, stop: int, hidden: Tensor | None, wanted: Tensor) -> Tile:
    there = (wanted >= start) & (wanted < stop)
    if not bool(there.any()):
        return Tile(start, stop, hidden, None, None)
    return Tile(start, stop, hidden, (wanted - start).clamp(0, stop - start - 1), there)


def _plan(strips: list[Strip], visible: Tensor, first: Tensor) -> Plan:
    most = max(1, *(len(strip.tiles) for strip in strips))
    starts = visible.new_zeros(most, *visible.shape)
    counts = torch.zeros_like(starts)
    for strip in strips:
        for number, tile in enumerate(strip.tiles):
            place = (number, strip.text, slice(strip.start, strip.stop))
            hidden = 0 if tile.hidden is None else tile.hidden.sum(-1)
            starts[place] = tile.start
            counts[place] = tile.stop - tile.start - hidden
    longest_first = sorted(strips, key=lambda strip: -sum(t.stop - t.start for t in strip.tiles))
    return Plan(tuple(longest_first), visible, first, starts, counts)
