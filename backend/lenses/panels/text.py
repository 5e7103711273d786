"""The text of a run, as every strip draws it and every inspector names its tokens."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...derived import spans
from ...runs.base import TokenizedRun
from ...runs.text import TextRun
from ..parcel import pack

LEVELS: tuple[spans.Level, ...] = ("word", "sentence")


def text_parcel(run: TokenizedRun) -> bytes:
    """Return the tokens of ``run`` and, of a text run, what the model expected in their places."""
    header: dict[str, Any] = {"tokens": run.tokens, "characters": _characters(run)}
    arrays = {
        "ids": run.token_ids.astype(np.int32),
        "groups": run.groups.astype(np.int32),
        "special": run.special.astype(np.uint8),
    }
    arrays |= {level: spans.split(run, level).of_token.astype(np.int32) for level in LEVELS}
    if isinstance(run, TextRun):
        expected, place = np.unique(run.top_ids, return_inverse=True)
        header["expected"] = [run.vocabulary.get(str(each), "") for each in expected.tolist()]
        header["bytes"] = run.pieces
        header["vocabulary_size"] = run.model.vocab_size
        arrays |= {
            "expected_ids": expected.astype(np.int32),
            "top": place.astype(np.uint32),
            "top_logprobs": run.top_logprobs.astype(np.float32),
            "surprisal": run.surprisal.astype(np.float32),
            "rank": run.rank.astype(np.float32),
        }
    return pack(header, arrays)


def _characters(run: TokenizedRun) -> dict[int, str]:
    """Return the whole character of every group of several pieces, by its first piece."""
    first = np.flatnonzero(np.diff(run.groups, prepend=run.groups[:1] - 1))
    last = np.append(first[1:], len(run)) - 1
    several = last > first
    return {
        int(start): run.text[run.offsets[start, 0] : run.offsets[end, 1]]
        for start, end in zip(first[several], last[several], strict=True)
    }
