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


@dataclass(frozen=True)
class Shared:
    """A piece of text that both runs read: ``length`` characters from ``a`` and from ``b``."""

    a: int
    b: int
    length: int


def align(a: TokenizedRun, b: TokenizedRun) -> Alignment:
    """Return the smallest common spans of what both runs read; none when they share no text.

    Texts that differ share a part when one contains the other, such as a question inside a chat
    template, and else where they begin and end alike. A beginning-of-sequence token that was put
    in front is no text. Tokens that reach outside the shared part are left out.
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


def shared_text(a: str, b: str) -> list[Shared]:
    """Return the pieces two texts have in common, by the rule of ``align``."""
    short, long = sorted((a, b), key=len)
    if short and (place := long.find(short)) >= 0:
        return [Shared(0, place, len(a)) if short is a else Shared(place, 0, len(b))]
    front = _common(a, b)
    back = min(_common(a[::-1], b[::-1]), len(short) - front)
    pieces = [Shared(0, 0, front), Shared(len(a) - back, len(b) - back, back)]
    return [each for each in pieces if each.length]


def sum_spans(values: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Return the sum of ``values`` [T] over ``spans`` [N, 2], float64 [N]; NaN if one is NaN."""
    return np.array([values[first:stop].sum(dtype=np.float64) for first, stop in spans], np.float64)


def _start(run: TokenizedRun) -> int:
    """Return where the reader's own text begins in the run's."""
    return int(run.offsets[0, 1]) if getattr(run.request, "add_bos", False) else 0


def _body(run: TokenizedRun) -> str:
    return run.text[_start(run) :]


def _common(a: str, b: str) -> int:
    """Return how many characters the beginnings share."""
    low, high = 0, min(len(a), len(b))
    while low < high:  # halving compares whole slices, far faster than character by character
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle - 1)
    return low


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
