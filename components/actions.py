"""What the browser may ask the server for; every function is one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from backend.errors import InputError
from backend.lenses import LENSES, Lens
from backend.runs import ModelSpec, Request
from backend.runs.many import ManyRequest
from backend.storage.tags import clean_tags

from . import checks, session
from .reading import asked, kept, needs_more, new_reading, subject_of
from .source import Source

_PATHS = ("/", "~", "./", "../")
"""How a path begins that somebody types; the names of hubs do not."""

MOST_TOKENS, MOST_LETTERS = 10_000_000, 2_000
"""Of what is said of a server."""

Action = Callable[[Source, Mapping[str, Any]], None]
ACTIONS: dict[str, Action] = {}


def action(name: str) -> Callable[[Action], Action]:
    """Return a decorator that files a function as the answer to ``{do: name}``."""

    def file(function: Action) -> Action:
        ACTIONS[name] = function
        return function

    return file


@action("run")
def run(source: Source, said: Mapping[str, Any]) -> None:
    """Read a text, or ask what a lens asks, with the fields of its form.

    A text is read for the lens on screen and for Tokens in one go: the strip and the inspector of
    every lens want the latter. A lens that asks more than a text has a study of its own.
    """
    lens = _lens(said)
    before = session.current().readings.get(subject_of(lens))
    fields = kept(lens, before.requests.get(lens.kind) if before else None, _fields(said))
    request = asked(lens, session.model(), fields)
    made = new_reading(lens, request, before)
    alone = made.main is request or needs_more(lens)
    made = replace(made, address={"run": source.handle((request if alone else made.main).key)})
    _submit(source, lens, made, [request] if alone else [made.main, request])


@action("measure")
def measure(source: Source, said: Mapping[str, Any]) -> None:
    """Ask for a lens on the reading that is there."""
    lens = _lens(said)
    made = session.reading(source, lens)
    request = made.request(lens)
    if request is None:
        raise InputError(f"{lens.title} needs more than the text; fill in what is missing.")
    fields = {name: each for name, each in _fields(said).items() if name in lens.fields}
    request = replace(request, **fields)
    made = replace(made, requests={**made.requests, lens.kind: request})
    _submit(source, lens, made, [request])


@action("open")
def open_run(source: Source, said: Mapping[str, Any]) -> None:
    """Show a shipped example, or a run by its key."""
    if "example" in said:
        session.show(session.example_reading(source, checks.name(str(said["example"]))))
        return
    key = checks.run_key(str(said.get("run", "")))
    found = source.find_run(key)
    if found is None:
        raise InputError("This run is not here any longer. Run it again, or open it from a file.")
    session.show(session.saved_reading(source, found, key))


@action("arrived")
def arrived(source: Source, said: Mapping[str, Any]) -> None:
    """Take over what a job brought, and begin the branch that waits for it."""
    job_id = str(said.get("job", ""))
    session.arrived(source, job_id, source.job_contents(job_id) or {})
    branch_next(source)


@action("stopped")
def stopped(source: Source, said: Mapping[str, Any]) -> None:
    """Keep what a job had made by the time it was stopped."""
    job_id = str(said.get("job", ""))
    state = session.current()
    state.waiting.clear()
    found = source.run_of(str(said.get("content", "")))
    if found is None:
        session.ended(job_id)
        return
    content = source.put_run(found)
    if job_id in state.pending and job_id not in state.branching:
        # It answers no request: its address names what it holds.
        state.pending[job_id] = replace(state.pending[job_id], address={"run": content})
    session.arrived(source, job_id, {found.kind: content})
    session.notice("info", "Stopped. What was there until then is kept.")


@action("ended")
def ended(source: Source, said: Mapping[str, Any]) -> None:
    """Forget a job that brought nothing, and what waited for it."""
    session.current().waiting.clear()
    session.ended(str(said.get("job", "")))


@action("model")
def model(source: Source, said: Mapping[str, Any]) -> None:
    """Choose the model that reads from now on."""
    given: dict[str, Any] = {}
    try:
        if "source" in said:
            given["source"] = checks.line(str(said["source"]))
            revision = said.get("revision")
            given["revision"] = None if revision is None else checks.line(str(revision))
        if "device" in said:
            given["device"] = checks.device(str(said["device"]).strip() or "auto")
        if "dtype" in said:
            given["dtype"] = checks.one_of(("auto", "float32", "bfloat16", "float16"))(
                str(said["dtype"])
            )
    except ValueError as error:
        raise InputError(f"The model stays as it is: {error}.") from error
    spec = replace(session.model(), **given)
    source.check_model(spec)
    if spec.source.startswith(_PATHS) and not Path(spec.source).expanduser().exists():
        raise InputError(f"There is nothing at {spec.source}. The model stays as it is.")
    session.choose_model(spec)


@action("connect")
def connect(source: Source, said: Mapping[str, Any]) -> None:
    """Make a server with the API of OpenAI known to this session; its key is not kept elsewhere."""
    words = {name: str(said.get(name, "")).strip() for name in ("name", "address", "key", "model")}
    vocabulary = said.get("vocabulary") or 0
    if not isinstance(vocabulary, int) or not 0 <= vocabulary <= MOST_TOKENS:
        raise InputError(f"The vocabulary is a number of tokens up to {MOST_TOKENS:,}.")
    if max(map(len, words.values())) > MOST_LETTERS:
        raise InputError(f"Name, address and key have at most {MOST_LETTERS:,} letters each.")
    source.connect_server(**words, vocabulary=vocabulary)
    session.notice("info", f"{words['name'] or 'Your server'} is known until this session ends.")


@action("save")
def save(source: Source, said: Mapping[str, Any]) -> None:
    """Keep the run on screen in the library."""
    lens = _lens(said)
    content = session.reading(source, lens).contents.get(lens.kind)
    found = source.run_of(content) if content else None
    if found is None:
        raise InputError("There is nothing to save yet.")
    tags = clean_tags(str(said.get("tags", "")).split(","))
    title = str(said.get("title", "")).strip()
    run_id = source.library().save(replace(found, title=title or found.title), tags=tags)
    session.notice("info", "Saved to the library.", undo={"do": "unsave", "run": run_id})


@action("unsave")
def unsave(source: Source, said: Mapping[str, Any]) -> None:
    """Take back a save."""
    source.library().delete([str(said.get("run", ""))])


@action("share")
def share(source: Source, said: Mapping[str, Any]) -> None:
    """Save the run on screen, and make a link with which everybody can read it."""
    lens = _lens(said)
    made = session.reading(source, lens)
    content = made.contents.get(lens.kind)
    found = source.run_of(content) if content else None
    if found is None:
        raise InputError("There is nothing to share yet.")
    library = source.library()
    run_id = library.save(found)
    session.show(replace(made, address={"run": source.shared_key(library.share(run_id))}))
    session.notice(
        "info",
        "Shared: whoever has the link can read this run. Link copies it.",
        undo={"do": "unshare", "run": run_id, "kind": lens.kind},
    )


@action("unshare")
def unshare(source: Source, said: Mapping[str, Any]) -> None:
    """Take back a link: nobody can read the run with it any more."""
    lens, run_id = _lens(said), str(said.get("run", ""))
    made = session.reading(source, lens)
    source.library().unshare([run_id])
    session.show(replace(made, address={"run": source.saved_key(run_id)}))
    session.notice("info", "Taken back: nobody can read this run by the link any more.")


def _submit(source: Source, lens: Lens, made: Any, requests: list[Request]) -> None:
    spec: ModelSpec = requests[0].model
    request = (
        requests[0] if len(requests) == 1 else ManyRequest(model=spec, requests=tuple(requests))
    )
    job = source.submit(request)
    session.begin(job.id, f"{lens.title}: starting", made, source, lens)


def branch_next(source: Source) -> None:
    """Begin the next of the branches that wait, if there is one."""
    state = session.current()
    if not state.waiting:
        return
    request = state.waiting.pop(0)
    lens = LENSES[request.kind]
    job = source.submit(request)
    made = session.reading(source, lens)
    session.begin(job.id, "Branch: starting", made, source, lens, branch=True)


def _lens(said: Mapping[str, Any]) -> Lens:
    return LENSES[str(said.get("kind"))]


def _fields(said: Mapping[str, Any]) -> Mapping[str, Any]:
    given = said.get("fields")
    return given if isinstance(given, Mapping) else {}
