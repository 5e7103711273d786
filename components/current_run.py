"""Which run a page shows."""

from __future__ import annotations

from typing import Protocol

import streamlit as st

from backend.errors import EntroscopeError
from backend.runs.base import Run
from components import state

_GONE = (
    "The run of this link is no longer in memory. Analyse its text again, or open it from the "
    "library if you saved it. Until then you see an example."
)


class RunSource(Protocol):
    """Where runs are found: ``backend.cached``."""

    def find_run(self, key: str) -> Run | None:
        """Return a run still in memory or in the library; raise ``RunFileError`` if damaged."""
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
            run, problem = source.find_run(key), _GONE
        except EntroscopeError as error:
            run, problem = None, f"{error} Until then you see an example."
        if run is not None and run.kind == kind:
            return run
        state.show_notice(problem)
        state.put(**{state.run_parameter(kind): None, "token": None})
    name = state.get(state.example_parameter(kind)) or default_example
    try:
        run = source.example_run(name)
    except (KeyError, ValueError):
        run = None
    if run is not None and run.kind == kind:
        return run
    state.show_notice(f"There is no example of that name here; you see {default_example!r}.")
    state.put(**{state.example_parameter(kind): None})
    return source.example_run(default_example)
