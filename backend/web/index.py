"""What Ctrl+K finds beside pages, lessons and saved runs: examples, papers and terms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import papers
from ..lenses import LENSES
from ..lenses.descriptors import mathml
from ..lenses.glossary import Term, glossary
from ..lenses.looks import look_of


def everything() -> dict[str, Any]:
    """Return ``{"entries": …, "terms": …}``, ready for JSON; terms have formulas as MathML.

    An entry is ``{group, title, note, words, open}``. Its ``words`` are searched too and not shown.
    ``open`` says what a press does: ``{"look": …}`` goes to an address below that of the app, and
    there to a ``"place"`` by its id; ``{"kind": …}`` goes to the page of a lens, with ``"ask"`` for
    what the server does before.
    """
    entries = [*_examples(), *_papers()]
    return {"entries": entries, "terms": [_plain(each) for each in glossary()]}


def _examples() -> Iterator[dict[str, Any]]:
    for kind in LENSES:
        for each in LENSES[kind].examples:
            yield {
                "group": "Example",
                "title": each.title,
                "note": f"{LENSES[kind].title} · {each.note}",
                "words": " ".join(str(value) for value in each.fields.values())[:400],
                "open": {"kind": kind, "ask": {"do": "open", "example": each.name}},
            }


def _papers() -> Iterator[dict[str, Any]]:
    looks = {paper.number: str(look_of(lens, paper)) for lens, paper in papers.declared()}
    for each in papers.entries():
        seen = looks.get(each.number)
        atlas = {"look": "papers", "place": f"paper-{each.number}"}
        yield {
            "group": "Paper",
            "title": each.title,
            "note": each.question if seen else f"not seen here yet · {each.question}",
            "words": f"{each.number} {each.citation} {each.lens}",
            "open": {"look": seen} if seen else atlas,
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
