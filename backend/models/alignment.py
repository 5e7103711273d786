"""Which characters of a text each token stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Alignment:
    """Spans and groups of T tokens.

    A group is the smallest run of tokens that starts and ends between two characters. Most
    groups are one token. The byte pieces of an emoji are one group; so are the pieces of two
    neighbouring characters when one token holds the end of the first and the start of the
    second. Every token of a group carries the span of the whole group.

    Attributes:
        offsets: int32 [T, 2], in characters.
        groups: int32 [T], counting from 0.
    """

    offsets: np.ndarray
    groups: np.ndarray


def align_bytes(pieces: list[bytes], text: str) -> Alignment | None:
    """Align tokens that spell ``text`` byte by byte.

    SentencePiece may put one space in front that the text does not have; it gets no character.

    Returns:
        None when the pieces do not spell the text, because a normaliser changed it or a
        character was unknown.
    """
    encoded = text.encode()
    joined = b"".join(pieces)
    if joined not in (encoded, b" " + encoded):
        return None
    extra = len(joined) - len(encoded)
    starts_character = (np.frombuffer(encoded, np.uint8) & 0xC0) != 0x80
    boundary = np.append(starts_character, True)
    characters_before = np.concatenate([[0], np.cumsum(starts_character)])

    ends = np.maximum(np.cumsum([len(each) for each in pieces], dtype=np.int64) - extra, 0)
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    groups = np.concatenate([[0], np.cumsum(boundary[ends[:-1]])])[: len(pieces)]
    return _spread(characters_before[starts], characters_before[ends], groups)


def align_spans(spans: list[tuple[int, int]], length: int) -> Alignment:
    """Align tokens by the spans [T] a tokenizer reported for a text of ``length`` characters.

    Overlapping spans make one group. Characters that no token claims (a combining mark that
    normalisation merged into its letter) go with the group before them.
    """
    if not spans:
        return Alignment(np.zeros((0, 2), np.int32), np.zeros(0, np.int32))
    starts, ends = np.array(spans, np.int64).T
    reached = np.maximum.accumulate(ends)
    groups = np.concatenate([[0], np.cumsum(starts[1:] >= reached[:-1])])
    first = np.searchsorted(groups, np.arange(groups[-1] + 1))
    edges = np.append(starts[first], length)
    edges[0] = 0
    return _spread(edges[groups], edges[groups + 1], groups)


def _spread(starts: np.ndarray, ends: np.ndarray, groups: np.ndarray) -> Alignment:
    """Give every token the first start and the last end of its group."""
    first = np.searchsorted(groups, groups, side="left")
    last = np.searchsorted(groups, groups, side="right") - 1
    offsets = np.stack([starts[first], ends[last]], axis=1)
    return Alignment(offsets.astype(np.int32).reshape(-1, 2), groups.astype(np.int32))
