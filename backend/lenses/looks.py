"""Where to look: a page and the state of it, written as its address is.

``tokens?example=text_fact&token=32`` is what a link holds behind the address of the app. A look
that is written by hand may name the picture along the text by ``panel=…`` and what that panel lets
one choose by its parameter: the address of a lens holds both, and longer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

from ..errors import InputError
from .base import LENSES, Lens, Paper
from .panels.picture import Picture

MOST_CHARACTERS = 6_000
MOST_FIELDS = 60

_PAGE = re.compile(r"[a-z0-9_]{0,64}")


@dataclass(frozen=True)
class Look:
    """A page by the name in its address, and what stands behind the question mark."""

    page: str
    query: Mapping[str, str]

    def __str__(self) -> str:
        query = urlencode(self.query, quote_via=quote)
        return f"{self.page}?{query}" if query else self.page


def read_look(text: str) -> Look:
    """Read a look; it is untrusted, and what it names may not exist.

    Raises:
        InputError: too long, no address, or a name stands there twice.
    """
    page, _, written = text.partition("?")
    try:
        pairs = parse_qsl(
            written, keep_blank_values=True, strict_parsing=bool(written), errors="strict",
            max_num_fields=MOST_FIELDS,
        )  # fmt: skip
    except ValueError as error:
        raise InputError("A step names no place to look at.") from error
    if len(text) > MOST_CHARACTERS or not _PAGE.fullmatch(page) or len(dict(pairs)) < len(pairs):
        raise InputError("A step names no place to look at.")
    return Look(page, _in_full(page, dict(pairs)))


def look_of(lens: Lens, paper: Paper) -> Look:
    """Return where the claim of a paper is seen."""
    return read_look(f"{lens.file}?example={paper.example}&{paper.look}".rstrip("&"))


def _in_full(page: str, query: dict[str, str]) -> dict[str, str]:
    """Write ``panel`` and what it lets one choose as the browser does."""
    if "panel" not in query:
        return query
    lens = next((LENSES[kind] for kind in LENSES if LENSES[kind].file == page), None)
    panel = lens.panel(query["panel"]) if lens else None
    if lens is None or panel is None:
        raise InputError(f"There is no panel {query['panel']!r} on the page {page!r}.")
    known = {each.parameter for each in panel.choices()} if isinstance(panel, Picture) else set()
    chosen = {name: value for name, value in query.items() if name in known}
    rest = {name: value for name, value in query.items() if name != "panel" and name not in known}
    more = {"choices": json.dumps({panel.name: chosen})} if chosen else {}
    return {**rest, "tab": json.dumps({lens.kind: panel.name}), **more}
