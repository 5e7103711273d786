"""What two texts have in common, in order: a longest common subsequence of their words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

# Scripts without spaces between words are compared letter by letter. A space belongs to the word
# behind it, as most tokenizers have it.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf" ?[{_UNSPACED}]| ?[^\W{_UNSPACED}]+| ?[^\w\s]|\s")

_LARGEST = 64_000_000
"""Pairs of words up to which the subsequence is the longest; one byte each."""

_ADJOINING = 1
"""Characters that two words next to each other in both texts are worth more than apart."""


@dataclass(frozen=True)
class Shared:
    """A piece of text that two texts have: ``length`` characters from ``a`` and from ``b``."""

    a: int
    b: int
    length: int


def shared_text(a: str, b: str) -> list[Shared]:
    """Return the pieces that two texts have in common, in the order of both.

    Words are matched so that as many characters as possible are shared. What differs between two
    matches is shared as far as it begins and ends alike, such as "boat" and "boats".
    """
    words_a, words_b = _WORD.findall(a), _WORD.findall(b)
    ends_a, ends_b = _ends(words_a), _ends(words_b)
    found: list[Shared] = []
    at_a = at_b = 0
    matches = [*_matches(words_a, words_b), (len(words_a), len(words_b), 0)]
    for word_a, word_b, count in matches:
        start_a, start_b = ends_a[word_a], ends_b[word_b]
        found += _alike(a[at_a:start_a], b[at_b:start_b], at_a, at_b)
        at_a, at_b = ends_a[word_a + count], ends_b[word_b + count]
        found.append(Shared(start_a, start_b, at_a - start_a))
    return _joined(found)


def words_changed(a: str, b: str) -> tuple[int, int]:
    """Return how many words of ``a`` are not in ``b``, and of ``b`` not in ``a``, in order."""
    words_a, words_b = _WORD.findall(a), _WORD.findall(b)
    same = sum(count for _, _, count in _matches(words_a, words_b))
    return len(words_a) - same, len(words_b) - same


def _matches(a: list[str], b: list[str]) -> list[tuple[int, int, int]]:
    """Return runs of equal words as (place in a, place in b, how many)."""
    front = _equal(a, b)
    back = _equal(a[front:][::-1], b[front:][::-1])
    middle_a, middle_b = a[front : len(a) - back], b[front : len(b) - back]
    if len(middle_a) * len(middle_b) > _LARGEST:
        blocks = SequenceMatcher(None, middle_a, middle_b).get_matching_blocks()
        between = [(each.a, each.b, each.size) for each in blocks]
    else:
        between = [(i, j, 1) for i, j in _longest(middle_a, middle_b)]
    return [
        (0, 0, front),
        *((front + i, front + j, count) for i, j, count in between),
        (len(a) - back, len(b) - back, back),
    ]


def _longest(a: list[str], b: list[str]) -> list[tuple[int, int]]:
    """Return the pairs of a common subsequence that shares the most characters.

    ``best`` is what can be shared by the words so far, and ``matched`` the same where the last two
    words are a pair: then a pair right behind it adjoins.
    """
    if not a or not b:
        return []
    ids = {word: number for number, word in enumerate(dict.fromkeys([*a, *b]))}
    columns = np.array([ids[word] for word in b], np.int32)
    best, matched = np.zeros((2, len(b) + 1), np.int32)
    steps = np.empty((len(a), len(b)), np.uint8)
    for row, word in enumerate(a):
        adjoining = (matched[:-1] > 0) & (matched[:-1] + _ADJOINING >= best[:-1])
        pair = np.where(adjoining, matched[:-1] + _ADJOINING, best[:-1]) + len(word)
        now = np.zeros_like(matched)
        now[1:] = np.where(columns == ids[word], pair, 0)
        new = np.maximum.accumulate(np.maximum(best, now))
        steps[row] = (
            (new[1:] == best[1:]) * _UP + (new[1:] == new[:-1]) * _LEFT + adjoining * _ADJOINS
        )
        best, matched = new, now
    return _walked_back(steps)


_UP, _LEFT, _ADJOINS = 1, 2, 4


def _walked_back(steps: np.ndarray) -> list[tuple[int, int]]:
    row, column = steps.shape[0] - 1, steps.shape[1] - 1
    pairs: list[tuple[int, int]] = []
    must = False  # the pair behind it counted on this one
    while row >= 0 and column >= 0:
        step = int(steps[row, column])
        if not must and step & _UP:
            row -= 1
        elif not must and step & _LEFT:
            column -= 1
        else:
            pairs.append((row, column))
            must = bool(step & _ADJOINS)
            row, column = row - 1, column - 1
    return pairs[::-1]


def _alike(a: str, b: str, start_a: int, start_b: int) -> list[Shared]:
    """Return how far two pieces begin and end alike."""
    front = _equal(a, b)
    back = _equal(a[front:][::-1], b[front:][::-1])
    return [
        Shared(start_a, start_b, front),
        Shared(start_a + len(a) - back, start_b + len(b) - back, back),
    ]


def _joined(pieces: list[Shared]) -> list[Shared]:
    joined: list[Shared] = []
    for piece in filter(lambda each: each.length, pieces):
        last = joined[-1] if joined else None
        if last and (last.a + last.length, last.b + last.length) == (piece.a, piece.b):
            joined[-1] = Shared(last.a, last.b, last.length + piece.length)
        else:
            joined.append(piece)
    return joined


def _ends(words: list[str]) -> list[int]:
    """Return where every word begins, and the end of the last."""
    return [0, *np.cumsum([len(word) for word in words]).tolist()]


def _equal(a: list[str] | str, b: list[str] | str) -> int:
    """Return how many characters or words the beginnings share."""
    low, high = 0, min(len(a), len(b))
    while low < high:  # halving compares whole slices, far faster than one by one
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle - 1)
    return low
