"""Which run a page shows."""

from __future__ import annotations

from typing import Protocol

import streamlit as st

from backend.errors import EntroscopeError
from backend.runs.base import Run

from . import state

SAVED = "saved-"
FORGOTTEN = (
    "The run of this link was not saved, and this server no longer remembers it. Ask for it again: "
    "the form below still works."
)
NOT_SAVED_HERE = (
    "The run of this link is not in the library of this server: it was saved on another one, or "
    "deleted. Whoever has its file can add it on the Library page; a deleted run can be brought "
    "back there."
)


class RunSource(Protocol):
    """Where runs are found: ``backend.cached``."""

    def find_run(self, key: str) -> Run | None:
        """Return a run the engine still holds."""
        ...

    def example_run(self, name: str) -> Run:
        """Return a shipped example; raise ``EntroscopeError`` for an unknown name."""
        ...


def current_run(source: RunSource, kind: str, default_example: str) -> Run:
    """Return the run of a kind to show: the one asked for, else an example, with a notice.

    Args:
        source: ``backend.cached``.
        kind: of the run, such as "text".
        default_example: shown when nothing is asked for or what was asked for is gone.
    """
    with st.container():  # with or without a notice, what follows keeps its place
        return _find(source, kind, default_example)


def _find(source: RunSource, kind: str, default_example: str) -> Run:
    key = state.get(state.run_parameter(kind))
    if key is not None:
        try:
            run = source.find_run(key)
            problem = NOT_SAVED_HERE if key.startswith(SAVED) else FORGOTTEN
        except EntroscopeError as error:
            run, problem = None, f"The run of this link cannot be shown. {error}"
        if run is not None and run.kind == kind:
            return run
        if run is not None:
            problem = f"The run of this link is of another kind: {run.kind}."
        state.show_notice(f"{problem} You see an example.")
        state.put(**{state.run_parameter(kind): None, "token": None})
    name = state.get(state.example_parameter(kind)) or default_example
    try:
        run = source.example_run(name)
    except EntroscopeError:
        run = None
    if run is not None and run.kind == kind:
        return run
    state.show_notice(f"There is no example of that name here; you see {default_example!r}.")
    state.put(**{state.example_parameter(kind): None})
    return source.example_run(default_example)
