"""What the browser is given to draw a strip: the text once, its numbers once, links once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np

from backend.runs.base import TokenizedRun
from backend.runs.text import TextRun

from ..browser.metric import Metric, numbers, spread
from ..browser.parcel import pack

SHARPEST_LINK = 255


@dataclass(frozen=True, eq=False)
class Links:
    """Weights from tokens to other tokens, such as one attention head's.

    Attributes:
        weights: float [R, T], 0 to 1; row r tells how much token ``rows[r]`` looks at each token.
        rows: int [R], the tokens that have a row; None means the first R.
        label: what a weight is, for people.
    """

    weights: np.ndarray = field(repr=False)
    rows: np.ndarray | None = field(default=None, repr=False)
    label: str = "attention weight"


_TEXTS: WeakKeyDictionary[TokenizedRun, bytes] = WeakKeyDictionary()


def text_parcel(run: TokenizedRun) -> bytes:
    """Return the tokens of ``run`` and, of a text run, what the model expected in their places."""
    if run not in _TEXTS:
        _TEXTS[run] = _pack_text(run)
    return _TEXTS[run]


def numbers_parcel(run: TokenizedRun, metrics: Sequence[Metric], spans: np.ndarray | None) -> bytes:
    """Return all values to show, those to colour by first, and the palettes they use."""
    also = [] if spans is not None else _told_by_the_run(run, metrics)
    header, arrays = numbers([spread(each, spans, len(run)) for each in metrics], also)
    if spans is not None:
        arrays["spans"] = spans.astype(np.int32)
    return pack(header, arrays)


def links_parcel(links: Links, length: int) -> bytes:
    """Return the weights as one byte each, on a square-root scale: for the picture only."""
    weights = np.nan_to_num(np.asarray(links.weights, dtype=np.float32), copy=False)
    rows = np.arange(len(weights)) if links.rows is None else np.asarray(links.rows)
    shades = np.rint(np.sqrt(np.clip(weights, 0.0, 1.0)) * SHARPEST_LINK).astype(np.uint8)
    row_of = np.full(length, -1, dtype=np.int32)
    row_of[rows] = np.arange(len(rows))
    return pack({"label": links.label}, {"shades": shades, "row_of": row_of})


def _pack_text(run: TokenizedRun) -> bytes:
    header: dict[str, object] = {"tokens": run.tokens, "characters": _characters(run)}
    arrays = {
        "ids": run.token_ids.astype(np.int32),
        "groups": run.groups.astype(np.int32),
        "special": run.special.astype(np.uint8),
    }
    if isinstance(run, TextRun):
        expected, place = np.unique(run.top_ids, return_inverse=True)
        header["expected"] = [run.vocabulary.get(str(each), "") for each in expected.tolist()]
        header["vocabulary_size"] = run.model.vocab_size
        arrays |= {
            "expected_ids": expected.astype(np.int32),
            "top": place.astype(np.uint16 if expected.size < 65_536 else np.uint32),
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


def _told_by_the_run(run: TokenizedRun, metrics: Sequence[Metric]) -> list[Metric]:
    """Return the numbers that every card shows and that ``metrics`` does not hold already."""
    if not isinstance(run, TextRun):
        return []
    given = {metric.key: metric for metric in metrics}
    surprisal = given.get("surprisal") or Metric("surprisal", "Surprisal", run.surprisal, "nats")
    told = [
        Metric("probability", "Probability", 100 * np.exp(-run.surprisal), "%", 0, 100),
        Metric("log_probability", "Log-probability", -np.asarray(surprisal.values), surprisal.unit),
        Metric("rank", "Rank", run.rank, scale="rank"),
    ]
    return [metric for metric in told if metric.key not in given]
