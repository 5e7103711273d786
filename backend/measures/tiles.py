"""The T × T plane of one attention layer cut into tiles, and threads that work through them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

# Measured on two cores, float32, head width 64: strips of about 400 query rows (heads that share
# a key counted together) and tiles of 2,048 keys cost the least beside the two products.
_ROWS, _KEYS = 384, 2048
# Score of a key that a query may not see. Finite, and so is its square: 0 · hidden is 0, not NaN.
HIDDEN = -1e18


@dataclass(frozen=True)
class Tile:
    """Keys ``start`` … ``stop`` − 1 as one strip of R queries sees them.

    Attributes:
        shown: [R, keys], 1 where a query sees a key and 0 where not; None when all see all.
        columns: integers [R, 4], where in the tile lie the first visible token of the text, the
            query's own, the one before it and the marked one; None where the tile has none.
        there: bool [R, 4], which of ``columns`` really lie in the tile.
    """

    start: int
    stop: int
    shown: Tensor | None
    columns: Tensor | None
    there: Tensor | None


@dataclass(frozen=True)
class Strip:
    """Queries ``start`` … ``stop`` − 1 of one text and the tiles in which they see anything.

    ``counts`` [tiles, R] says how many keys of each tile each query sees, ``starts`` [tiles] where
    the tiles begin.
    """

    text: int
    start: int
    stop: int
    tiles: tuple[Tile, ...]
    counts: Tensor
    starts: Tensor


@dataclass(frozen=True)
class Plan:
    """All strips of a layer.

    Attributes:
        strips: longest first, so that threads finish together.
        visible: integers [B, Q], how many keys each query sees.
        first: integers [B], the first key that any query of the text sees.
    """

    strips: tuple[Strip, ...]
    visible: Tensor
    first: Tensor


def plan_causal(batch: int, group: int, marked: Tensor) -> Plan:
    """Return the plan for query *i* seeing keys 0 … *i*.

    Args:
        batch: number of texts.
        group: how many heads share a key.
        marked: integers [Q], one more key whose weight every query reports; -1 for none.
    """
    rows, queries, device = strip_rows(group), len(marked), marked.device
    corner = torch.ones(rows, rows, device=device).tril()
    strips = []
    for start in range(0, queries, rows):
        stop = min(start + rows, queries)
        wanted = _wanted(0, start, stop, marked)
        cuts = [(at, min(at + _KEYS, start)) for at in range(0, start, _KEYS)]
        tiles = [_tile(low, high, None, wanted) for low, high in cuts]
        tiles.append(_tile(start, stop, corner[: stop - start, : stop - start], wanted))
        strips += [_strip(text, start, stop, tiles, device) for text in range(batch)]
    visible = torch.arange(1, queries + 1, device=device).expand(batch, queries)
    return Plan(_longest_first(strips), visible, torch.zeros(batch, dtype=torch.long))


def plan_masked(mask: Tensor, group: int, marked: Tensor) -> Plan:
    """Return the plan for ``mask``, bool [B, Q, K], True where a query sees a key.

    ``group`` and ``marked`` are as in ``plan_causal``.
    """
    batch, queries, _ = mask.shape
    rows = strip_rows(group)
    # argmax of a text in which nothing is visible is 0 as well; its numbers are NaN anyway.
    first = mask.any(dim=1).int().argmax(-1).cpu()
    strips = []
    for text in range(batch):
        for start in range(0, queries, rows):
            stop = min(start + rows, queries)
            wanted = _wanted(int(first[text]), start, stop, marked)
            tiles = _masked_tiles(mask[text, start:stop], wanted)
            strips.append(_strip(text, start, stop, tiles, mask.device))
    return Plan(_longest_first(strips), mask.sum(-1), first)


def strip_rows(group: int) -> int:
    """Return how many queries one strip has when ``group`` heads share a key."""
    return min(128, max(16, _ROWS // group))


def _masked_tiles(mask: Tensor, wanted: Tensor) -> list[Tile]:
    tiles = []
    for start in range(0, mask.shape[1], _KEYS):
        columns = mask[:, start : start + _KEYS].any(dim=0).nonzero()
        if len(columns) == 0:
            continue
        low, high = start + int(columns[0]), start + int(columns[-1]) + 1
        part = mask[:, low:high]
        tiles.append(_tile(low, high, None if bool(part.all()) else part, wanted))
    return tiles


def _wanted(first: int, start: int, stop: int, marked: Tensor) -> Tensor:
    """Return the keys whose weights the queries of a strip report, integers [R, 4]."""
    own = torch.arange(start, stop, device=marked.device)
    return torch.stack([torch.full_like(own, first), own, own - 1, marked[start:stop]], -1)


def _tile(start: int, stop: int, shown: Tensor | None, wanted: Tensor) -> Tile:
    there = (wanted >= start) & (wanted < stop)
    if not bool(there.any()):
        return Tile(start, stop, shown, None, None)
    return Tile(start, stop, shown, (wanted - start).clamp(0, stop - start - 1), there)


def _strip(text: int, start: int, stop: int, tiles: list[Tile], device: torch.device) -> Strip:
    counts = torch.zeros(len(tiles), stop - start, device=device)
    for row, tile in zip(counts, tiles, strict=True):
        row[:] = tile.stop - tile.start if tile.shown is None else tile.shown.sum(-1)
    starts = torch.tensor([tile.start for tile in tiles], device=device)
    return Strip(text, start, stop, tuple(tiles), counts, starts)


def _longest_first(strips: Iterable[Strip]) -> tuple[Strip, ...]:
    return tuple(sorted(strips, key=lambda strip: -sum(t.stop - t.start for t in strip.tiles)))


def run_tasks(tasks: list[Callable[[], None]], device: torch.device) -> None:
    """Run ``tasks`` on as many threads as torch may use; on an accelerator, one after the other.

    One thread per task, and no threads inside a task: small products gain more from staying on
    one core than from being shared out.
    """
    if device.type != "cpu":
        for task in tasks:
            task()
        return
    for done in [_threads(torch.get_num_threads()).submit(_quietly, task) for task in tasks]:
        done.result()


@cache
def _threads(count: int) -> ThreadPoolExecutor:
    # The number of threads an operation may use belongs to the thread that calls it.
    return ThreadPoolExecutor(
        count, thread_name_prefix="tiles", initializer=torch.set_num_threads, initargs=(1,)
    )


def _quietly(task: Callable[[], None]) -> None:
    with torch.inference_mode():
        task()
