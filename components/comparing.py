"""Which two runs are compared: by the names an address has for them, and by what the reader asks.

A run is named "run:<key>", "example:<name>" or, of the pairs that ship for Compare, "pair:<name>".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.derived.alignments import OneText
from backend.derived.comparison import CompareRequest, Comparison, compare, is_between, turned
from backend.derived.diff import words_changed
from backend.errors import EntroscopeError, InputError
from backend.lenses import Lens
from backend.runs import DivergenceRequest, DivergenceRun, Request, Run, TextRun
from backend.storage.permalink import exact_request
from backend.storage.subject import subject

from . import checks, session
from .reading import Reading
from .source import Source

KIND = "compare"
PAIRS = {
    "garden": "Garden path and its plain version",
    "template": "Without and with the chat template",
    "dtype": "float32 and bfloat16",
    "rounded": "As bundled and rounded to 4 bits again",
}
"""The shipped pairs; the first is shown before anything was asked."""

FORMERLY = "dtype"
"""The pair whose side stands in for one that an older link leaves out."""

OTHER_WEIGHTS = (
    "The exact divergence was computed, but not between the models of these two runs: what this "
    "server loads under their names has other weights (revision, number type or rounding). The "
    "bounds from the runs themselves stay."
)
FEW_WORDS = 12
"""Words that an edit may change for "What changed" to be offered."""
_LONGEST = 20_000
_LINE = 300
_SAVED = "saved-"


@dataclass(frozen=True)
class Side:
    """One of the two runs."""

    choice: str
    content: str
    title: str
    text: str
    model: str
    lasting: bool

    def plain(self) -> dict[str, Any]:
        """Return what the browser is told of it."""
        return {
            "choice": self.choice, "title": self.title, "text": self.text, "model": self.model,
            "lasting": self.lasting,
        }  # fmt: skip


@dataclass(frozen=True)
class Pair(Reading):
    """Two runs of one kind as a reading: its one content is made of theirs.

    Attributes:
        a, b: the two runs.
        kind: of both.
        exact: what to ask for the exact divergence of their models; None where it is known, or
            tokens or models do not allow it.
        tables: names of those it can be had as.
        place: of both texts, pinned at first; None for the largest difference.
    """

    sides: tuple[Side, ...] = ()
    kind: str = ""
    exact: Request | None = None
    tables: tuple[str, ...] = ()
    place: int | None = None

    def more(self, source: Source) -> dict[str, Any]:
        seconds = source.estimate_seconds(self.exact) if self.exact else None
        return {
            "sides": [each.plain() for each in self.sides],
            "exact": {"seconds": seconds} if self.exact else None,
            "link": dict(self.address),
            "tables": list(self.tables),
            "place": self.place,
        }

    def arrived(self, source: Source, contents: Mapping[str, str]) -> Reading:
        """Return the pair with the divergence, or the other side, that a job brought."""
        a, b = (side.choice for side in self.sides)
        if self.kind in contents:
            return pair(source, a, f"run:{contents[self.kind]}", token=self.token)
        return pair(source, a, b, token=self.token, exact=contents.get("divergence"))


def pair(
    source: Source, a: str, b: str, *, token: int | None = None, exact: str | None = None
) -> Pair:
    """Return the pair of two choices, with the exact divergence where it is at hand.

    Args:
        source: of runs.
        a: as in an address.
        b: as in an address.
        token: of A, pinned at first; None for the largest difference.
        exact: content of a divergence that was just computed.

    Raises:
        InputError: a run is not here, or they are of two kinds.
    """
    runs = [found_run(source, choice, name) for choice, name in ((a, "A"), (b, "B"))]
    contents = [source.put_run(run) for run in runs]
    known = _divergence(source, (a, b), runs, exact)
    request = CompareRequest(
        a=contents[0], b=contents[1], divergence=source.put_run(known) if known else ""
    )
    made = compare(request, *runs, known)
    _ = made.meeting  # says at once where two runs have nothing in common
    sides = tuple(
        Side(
            choice, content, run.title, " ".join(subject(run.request)[:_LINE].split()),
            f"{run.model.name} · {run.model.dtype}", _lasts(source, choice),
        )
        for choice, content, run in zip((a, b), contents, runs, strict=True)
    )  # fmt: skip
    wanted = None if known else divergence_request(*runs)
    return Pair(
        subject=KIND, requests={KIND: request}, contents={KIND: request.content},
        address={"a": a, "b": b}, title=made.title, note=made.note, token=token, sides=sides,
        kind=runs[0].kind, exact=wanted, tables=tuple(made.tables()), place=_place(made, token),
    )  # fmt: skip


def _place(made: Comparison, token: int | None) -> int | None:
    """Return the place of both texts that holds a token of A; None for none."""
    if token is None or not isinstance(made.meeting, OneText):
        return None
    first, stop = made.meeting.places[:, :2].T
    found = np.flatnonzero((first <= token) & (token < stop))
    return int(found[0]) if found.size else None


def shipped(name: str) -> tuple[str, str]:
    """Return the choices of a shipped pair."""
    return f"pair:{name}_a", f"pair:{name}_b"


def first_pair(source: Source) -> Pair:
    """Return what is shown before anything was asked."""
    return pair(source, *shipped(next(iter(PAIRS))))


session.FIRST[KIND] = first_pair


def read(source: Source, said: Mapping[str, str]) -> None:
    """Take over the pair of an address; a shipped one where that is not here, with a note."""
    named = [said.get(side) for side in "ab"]
    if named == [None, None]:
        return
    usual = shipped(FORMERLY)
    try:
        a, b = (
            usual[side] if choice is None else checks.choice(choice)
            for side, choice in enumerate(named)
        )
        token = checks.index(said["token"]) if "token" in said else None
        session.show(pair(source, a, b, token=token))
    except (EntroscopeError, ValueError) as error:
        session.notice("info", f"{error} Until you choose another, you see a shipped pair.")


def examples() -> list[dict[str, Any]]:
    """Return the shipped pairs for the menu of examples."""
    return [
        {
            "name": name, "title": title, "note": "",
            "ask": {"do": KIND, **dict(zip("ab", shipped(name), strict=True))},
        }
        for name, title in PAIRS.items()
    ]  # fmt: skip


# Names of runs


def choice_now(source: Source, lens: Lens) -> str:
    """Return the choice that names what a lens shows.

    Raises:
        InputError: it shows nothing yet.
    """
    choice = choice_of(source, session.reading(source, lens), lens)
    if choice is None:
        raise InputError("There is nothing to compare yet.")
    return choice


def choice_of(source: Source, made: Reading, lens: Lens) -> str | None:
    """Return the choice that names the run of a lens for a reading: one that lasts, if there is."""
    content = made.contents.get(lens.kind)
    if content is None:
        request = made.request(lens)
        content = source.content_of(request.key) if request else None
    if content is None:
        return None
    run = source.run_of(content)
    if run is not None and "example" in made.address:
        for each in source.example_names():
            if each.kind == lens.kind and each.key == run.request.key:
                return f"example:{each.name}"
    key = made.address.get("run", "")
    if key.startswith(_SAVED) and lens.kind == session.main_kind(lens):
        return f"run:{key}"
    return f"run:{content}"


def was_edited(before: Reading | None, now: Reading, lens: Lens) -> bool:
    """Tell whether a reading is an edit of a few words of the one before, measured in both."""
    if before is None or not {lens.kind} <= before.contents.keys() & now.contents.keys():
        return False
    return few_words_changed(before.text, now.text)


def few_words_changed(before: str, now: str) -> bool:
    """Tell whether an edit left most of a text as it was, but changed something."""
    if before == now or max(len(before), len(now)) > _LONGEST:
        return False
    gone, new = words_changed(before, now)
    words = len(now.split())
    return 0 < max(gone, new) <= min(FEW_WORDS, max(words // 2, 2))


def found_run(source: Source, choice: str, name: str) -> Run:
    """Return the run of a choice.

    Raises:
        InputError: it is not here.
    """
    origin, _, key = choice.partition(":")
    found = None
    if origin == "run":
        found = source.find_run(key)
    elif origin == "example":
        found = source.example_run(key)
    elif origin == "pair":
        found = source.comparison_run(key)
    if found is None:
        raise InputError(f"Run {name} is not here: it was not saved, or not on this server.")
    return found


def _lasts(source: Source, choice: str) -> bool:
    return not choice.startswith("run:") or choice.startswith(f"run:{_SAVED}")


# Divergence


def divergence_request(a: Run, b: Run) -> DivergenceRequest | None:
    """Return what to ask for the exact divergence; None where tokens or models do not allow it."""
    if not (isinstance(a, TextRun) and isinstance(b, TextRun)):
        return None
    one, other = exact_request(a).model, exact_request(b).model
    if one == other or not np.array_equal(a.token_ids, b.token_ids):
        return None
    return DivergenceRequest(
        model=one, other=other, text=a.request.text, add_bos=a.request.add_bos,
        special_tokens=a.request.special_tokens,
    )  # fmt: skip


def _divergence(
    source: Source, choices: tuple[str, str], runs: list[Run], exact: str | None
) -> DivergenceRun | None:
    """Return the exact divergence between the weights of two runs, if it is at hand."""
    found = source.run_of(exact) if exact else _shipped_divergence(source, choices)
    request = divergence_request(*runs)
    if found is None and request is not None:
        known = source.content_of(request.key)
        found = source.run_of(known) if known else None
    if not isinstance(found, DivergenceRun):
        return None
    for each in (found, turned(found)):
        if is_between(each, *runs):
            return each
    if exact:
        session.notice("info", OTHER_WEIGHTS)
    return None


def _shipped_divergence(source: Source, choices: tuple[str, str]) -> Run | None:
    for name in PAIRS:
        if set(choices) == set(shipped(name)) and f"{name}_divergence" in source.comparison_names():
            return source.comparison_run(f"{name}_divergence")
    return None
