"""What the reader asks of comparisons: another pair, what changed, the exact divergence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from backend.errors import EntroscopeError, InputError
from backend.lenses import LENSES, Lens
from backend.runs import ModelSpec

from . import checks, session
from .actions import ACTIONS, action
from .comparing import KIND, PAIRS, Pair, choice_now, choice_of, found_run, pair, shipped
from .source import Source

__all__ = ["ACTIONS"]  # with those that are filed here


@action("compare")
def compare_with(source: Source, said: Mapping[str, Any]) -> None:
    """Compare two choices; A is what is on screen where it is not named.

    With a ``model``, B is what that model makes of the same, which is computed if need be.
    """
    lens = LENSES[str(said.get("kind", KIND))]
    a = str(said["a"]) if "a" in said else choice_now(source, lens)
    if "model" in said:
        _with_model(source, lens, a, said)
        return
    session.show(pair(source, a, str(said.get("b", a))))


@action("changed")
def what_changed(source: Source, said: Mapping[str, Any]) -> None:
    """Compare what is on screen with what was there before the last edit."""
    lens = LENSES[str(said.get("kind"))]
    before = session.before(lens)
    choice = choice_of(source, before, lens) if before else None
    if choice is None:
        raise InputError("There is nothing earlier to compare with.")
    session.show(pair(source, choice, choice_now(source, lens)))


@action("exact")
def compute_exactly(source: Source, said: Mapping[str, Any]) -> None:
    """Compute the divergence of the models of the pair on screen."""
    made = session.reading(source, LENSES[KIND])
    if not isinstance(made, Pair) or made.exact is None:
        raise InputError("The exact divergence needs two models and the same tokens in both.")
    job = source.submit(made.exact)
    session.begin(job.id, "Divergence: starting", made, source, LENSES[KIND])


@action("save_pair")
def save_pair(source: Source, said: Mapping[str, Any]) -> None:
    """Keep both sides in the library, so that a link to them lasts."""
    made = session.reading(source, LENSES[KIND])
    if not isinstance(made, Pair):
        return
    choices = [each.choice for each in made.sides]
    for place, side in enumerate(made.sides):
        run = None if side.lasting else source.run_of(side.content)
        if run is not None:
            choices[place] = f"run:{source.saved_key(source.library().save(run))}"
    session.show(pair(source, *choices, token=made.token))
    session.notice("info", "Both runs are in the library.")


@action("choices")
def list_choices(source: Source, said: Mapping[str, Any]) -> None:
    """Tell the browser what can be compared with a run of the lens on screen."""
    lens = LENSES[str(said.get("kind"))]
    kind = lens.kind
    if kind == KIND:
        made = session.reading(source, lens)
        kind = made.kind if isinstance(made, Pair) else "text"
    session.current().choices = {"kind": lens.kind, "groups": choices(source, LENSES[kind])}


def choices(source: Source, lens: Lens) -> list[dict[str, Any]]:
    """Return what runs of a kind there are, in groups: open, earlier, saved and shipped."""
    groups = [
        ("In this session", _readings(source, lens)),
        ("The same with another model", _models(source, lens)),
        ("Library", _saved(source, lens)),
        ("Examples", _examples(source, lens)),
        ("Pairs", _pairs(source, lens)),
    ]
    return [{"heading": heading, "entries": entries} for heading, entries in groups if entries]


def _readings(source: Source, lens: Lens) -> list[dict[str, str]]:
    found = {}
    for made in session.open_readings(lens):
        choice = choice_of(source, made, lens) if lens.kind in made.contents else None
        if choice:
            found[choice] = {"choice": choice, "label": made.title or _short(made.text), "note": ""}
    return list(found.values())


def _models(source: Source, lens: Lens) -> list[dict[str, Any]]:
    if session.main_kind(lens) != "text":
        return []
    return [
        {
            "model": {"source": each.spec.source, "revision": each.spec.revision},
            "label": each.label,
            "note": "",
        }
        for each in source.model_choices()
    ]  # fmt: skip


def _saved(source: Source, lens: Lens) -> list[dict[str, str]]:
    try:
        entries = source.library().entries(kind=lens.kind)[:30]
    except EntroscopeError as error:
        return [{"choice": "", "label": str(error), "note": ""}]
    return [
        {
            "choice": f"run:{source.saved_key(each.id)}", "label": each.title or _short(each.text),
            "note": f"{each.model} · {each.created[:10]}",
        }
        for each in entries
    ]  # fmt: skip


def _examples(source: Source, lens: Lens) -> list[dict[str, str]]:
    return [
        {"choice": f"example:{each.name}", "label": each.title, "note": ""}
        for each in source.example_names()
        if each.kind == lens.kind
    ]


def _pairs(source: Source, lens: Lens) -> list[dict[str, str]]:
    if lens.kind != "text":
        return []
    return [
        {"choice": choice, "label": source.comparison_run(choice.removeprefix("pair:")).title,
         "note": title}
        for name, title in PAIRS.items()
        for choice in shipped(name)
    ]  # fmt: skip


def _short(text: str) -> str:
    line = " ".join(text[:80].split())
    return line if len(line) <= 60 else f"{line[:59]}…"


def _with_model(source: Source, lens: Lens, a: str, said: Mapping[str, Any]) -> None:
    """Compare with what another model makes of the same text."""
    run = found_run(source, a, "A")
    given: Any = said["model"]
    spec = ModelSpec(source=checks.line(str(given.get("source"))), revision=given.get("revision"))
    source.check_model(spec)
    request = replace(run.request, model=spec)
    content = source.content_of(request.key)
    if content is not None:
        session.show(pair(source, a, f"run:{content}"))
        return
    job = source.submit(request)
    waiting = pair(source, a, a)
    session.begin(job.id, f"{spec.source}: starting", waiting, source, LENSES[KIND])
