"""A tail behind every beginning of a context, and behind the context without one of its parts.

The context is read once and kept; each row goes on from where it leaves it, so that what rows have
in common is not read again. Parts are tokenised apart and joined as ids: whatever is left out, the
others have the same tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

from ..models.self_test import reads_blocks
from ..progress import Progress, Report, ignore
from .batches import batch_cost, plan_batches
from .continuations import padded

if TYPE_CHECKING:
    from ..models.language import LanguageModel

Row = tuple[Literal["behind", "without"], int]
"""The tail behind the first so many parts, or behind all parts but the one of this number."""


def rows_of(parts: Sequence[np.ndarray], tail: np.ndarray, done: int) -> dict[Row, np.ndarray]:
    """Return what is read behind the first ``done`` parts, by row.

    The context without its last part is a beginning of it, and no row by itself.
    """
    found: dict[Row, np.ndarray] = {("behind", done): tail}
    if done < len(parts) - 1:
        found["without", done] = np.concatenate([*parts[done + 1 :], tail])
    return found


def tokens_read(parts: Sequence[np.ndarray], tail: np.ndarray) -> int:
    """Return how many tokens ``read_leaving_out`` reads."""
    places = range(len(parts) + 1)
    behind = sum(len(ids) for done in places for ids in rows_of(parts, tail, done).values())
    return behind + sum(map(len, parts))


@torch.inference_mode()
def read_leaving_out(
    model: LanguageModel,
    parts: Sequence[np.ndarray],
    tail: np.ndarray,
    report: Report = ignore,
) -> Iterator[tuple[Row, Tensor]]:
    """Read ``tail`` in all rows.

    Args:
        model: to read with.
        parts: ids of each part of the context, int [n], none of them empty.
        tail: ids [m], at least one.
        report: hears of every row, and may stop the reading.

    Yields:
        Each row of ``rows_of`` with the hidden states of the tail, [m, D].

    Raises:
        CancelledError: ``report`` said so.
    """
    total, read = tokens_read(parts, tail), 0
    longest = sum(map(len, parts)) + len(tail)
    turns = model.rereads_after is not None and longest > model.rereads_after
    apart = turns or not reads_blocks(model)
    past = model.new_past()
    for done in range(len(parts) + 1):
        rows = list(rows_of(parts, tail, done).items())
        lengths = {place: len(ids) for place, (_, ids) in enumerate(rows)}
        batches = [[each] for each in lengths]
        if not apart:
            batches = plan_batches(lengths, batch_cost(model))
        for batch in batches:
            ids = padded([rows[place][1] for place in batch])
            behind = done and not apart
            if apart and done:  # models that cannot go on from what they have read
                before = torch.from_numpy(np.concatenate(parts[:done])).long()
                ids = torch.cat([before.expand(len(ids), -1), ids], 1)
            chosen = torch.zeros(len(batch), dtype=torch.long)
            with past.branched(chosen) if behind else nullcontext():
                hidden = model.hidden_states(ids, past=past if behind else None)
            for place, states in zip(batch, hidden, strict=True):
                end = ids.shape[1] if apart else lengths[place]
                yield rows[place][0], states[end - len(tail) : end]
                read += lengths[place]
            report(Progress(read, total, f"Reading behind {done} of {len(parts)} sentences"))
        if done < len(parts) and not apart:
            model.hidden_states(torch.from_numpy(parts[done]).long()[None], past=past)
            read += len(parts[done])
