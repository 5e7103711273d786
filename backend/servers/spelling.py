"""Where the tokens of a server stand in a text, from their bytes where it tells them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..models.alignment import Alignment, align_bytes, align_spans
from .dialects import Seen

_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_WIDEST = 4
"""Characters that a token of unknown text may stand for, when those after it are looked for."""


@dataclass(frozen=True, eq=False)
class Spelled:
    """Tokens in a text; fields as those of a ``TokenizedRun``."""

    text: str
    tokens: list[str]
    offsets: np.ndarray
    groups: np.ndarray
    special: np.ndarray
    exact: bool


def spell(tokens: Sequence[Seen], given: str | None) -> Spelled:
    """Return where ``tokens`` stand.

    Args:
        tokens: at least one. An empty first one is what is missing at the start of ``given``.
        given: the text they were made of; None for a text that they made.

    Returns:
        A token that is a part of a character shares the span of that character with its others.
        Tokens in front that the text does not have, such as a beginning of sequence, are special.
    """
    pieces = [each.text.encode() if each.piece is None else each.piece for each in tokens]
    wanted = b"" if given is None else given.encode("utf-8", "replace")
    rest = b"".join(pieces)
    if not pieces[0] and rest and wanted.endswith(rest):
        pieces[0] = wanted[: len(wanted) - len(rest)]
    whole = b"".join(pieces)
    shown = [each.decode("utf-8", "replace") for each in pieces]
    text = whole.decode("utf-8", "replace")
    aligned = align_bytes(pieces, text) if whole.endswith(wanted) else None
    if aligned is not None:
        ends = np.cumsum([len(each) for each in pieces])
        lead = len(whole) - len(wanted) if given is not None else 0
        special = (ends <= lead) & (lead > 0)
        return _spelled(text, shown, aligned, special, exact=True)
    nothing = np.zeros(len(shown), bool)
    if given is None:
        text, ends = "".join(shown), np.cumsum([0, *map(len, shown)]).tolist()
        aligned = align_spans(list(pairwise(ends)), len(text))
        return _spelled(text, shown, aligned, nothing, exact=False)
    return _spelled(given, shown, _by_text(shown, given), nothing, exact=False)


def _spelled(
    text: str, shown: list[str], aligned: Alignment, special: np.ndarray, *, exact: bool
) -> Spelled:
    return Spelled(text, shown, aligned.offsets, aligned.groups, special, exact)


def _by_text(shown: list[str], given: str) -> Alignment:
    """Place tokens by what they look like; unknown ones share what lies between two others."""
    spans: list[tuple[int, int] | None] = []
    at = unknown = 0
    for each in shown:
        known = each != "" and _UNKNOWN not in each
        start = given.find(each, at, at + _WIDEST * unknown + len(each)) if known else -1
        if start < 0:
            unknown += 1
            spans.append(None)
            continue
        unknown, at = 0, start + len(each)
        spans.append((start, at))
    found: list[tuple[int, int]] = []
    for place, span in enumerate(spans):
        before = next((each[1] for each in reversed(spans[:place]) if each), 0)
        after = next((each[0] for each in spans[place:] if each), len(given))
        found.append(span or (before, after))
    return align_spans(found, len(given))
