"""Answers as numbers that name nobody: a histogram, and what was said how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ..runs import Run, TextRun
from .answers import Answer, in_words, least_of
from .questions import AskedQuestion

MOST_WORDS = 24
"""Words that are listed, the most frequent first."""
MOST_OPTIONS = 40


def tally_of(question: AskedQuestion, run: Run | None, answers: Iterable[Answer]) -> dict[str, Any]:
    """Return all answers together, ready for JSON.

    Of words: ``nats`` holds the surprisal of each that the run lists, sorted; ``beyond`` counts
    the others, all over ``least`` nats; ``came`` is the surprisal of what came. Of places:
    ``options`` holds label, count and whether it is right, the most frequent first; the right ones
    are always there.
    """
    given = list(answers)
    found: dict[str, Any] = {"count": len(given), "right": sum(each.right for each in given)}
    if question.kind == "word":
        return found | _of_words(question, run, given)
    return found | {"options": _options(question, run, given)}


def words_of(answers: Iterable[Answer]) -> list[list[Any]]:
    """Return ``[word, count, nats]`` of words, the most frequent first; for the teacher alone."""
    given = list(answers)
    known = {each.value: each for each in given}
    common = Counter(each.value for each in given).most_common()
    common.sort(key=lambda each: (-each[1], each[0]))
    return [[known[value].label, count, known[value].nats] for value, count in common[:MOST_WORDS]]


def _of_words(question: AskedQuestion, run: Run | None, given: list[Answer]) -> dict[str, Any]:
    text = run if isinstance(run, TextRun) else None
    return {
        "nats": sorted(round(each.nats, 3) for each in given if each.nats is not None),
        "beyond": sum(each.nats is None for each in given),
        "least": None if text is None else round(least_of(text, question.cover), 3),
        "came": None if text is None else round(float(text.surprisal[question.cover]), 3),
        "word": None if text is None else text.tokens[question.cover].strip(),
    }


def _options(question: AskedQuestion, run: Run | None, given: list[Answer]) -> list[list[Any]]:
    counts = Counter((each.label, each.right) for each in given)
    for each in question.answers:
        counts.setdefault((in_words(each, run), True), 0)
    common = sorted(counts.items(), key=lambda each: (-each[1], each[0][0]))
    return [[label, count, right] for (label, right), count in common[:MOST_OPTIONS]]
