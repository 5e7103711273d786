"""Two runs over one text, or over texts that share a part, brought side by side.

Tokenizers cut a text differently. What can be compared is the *smallest common span*: the
shortest piece of text that is a whole number of tokens in both runs. Surprisal adds up along a
text, so the surprisal of a span is the sum over its tokens, whichever way it was cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..runs.base import TokenizedRun
from .diff import shared_text


@dataclass(frozen=True)
class Alignment:
    """N common spans in reading order.

    Attributes:
        a, b: int32 [N, 2]; first token of each span and the one after its last, in either run.
        texts: of each span, as run A has it.
    """

    a: np.ndarray
    b: np.ndarray
    texts: list[str]

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def single(self) -> np.ndarray:
        """Bool [N]: the span is one token in both runs."""
        return (np.diff(self.a)[:, 0] == 1) & (np.diff(self.b)[:, 0] == 1)


def align(a: TokenizedRun, b: TokenizedRun) -> Alignment:
    """Return the smallest common spans of what both runs read; none when they share no text.

    Texts that differ share what ``shared_text`` finds in both, in order. A beginning-of-sequence
    token that was put in front is no text. Tokens that reach outside a shared part are left out.
    """
    pairs = [
        pair
        for shared in shared_text(_body(a), _body(b))
        for pair in _spans(a, b, _start(a) + shared.a, _start(b) + shared.b, shared.length)
    ]
    spans = np.array(pairs, np.int32).reshape(-1, 4)
    texts = [
        a.text[int(a.offsets[first, 0]) : int(a.offsets[stop - 1, 1])]
        for first, stop in spans[:, :2]
    ]
    return Alignment(spans[:, :2], spans[:, 2:], texts)


def places(alignment: Alignment, a: TokenizedRun, b: TokenizedRun) -> np.ndarray:
    """Return both texts as one sequence: the common spans, and between them what only one has.

    Returns:
        int32 [P, 4]; first and stop in A, first and stop in B, equal where a run has nothing here.
        Tokens of only one run stand one by one, pieces of one character together, A's before B's.
    """
    found: list[tuple[int, int, int, int]] = []
    at_a = at_b = 0
    ends = np.array([[len(a), len(a), len(b), len(b)]], np.int32)
    spans = np.concatenate([np.concatenate([alignment.a, alignment.b], 1), ends])
    for first_a, stop_a, first_b, stop_b in spans.tolist():
        found += [(first, stop, at_b, at_b) for first, stop in _pieces(a, at_a, first_a)]
        found += [(first_a, first_a, first, stop) for first, stop in _pieces(b, at_b, first_b)]
        found.append((first_a, stop_a, first_b, stop_b))
        at_a, at_b = stop_a, stop_b
    return np.array(found[:-1], np.int32).reshape(-1, 4)


def _pieces(run: TokenizedRun, first: int, stop: int) -> list[tuple[int, int]]:
    """Return the tokens from ``first`` to before ``stop``, pieces of one character together."""
    if first == stop:
        return []
    inner = np.flatnonzero(np.diff(run.groups[first:stop])) + first + 1
    return list(pairwise([first, *inner.tolist(), stop]))


def _start(run: TokenizedRun) -> int:
    """Return where the reader's own text begins in the run's."""
    return int(run.offsets[0, 1]) if getattr(run.request, "add_bos", False) else 0


def _body(run: TokenizedRun) -> str:
    return run.text[_start(run) :]


def _spans(
    a: TokenizedRun, b: TokenizedRun, start_a: int, start_b: int, length: int
) -> list[tuple[int, int, int, int]]:
    """Return (first, stop, first, stop) of the common spans in one shared piece."""
    cuts_a, cuts_b = _cuts(a, start_a, length), _cuts(b, start_b, length)
    common, i, j = [], 0, 0
    while i < len(cuts_a) and j < len(cuts_b):
        (low_a, high_a, token_a), (low_b, high_b, token_b) = cuts_a[i], cuts_b[j]
        if low_a <= high_b and low_b <= high_a:
            common.append((token_a, token_b))
            i, j = i + 1, j + 1
        elif high_a < low_b:
            i += 1
        else:
            j += 1
    return [
        (first_a, stop_a, first_b, stop_b)
        for (first_a, first_b), (stop_a, stop_b) in pairwise(common)
        if stop_a > first_a and stop_b > first_b
    ]


def _cuts(run: TokenizedRun, start: int, length: int) -> list[tuple[int, int, int]]:
    """Return where tokens meet, as (low, high, token after): the cut may lie anywhere between.

    White space that a tokenizer drops leaves such a gap. Characters count from ``start``; cuts
    outside the piece are left out.
    """
    ends = np.maximum.accumulate(np.concatenate([[0], run.offsets[:, 1]]))
    starts = np.append(run.offsets[:, 0], max(len(run.text), int(ends[-1])))
    meet = ends <= starts
    low, high = ends - start, starts - start
    inside = meet & (high >= 0) & (low <= length)
    return [(int(low[token]), int(high[token]), int(token)) for token in np.flatnonzero(inside)]
