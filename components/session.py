"""What the server knows of one reader: readings, model, work under way, notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from backend.errors import EntroscopeError
from backend.lenses import LENSES, Lens
from backend.runs import ModelSpec, Request, Run

from .reading import MAIN, Reading, described, reading_of, subject_of
from .source import Source

MOST_BRANCHES = 60


@dataclass
class Session:
    """Everything of one reader; one object in Streamlit's session state.

    Attributes:
        readings: the current one of every subject.
        pending: readings that jobs will bring, by the job's id.
        branching: jobs that bring one more branch of a reading.
        waiting: requests for branches that follow, each when the one before it is done.
        job: the job under way: id and label.
        earlier: readings before the current one of every subject, the latest first.
        choices: what can be compared, once the browser has asked.
        rows: texts of data sets that were measured by themselves: content by row, by data set.
        dialog: the one to open; empty for none.
        done, acknowledged: serials of the last request done, and of the last report answered.
    """

    readings: dict[str, Reading] = field(default_factory=dict)
    earlier: dict[str, list[Reading]] = field(default_factory=dict)
    choices: dict[str, Any] | None = None
    rows: dict[str, dict[int, str]] = field(default_factory=dict)
    dialog: str = ""
    pending: dict[str, Reading] = field(default_factory=dict)
    branching: set[str] = field(default_factory=set)
    waiting: list[Request] = field(default_factory=list)
    model: ModelSpec = field(default_factory=ModelSpec)
    job: dict[str, Any] | None = None
    notices: list[dict[str, Any]] = field(default_factory=list)
    done: int = 0
    acknowledged: int = 0
    page: str = ""


FIRST: dict[str, Callable[[Source], Reading]] = {}
"""What is shown of a subject before anything was asked, where that is no example of a lens."""

MOST_EARLIER = 6


def current() -> Session:
    """Return the session of this reader."""
    if "session" not in st.session_state:
        st.session_state["session"] = Session()
    return st.session_state["session"]


def main_kind(lens: Lens) -> str:
    """Return the kind of run that says how the subject of a lens is read."""
    subject = subject_of(lens)
    return MAIN.get(subject, subject)


def reading(source: Source, lens: Lens) -> Reading:
    """Return the current reading for a lens; an example before anything was asked."""
    subject = subject_of(lens)
    known = current().readings.get(subject)
    if known is None:
        begin_with = FIRST.get(subject)
        known = begin_with(source) if begin_with else default_reading(source, lens)
        current().readings[subject] = known
    return known


def default_reading(source: Source, lens: Lens) -> Reading:
    """Return the example that is shown before anything was asked.

    It is the first one of the subject, unless the lens has a picture of another one only.

    Raises:
        EntroscopeError: the lens has none.
    """
    shipped = {each.name for each in source.example_names()}
    main, own = (
        [each.name for each in of.examples if each.name in shipped]
        for of in (LENSES[main_kind(lens)], lens)
    )
    if not main and not own:
        raise EntroscopeError(f"{lens.title} has no example to show.")
    first = example_reading(source, [*main, *own][0])
    return first if lens.kind in first.contents or not own else example_reading(source, own[0])


def example_reading(source: Source, name: str) -> Reading:
    """Return the reading of a shipped example, with all runs that ship for the same text.

    Raises:
        InputError: there is none of that name.
    """
    run = source.example_run(name)
    made = reading_of(run, source.example_content(name), {"example": name})
    contents = dict(made.contents)
    for each in source.example_names():
        if each.kind not in contents and each.kind in LENSES and each.name != name:
            lens = LENSES[each.kind]
            request = made.request(lens) if subject_of(lens) == made.subject else None
            if request is not None and each.key == request.key:
                contents[each.kind] = source.example_content(each.name)
    token = next(
        (each.token for kind in LENSES for each in LENSES[kind].examples if each.name == name), None
    )
    return replace(made, contents=contents, token=token)


def saved_reading(source: Source, run: Run, key: str) -> Reading:
    """Return the reading of a run that was found by ``key``."""
    return reading_of(run, source.put_run(run), {"run": key})


def show(made: Reading) -> None:
    """Make a reading the current one of its subject."""
    state = current()
    old = state.readings.get(made.subject)
    if old is not None and old.name != made.name:
        others = [each for each in state.earlier.get(made.subject, []) if each.name != made.name]
        state.earlier[made.subject] = [old, *others][:MOST_EARLIER]
    state.readings[made.subject] = made


def before(lens: Lens) -> Reading | None:
    """Return the reading that was there before the current one, if there was one."""
    return next(iter(current().earlier.get(subject_of(lens), ())), None)


def open_readings(lens: Lens) -> list[Reading]:
    """Return the current reading of a lens and those before it, the latest first."""
    state, subject = current(), subject_of(lens)
    now = state.readings.get(subject)
    return [*([now] if now else []), *state.earlier.get(subject, [])]


def begin(
    job_id: str, label: str, made: Reading, source: Source, lens: Lens, *, branch: bool = False
) -> None:
    """Note that a job will bring a reading, or a branch of it, which the browser hears of."""
    state = current()
    state.pending[job_id] = made
    if branch:
        state.branching.add(job_id)
    plain = described(made, lens, source, None)
    state.job = {"id": job_id, "label": label, "reading": plain, "branch": branch}


def arrived(source: Source, job_id: str, contents: Mapping[str, str]) -> None:
    """Take over what a job brought."""
    state = current()
    made = state.pending.pop(job_id, None)
    if made is not None and job_id in state.branching:
        # The reader may have gone on meanwhile: the branch belongs to what it was asked from.
        now = state.readings.get(made.subject, made)
        base = now if now.name == made.name else made
        show(_with_branches(base, (*base.branches, *contents.values())))
    elif made is not None:
        show(made.arrived(source, contents))
    ended(job_id)


def _with_branches(made: Reading, branches: tuple[str, ...]) -> Reading:
    """Return a reading with these branches; over the limit the oldest is let go, with a note."""
    if len(branches) > MOST_BRANCHES:
        branches = branches[-MOST_BRANCHES:]
        notice(
            "info",
            f"A prompt keeps {MOST_BRANCHES} branches; the oldest one was let go. Save those you "
            "want to keep.",
        )
    return replace(made, branches=tuple(dict.fromkeys(branches)))


def ended(job_id: str) -> None:
    """Forget a job."""
    state = current()
    state.pending.pop(job_id, None)
    state.branching.discard(job_id)
    if state.job and state.job["id"] == job_id:
        state.job = None


def job() -> dict[str, Any] | None:
    """Return the job under way, for the browser."""
    return current().job


def model() -> ModelSpec:
    """Return the model that the reader chose."""
    return current().model


def choose_model(spec: ModelSpec) -> None:
    """Choose the model that reads from now on."""
    current().model = spec


def notice(kind: str, text: str, undo: Mapping[str, Any] | None = None) -> None:
    """Tell the reader something, once; ``undo`` is a request that takes it back."""
    current().notices.append({"kind": kind, "text": text, "undo": undo})


def take_notices() -> list[dict[str, Any]]:
    """Return what is to be told, and forget it."""
    found = current().notices
    current().notices = []
    return found


def address() -> dict[str, str]:
    """Return what every address holds of the session: a model other than the usual one."""
    spec, usual = model(), ModelSpec()
    names = ("source", "revision", "device", "dtype")
    return {
        "model" if name == "source" else name: str(getattr(spec, name))
        for name in names
        if getattr(spec, name) != getattr(usual, name)
    }


def done() -> int:
    """Return the serial of the last request that was done."""
    return current().done


def mark_done(serial: int) -> None:
    """Note that a request was done."""
    current().done = serial


def acknowledge(serial: int) -> None:
    """Note that everything up to a report was done."""
    current().acknowledged = max(current().acknowledged, serial)


def acknowledged() -> int:
    """Return up to which report everything was done."""
    return current().acknowledged
