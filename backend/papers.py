"""The papers that Entroscope makes visible: the table of all, and what lenses claim of them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .errors import EntroscopeError
from .lenses import LENSES, Lens, Paper
from .lenses.looks import look_of
from .storage.examples import EXAMPLES
from .storage.files import load_run

TABLE = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Entry:
    """A paper, whether or not a lens shows its claim yet.

    Attributes:
        lens: where it is, or will be, seen: group or family, and lens.
        question: what it is about, as a reader would ask.
    """

    number: int
    title: str
    citation: str
    lens: str
    question: str


@dataclass(frozen=True)
class Finding:
    """What a lens says of a paper, held against its shipped run.

    Attributes:
        found: the figure, made from the run; NaN where it cannot be made.
        ok: whether it is as near to the expected one as the lens says.
    """

    lens: Lens
    paper: Paper
    found: float
    ok: bool

    @property
    def look(self) -> str:
        """Where it is seen, as an address."""
        return str(look_of(self.lens, self.paper))


@cache
def entries() -> tuple[Entry, ...]:
    """Return all papers, by number."""
    found = json.loads(TABLE.read_text("utf-8"))
    return tuple(sorted((Entry(**each) for each in found), key=lambda each: each.number))


def declared() -> Iterator[tuple[Lens, Paper]]:
    """Yield what lenses declare, in their order."""
    for kind in LENSES:
        for paper in LENSES[kind].papers:
            yield LENSES[kind], paper


@cache
def findings() -> dict[int, tuple[Finding, ...]]:
    """Return what is found of every paper that a lens shows, by number; takes a second."""
    found: dict[int, tuple[Finding, ...]] = {}
    for lens, paper in declared():
        found[paper.number] = (*found.get(paper.number, ()), finding_of(lens, paper))
    return found


def finding_of(lens: Lens, paper: Paper) -> Finding:
    """Hold what a lens says of a paper against its run."""
    try:
        value = float(paper.found(load_run(EXAMPLES / f"{paper.example}.safetensors")))
    except (ArithmeticError, EntroscopeError, LookupError, TypeError, ValueError):
        value = math.nan  # a run without the figure does not bear it out
    near = paper.expected is None or abs(value - paper.expected) <= paper.tolerance
    return Finding(lens, paper, value, math.isfinite(value) and near)


def plain() -> list[dict[str, Any]]:
    """Return all papers with what is found of them, one row a claim, ready for JSON.

    ``ok`` is None where no lens shows the paper yet; ``lens`` then names the one that is missing.
    """
    return [row for entry in entries() for row in _rows(entry)]


def _rows(entry: Entry) -> list[dict[str, Any]]:
    shared = ("number", "title", "citation", "question")
    about = {name: getattr(entry, name) for name in shared}
    none = dict.fromkeys(("kind", "claim", "look", "expected", "tolerance", "found"))
    own = findings().get(entry.number)
    if not own:
        return [{**about, "lens": entry.lens, **none, "remark": "", "ok": None}]
    return [
        {
            **about,
            "lens": each.lens.title,
            "kind": each.lens.kind,
            "claim": each.paper.claim,
            "look": each.look,
            "expected": each.paper.expected,
            "tolerance": each.paper.tolerance,
            "found": each.found if math.isfinite(each.found) else None,
            "remark": each.paper.remark,
            "ok": each.ok,
        }
        for each in own
    ]
