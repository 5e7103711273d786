"""What Ctrl+K finds beside pages and saved runs: examples, terms and what is added."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .base import LENSES
from .descriptors import mathml
from .glossary import Term, glossary

Source = Callable[[], Iterable[dict[str, Any]]]
SOURCES: list[Source] = []
"""What else is found: each returns entries ``{group, title, note, words, open}``.

``words`` are searched too and not shown. ``open`` says what a press does: ``{"kind": …}`` shows the
page of a lens, ``{"page": "group/name"}`` a page, both with ``"ask": {"do": …}`` for the server if
there is more to it; ``{"query": "…"}`` is what an address says after its question mark.
"""


def source(function: Source) -> Source:
    """Add a source; a decorator."""
    SOURCES.append(function)
    return function


def everything() -> dict[str, Any]:
    """Return ``{"entries": …, "terms": …}``: the latter with formulas as MathML."""
    entries = [each for add in SOURCES for each in add()]
    return {"entries": entries, "terms": [_plain(each) for each in glossary()]}


@source
def examples() -> Iterable[dict[str, Any]]:
    """Return the shipped example of every lens."""
    for kind in LENSES:
        for each in LENSES[kind].examples:
            yield {
                "group": "Example",
                "title": each.title,
                "note": f"{LENSES[kind].title} · {each.note}",
                "words": " ".join(str(value) for value in each.fields.values())[:400],
                "open": {"kind": kind, "ask": {"do": "open", "example": each.name}},
            }


def _plain(term: Term) -> dict[str, Any]:
    return {
        "name": term.name,
        "also": list(term.also),
        "meaning": term.meaning,
        "mathml": mathml(term.formula),
        "source": term.source,
        "lenses": list(term.lenses),
        "alone": term.alone,
    }
