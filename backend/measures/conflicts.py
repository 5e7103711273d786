"""Where two answers agree and where they conflict, claim by claim, by a fixed rule of words.

The rule is ours: the paper on showing several answers (arXiv 2405.05581) names kinds of conflict
that no text we read lists. A claim is a sentence. Numbers, names and negations decide, in an order
that is part of the rule; no model judges.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

_FUNCTION = """a an the of in on at to and or is was were are be it its that this for with by from
as"""
FUNCTION_WORDS = frozenset(_FUNCTION.split())
NEGATIONS = frozenset(("not", "no", "never", "none", "without"))
LABELS = ("number", "negation", "name", "extra", "same", "wording", "unrelated")
"""Conflicts first, in the order in which they are tested."""

RELATED = 0.5
"""Overlap from which two claims speak of the same."""
_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?|[^\W\d_]+(?:['’][^\W\d_]+)?")
_END = re.compile(r"(?<=[.!?])[\"')\]”’]*\s+|\n+")

_NUMBERED = re.compile(r"\s*\d+\.")


def sentences(text: str) -> list[tuple[int, int]]:
    """Return where every sentence of a text begins and ends, white space around it left out.

    The number of a list belongs to what stands behind it.
    """
    found, start = [], 0
    for end in [*_END.finditer(text), None]:
        stop = len(text) if end is None else end.start()
        part = text[start:stop]
        if end is not None and _NUMBERED.fullmatch(part):
            continue
        if _TOKEN.search(part):
            before = len(part) - len(part.lstrip())
            found.append((start + before, start + before + len(part.strip())))
        start = stop if end is None else end.end()
    return found


@dataclass(frozen=True)
class Claim:
    """A sentence and what the rule looks at in it."""

    text: str

    @cached_property
    def tokens(self) -> list[tuple[int, int, str]]:
        """Start, end and kind of each token: "number", "name", "negation", "content" or ""."""
        found = []
        for place, match in enumerate(_TOKEN.finditer(self.text)):
            found.append((*match.span(), _kind(match[0], first=place == 0)))
        return found

    def of(self, *kinds: str) -> frozenset[str]:
        """Return the tokens of some kinds, as they are compared."""
        return frozenset(self.word(start, end) for start, end, kind in self.tokens if kind in kinds)

    def word(self, start: int, end: int) -> str:
        """Return a token as it is compared: in lower case, a number without its commas."""
        word = self.text[start:end].lower()
        return word.replace(",", "") if word[0].isdigit() else word

    @property
    def content(self) -> frozenset[str]:
        """Words that are neither function words nor negations; names are among them."""
        return self.of("name", "content")

    @property
    def negated(self) -> bool:
        """Whether a negation stands in it."""
        return bool(self.of("negation"))


def _kind(token: str, *, first: bool) -> str:
    word = token.lower().replace("’", "'")
    if token[0].isdigit():
        return "number"
    if word in NEGATIONS or word.endswith("n't"):
        return "negation"
    if word in FUNCTION_WORDS:
        return ""
    return "name" if token[0].isupper() and not first else "content"


def overlap(one: Claim, other: Claim) -> float:
    """Return the share of the shorter claim's content that both have."""
    shared = len(one.content & other.content)
    return shared / max(1, min(len(one.content), len(other.content)))


def label(one: Claim, other: Claim) -> str:
    """Return how two claims stand to each other: the first of ``LABELS`` that fits.

    "number", "name": both have some, and share none; "negation": one is negated; "extra": one
    says more; "same": the content is equal; "wording": other words; "unrelated": less than half of
    the content is shared.
    """
    if overlap(one, other) < RELATED:
        return "unrelated"
    numbers, names = ((one.of(kind), other.of(kind)) for kind in ("number", "name"))
    if numbers[0] and numbers[1] and not numbers[0] & numbers[1]:
        return "number"
    if one.negated != other.negated:
        return "negation"
    if names[0] and names[1] and not names[0] & names[1]:
        return "name"
    mine, others = one.content, other.content
    if numbers[0] != numbers[1] or names[0] != names[1] or mine < others or others < mine:
        return "extra"
    return "same" if mine == others else "wording"


def nearest(one: Claim, others: list[Claim]) -> tuple[int, float]:
    """Return the claim of another answer with the largest overlap, the first of equals, and it.

    −1 and 0 where there is none.
    """
    shared = [overlap(one, each) for each in others]
    best = max(range(len(shared)), key=shared.__getitem__, default=-1)
    return best, shared[best] if shared else 0.0


def marked(one: Claim, other: Claim) -> list[tuple[int, int]]:
    """Return the tokens of ``one`` that its label speaks of: start and end of each.

    Those in conflict; or, of claims that differ without one, what the other does not say.
    """
    how = label(one, other)
    if how in ("number", "negation", "name"):
        return [(start, end) for start, end, kind in one.tokens if kind == how]
    if how not in ("extra", "wording"):
        return []
    known = other.content | other.of("number")
    return [
        (start, end)
        for start, end, kind in one.tokens
        if kind in ("number", "name", "content") and one.word(start, end) not in known
    ]
