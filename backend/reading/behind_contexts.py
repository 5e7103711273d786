"""Continuations of contexts that begin alike: what they share is read once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..progress import Report, ignore
from .continuations import next_log_probabilities, score_ids, scoring_bytes, scoring_work

if TYPE_CHECKING:
    from ..models.language import LanguageModel

Pair = tuple[np.ndarray, np.ndarray]
"""Tokens of a context, one at least, and of what follows it."""

LONG = 32
"""First tokens that long contexts share, such as examples before a question."""

_NO_SPACE = ' \n\t"“„「『：'


def seam(context: str) -> str:
    """Return what stands between a context and the words behind it: a space, or nothing."""
    return "" if context.endswith(tuple(_NO_SPACE)) else " "


def score_behind(
    model: LanguageModel, pairs: Sequence[Pair], report: Report = ignore
) -> np.ndarray:
    """Return log p of each continuation behind its own context, float64 [N], nats.

    Contexts with the same first token are read as one: their common beginning once, the rest of
    each together with its continuation.

    Raises:
        InputError, OverBudgetError, CancelledError: as ``score_ids``.
    """
    found = np.full(len(pairs), np.nan)
    for places, context, tails in _groups(pairs):
        scored = score_ids(model, context, tails, report)
        for place, each in zip(places, scored, strict=True):
            own = each.logprobs[-len(pairs[place][1]) :]
            found[place] = own.sum(dtype=np.float64)
    return found


def next_behind(
    model: LanguageModel,
    contexts: Sequence[np.ndarray],
    candidates: np.ndarray,
    report: Report = ignore,
) -> np.ndarray:
    """Return log p of each candidate to come right after each context, float32 [N, K], nats.

    Contexts with the same first ``LONG`` tokens are read as one.

    Raises:
        InputError, OverBudgetError, CancelledError: as ``score_ids``.
    """
    found = np.full((len(contexts), len(candidates)), np.nan, np.float32)
    for places, context, tails in _groups([(each, candidates[:0]) for each in contexts], LONG):
        found[places] = next_log_probabilities(model, context, tails, candidates, report)
    return found


def behind_needs(
    model: LanguageModel, pairs: Sequence[Pair], beginning: int = 1
) -> tuple[int, float]:
    """Return peak bytes and multiplications of scoring ``pairs``.

    Args:
        model: to read with.
        pairs: contexts with what follows them.
        beginning: how many first tokens contexts share that are read as one.
    """
    needs = [
        (scoring_bytes(model, len(context), lengths), scoring_work(model, len(context), lengths))
        for context, lengths in (
            (context, [max(len(each) - 1, 0) for each in tails])
            for _, context, tails in _groups(pairs, beginning)
        )
    ]
    return max((each for each, _ in needs), default=0), sum(work for _, work in needs)


def _groups(
    pairs: Sequence[Pair], beginning: int = 1
) -> list[tuple[list[int], np.ndarray, list[np.ndarray]]]:
    """Return the places, the common beginning and the rest of all pairs that begin alike."""
    alike: dict[tuple[int, ...], list[int]] = {}
    for place, (context, _) in enumerate(pairs):
        alike.setdefault(tuple(context[:beginning].tolist()), []).append(place)
    found = []
    for places in alike.values():
        contexts = [pairs[place][0] for place in places]
        common = _common(contexts)
        rest = [np.concatenate([pairs[each][0][common:], pairs[each][1]]) for each in places]
        found.append((places, contexts[0][:common], rest))
    return found


def _common(rows: Sequence[np.ndarray]) -> int:
    """Return how many first tokens all rows have in common."""
    shortest = min(map(len, rows))
    same = np.all([each[:shortest] == rows[0][:shortest] for each in rows], axis=0)
    return shortest if same.all() else int(same.argmin())
