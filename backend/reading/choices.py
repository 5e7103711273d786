"""Which of a few words a model would say next, however it writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..progress import Report, ignore
from .continuations import Ids, behind, next_log_probabilities

if TYPE_CHECKING:
    from ..models.language import LanguageModel


def letter_forms(letter: str) -> list[str]:
    """Return the ways in which a letter is written as an answer: with and without a space."""
    return [f" {letter}", letter]


def word_forms(word: str) -> list[str]:
    """Return the ways in which a word is written: small, Capital, CAPITALS, each with a space too.

    The way it was given comes first.
    """
    cases = dict.fromkeys((word, word.lower(), word.capitalize(), word.upper()))
    return [f"{space}{each}" for space in (" ", "") for each in cases]


def forms_as_tokens(model: LanguageModel, forms: Sequence[Sequence[str]]) -> list[list[int]]:
    """Return, for every word, the single tokens that are one of its forms.

    Raises:
        InputError: a word has none, or two words share one.
    """
    found = []
    for own in forms:
        ids = [behind(model, each) for each in own]
        single = sorted({int(each[0]) for each in ids if len(each) == 1})
        if not single:
            raise InputError(
                f"{model.facts.name} has no single token for {own[0].strip()!r}, so that one step "
                "does not say how likely it is."
            )
        found.append(single)
    every = [each for single in found for each in single]
    if len(set(every)) < len(every):
        raise InputError("Two of the answers begin with the same token; choose others.")
    return found


def next_words(
    model: LanguageModel,
    context: Ids,
    tails: Sequence[Ids],
    forms: Sequence[Sequence[str]],
    report: Report = ignore,
) -> np.ndarray:
    """Return log p that each of W words comes right after the context and each of N tails.

    Args:
        model: to read with.
        context: token ids, at least one.
        tails: N lists of ids that follow it.
        forms: the ways in which every word is written; those of a single token count.
        report: hears of every layer, and may stop the reading.

    Returns:
        float32 [N, W], nats, under the whole vocabulary.

    Raises:
        InputError: a word has no single token, or two share one.
    """
    tokens = forms_as_tokens(model, forms)
    flat = [each for own in tokens for each in own]
    logprobs = next_log_probabilities(model, context, tails, flat, report)
    ends = np.cumsum([len(own) for own in tokens])[:-1]
    parts = np.split(logprobs.astype(np.float64), ends, axis=1)
    return np.stack([np.logaddexp.reduce(each, 1) for each in parts], 1).astype(np.float32)


def check_options(
    options: Sequence[str], low: int, high: int, *, what: str = "options", apart: bool = False
) -> None:
    """Refuse a list of options that makes no question.

    Args:
        options: as a reader wrote them.
        low: the fewest there may be.
        high: the most.
        what: they are called.
        apart: whether one may be the beginning of another; its probability would hold the other's.

    Raises:
        InputError: with the reason in one line.
    """
    if not low <= len(options) <= high:
        raise InputError(f"There are {len(options)} {what}; give {low} to {high}, one a row.")
    plain = [" ".join(each.split()) for each in options]
    if not all(plain):
        raise InputError(f"One of the {what} is empty; write something in every row.")
    for place, each in enumerate(plain):
        if each in plain[:place]:
            raise InputError(f"{each!r} is there twice; every one of the {what} has to differ.")
        longer = next((other for other in plain if other != each and other.startswith(each)), None)
        if apart and longer:
            raise InputError(
                f"{each!r} is the beginning of {longer!r}, so that its probability would hold the "
                "other's; write them so that they differ from the start."
            )
