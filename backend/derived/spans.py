"""Numbers of words, sentences and lines, gathered from the tokens of a stored text run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import InputError
from ..runs.base import TokenizedRun
from ..runs.text import TextRun

Level = Literal["word", "sentence", "line"]

# White space goes with the word or sentence after it, a line break with the line it ends.
# Han and kana are written without spaces: each character, punctuation behind it, is a word.
_PIECES = {
    "word": re.compile(
        r"\s*(?:[\u3040-\u30ff\u3400-\u9fff][\u3001-\u303f\uff01-\uff65]*"
        r"|[^\s\u3040-\u30ff\u3400-\u9fff]+)"
    ),
    "sentence": re.compile(
        r"""\S.*?(?:[.!?…]+["'”’»)\]]*(?=\s|\Z)|[。！？]+[」』”’]*|(?=\n\s*\n)|\Z)""", re.DOTALL
    ),
    "line": re.compile(r"[^\n]*\n|[^\n]+"),
}


@dataclass(frozen=True)
class Spans:
    """A text of T tokens cut into N pieces.

    Attributes:
        of_token: int32 [T], non-decreasing; which piece each token belongs to.
        texts: the text of the tokens of each piece.
    """

    of_token: np.ndarray
    texts: list[str]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class SpanNumbers:
    """One number a piece; nats. Only scored tokens count, and a piece with none has NaN.

    So the sums of a text's first piece lack its first token; ``scored`` < ``tokens`` shows it.

    Attributes:
        tokens, scored: int64 [N]; all tokens, and those with a prediction.
        surprisal: float64 [N]; the sum, which is the surprisal of the piece as a whole.
        entropy: float64 [N]; the mean over tokens.
        peak_entropy: float64 [N]; the largest.
        gap: float64 [N]; sum of surprisal − entropy.
    """

    tokens: np.ndarray
    scored: np.ndarray
    surprisal: np.ndarray
    entropy: np.ndarray
    peak_entropy: np.ndarray
    gap: np.ndarray


def split(run: TokenizedRun, level: Level) -> Spans:
    """Cut a text at word, sentence or line boundaries.

    A word is what stands between white space; a control token is a word by itself. A sentence
    ends with . ! ? … before white space, with 。！？, or before an empty line, so that an
    abbreviation ends one too. A token belongs to the piece that holds its first character that
    is not white space, or to that of its first character when there is no other.
    """
    if level not in _PIECES:
        raise InputError(f"The level is 'word', 'sentence' or 'line', not {level!r}.")
    cuts = [match.start() for match in _PIECES[level].finditer(run.text)]
    if level == "word":
        cuts = sorted({*cuts, *run.offsets[run.special].ravel().tolist()})
    anchors = np.fromiter(_anchors(run), np.int64, len(run))
    pieces = np.searchsorted(np.array(cuts), anchors, side="right")
    # Cuts without a token of their own (both halves are in one token) leave no gap in the count.
    of_token = np.unique(pieces, return_inverse=True)[1].astype(np.int32)
    return Spans(of_token, list(_texts(run, of_token)))


def gather(run: TextRun, spans: Spans) -> SpanNumbers:
    """Return the numbers of every piece of ``spans``, which must be of the same text."""
    count, of_token = len(spans), spans.of_token
    known = np.isfinite(run.entropy)
    scored = np.bincount(of_token[known], minlength=count)
    some = np.where(scored > 0, 1.0, np.nan)

    def total(values: np.ndarray) -> np.ndarray:
        return some * np.bincount(of_token[known], values[known], minlength=count)

    peak = np.full(count, -np.inf)
    np.maximum.at(peak, of_token[known], run.entropy[known])
    return SpanNumbers(
        tokens=np.bincount(of_token, minlength=count),
        scored=scored,
        surprisal=total(run.surprisal),
        entropy=total(run.entropy) / np.maximum(scored, 1),
        peak_entropy=some * np.where(scored > 0, peak, 0),
        gap=total(run.surprisal - run.entropy),
    )


def _anchors(run: TokenizedRun) -> Iterator[int]:
    for start, end in run.offsets.tolist():
        piece = run.text[start:end]
        yield start + (len(piece) - len(piece.lstrip()) if piece.strip() else 0)


def _texts(run: TokenizedRun, of_token: np.ndarray) -> Iterator[str]:
    first = np.flatnonzero(np.diff(of_token, prepend=-1))
    last = np.append(first[1:], len(run)) - 1
    for start, end in zip(run.offsets[first, 0], run.offsets[last, 1], strict=True):
        yield run.text[start:end]
