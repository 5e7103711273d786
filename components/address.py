"""What an address says when a session begins, or after Back and Forward. It is untrusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from backend.errors import EntroscopeError
from backend.lenses import LENSES, Lens
from backend.runs import ModelSpec
from backend.storage.permalink import decode

from . import branches, checks, comparing, session
from .actions import action
from .menu import Page, page_named
from .reading import new_reading, reading_of, subject_of
from .source import Source

FORGOTTEN = (
    "The run of this link was not saved, and this server no longer remembers it. Run its text "
    "again. Until then you see an example."
)


def read(source: Source, page: Page, said: Mapping[str, str]) -> None:
    """Take over what the address says; what is of no use is dropped with a note."""
    _read_model(said)
    if page.lens is not None and page.lens.kind == comparing.KIND:
        comparing.read(source, said)
    job = _checked(said, "job", checks.handle)
    if job is not None:
        _follow(source, page, job)
    for name, act in _sources(source, page).items():
        value = _checked(said, name, _CHECKS[name.split("_")[-1]])
        if value is None:
            continue
        try:
            act(value)
        except EntroscopeError as error:
            session.notice("info", f"{error}")
        break
    branches.find_again(source, said)


def _sources(source: Source, page: Page) -> dict[str, Callable[[str], None]]:
    """Return the names under which an address may name what to show, and what each does.

    The lens on screen comes first; older links name each kind of run by itself.
    """
    kinds = [page.lens.kind] if page.lens else []
    kinds += [kind for kind in LENSES if kind not in kinds]
    found: dict[str, Callable[[str], None]] = {"study": lambda value: _study(source, value)}
    for kind in kinds:
        runs = ("run", "example") if kind == "text" else (f"{kind}_run", f"{kind}_example")
        found[runs[0]] = lambda value: _run(source, value)
        found[runs[1]] = lambda value: session.show(session.example_reading(source, value))
    return {"study": found.pop("study"), **_first(found, page.lens)}


def _first(found: dict[str, Any], lens: Lens | None) -> dict[str, Any]:
    """Put the plain names first: they are what today's addresses use, whatever the lens."""
    plain = {name: found[name] for name in ("run", "example") if name in found}
    return {**found, **plain} if lens and lens.kind != "text" else {**plain, **found}


def _run(source: Source, key: str) -> None:
    run = source.find_run(key)
    if run is None:
        session.notice("info", FORGOTTEN)
        return
    session.show(reading_of(run, source.put_run(run), {"run": key}))


def _study(source: Source, code: str) -> None:
    request = decode(code)
    lens = LENSES[request.kind]
    made = new_reading(lens, request, None)
    session.show(replace(made, address={"study": code}))


def _follow(source: Source, page: Page, job_id: str) -> None:
    """Attach to a job that was under way when the page was loaded again."""
    request = source.job_request(job_id)
    lens = page.lens
    if request is None or lens is None:
        return
    requests = getattr(request, "requests", (request,))
    made = None
    for each in sorted(requests, key=lambda one: one.kind != session.main_kind(lens)):
        each_lens = LENSES[each.kind]
        made = new_reading(each_lens, each, None) if made is None else made
        made = replace(made, requests={**made.requests, each.kind: each})
    if made is not None and made.subject == subject_of(lens):
        session.begin(job_id, f"{lens.title}: still running", made, source, lens)


@action("return")
def go_back(source: Source, said: Mapping[str, Any]) -> None:
    """Show what the address says to which the reader went back."""
    page, address = page_named(said.get("page")), said.get("address")
    if page is not None and isinstance(address, Mapping):
        read(source, page, {str(name): str(value) for name, value in address.items()})


def _read_model(said: Mapping[str, str]) -> None:
    spec = ModelSpec()
    found = {
        "source": _checked(said, "model", checks.line),
        "revision": _checked(said, "revision", checks.line),
        "device": _checked(said, "device", checks.device),
        "dtype": _checked(said, "dtype", checks.one_of(("auto", "float32", "bfloat16", "float16"))),
    }
    session.choose_model(
        replace(spec, **{name: value for name, value in found.items() if value is not None})
    )


def _checked(said: Mapping[str, str], name: str, check: Callable[[str], Any]) -> Any:
    if name not in said:
        return None
    try:
        return check(said[name])
    except ValueError as error:
        session.notice("info", f"Ignored {name!r} of the link: {error}.")
        return None


_CHECKS = {
    "study": checks.code,
    "run": checks.run_key,
    "example": checks.name,
}
