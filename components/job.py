"""Watching work of the engine: progress, a Stop button, the outcome.

A page starts a job in a *slot*, named after the page. The watcher is a fragment that polls by
itself, so the rest of the page stays on screen and usable. The job is cancelled by Stop, by a new
job in the slot, by moving to another page and by closing the tab.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from backend.errors import CancelledError, EntroscopeError

from .plain import escape_markdown

POLL_SECONDS = 0.3
CLOSED_TAB_SECONDS = 3.0

_SLOTS = "jobs"
_STOPPED = "Stopped. Nothing was changed."


class Watchable(Protocol):
    """What a job offers to its watcher; ``backend.engine.Job`` does."""

    @property
    def key(self) -> str: ...
    @property
    def finished(self) -> bool: ...
    @property
    def progress(self) -> Any: ...
    def cancel(self) -> None: ...
    def wait(self, timeout: float | None = None) -> bool: ...
    def result(self, timeout: float | None = None) -> Any: ...


@dataclass
class _Slot:
    job: Watchable
    started: float = field(default_factory=time.monotonic)


def start(slot: str, submit: Callable[[], Watchable]) -> None:
    """Submit work and put its job into ``slot``, cancelling the one that was there.

    Args:
        slot: name of the page.
        submit: hands in the work, such as ``lambda: cached.submit(request)``. A refusal it raises
            (``EntroscopeError``) is shown by ``watch``.
    """
    cancel(slot)
    st.session_state.pop(_message_key(slot), None)
    try:
        with st.spinner("Starting …"):  # the first time a server is asked, torch is loaded
            job = submit()
    except EntroscopeError as error:
        st.session_state[_message_key(slot)] = ("error", str(error))
        return
    _slots()[slot] = _Slot(job)
    _cancel_when_tab_closes(job)


def running(slot: str) -> bool:
    """Tell whether a job is in ``slot`` whose outcome has not been taken yet."""
    return slot in _slots()


def cancel(slot: str) -> None:
    """Stop the job in ``slot``, if there is one."""
    if (entry := _slots().pop(slot, None)) is not None:
        entry.job.cancel()


def leave_others(slot: str) -> None:
    """Cancel the jobs of other pages; called by every page as it starts."""
    for other in [name for name in _slots() if name != slot]:
        cancel(other)


def watch(
    slot: str,
    done: Callable[[str, Any], None],
    partial: Callable[[Any], None] | None = None,
    stopped: Callable[[Any], str] | None = None,
) -> None:
    """Show the progress of the job in ``slot``, or how the last one ended badly.

    Args:
        slot: name of the page.
        done: called once with the job's key and its result, before the page is run again;
            typically ``lambda key, run: state.show_run("text", key)``.
        partial: draws ``progress.partial`` while the job runs, when there is one.
        stopped: called once with the last ``progress.partial`` of a job that was stopped, when
            there is one; keeps what it wants of it and returns what to tell the reader.
    """
    # A container of its own: what comes after it on the page keeps its place.
    with st.container():
        kind, message = st.session_state.get(_message_key(slot), (None, ""))
        if kind == "error":
            st.error(escape_markdown(message), icon=":material/error:")
        elif kind == "info":
            st.info(escape_markdown(message), icon=":material/info:")
        if running(slot):
            _watch(slot, done, partial, stopped)


@st.fragment(run_every=POLL_SECONDS)
def _watch(
    slot: str,
    done: Callable[[str, Any], None],
    partial: Callable[[Any], None] | None,
    stopped: Callable[[Any], str] | None,
) -> None:
    entry = _slots().get(slot)
    if entry is None:  # taken already, but the page was not run again: polls can overtake that
        st.rerun()
    entry.job.wait(0.05)  # what is quick is shown at once, without a flash of progress
    if entry.job.finished:
        _take(slot, entry.job, done, stopped)
        st.rerun()
    progress = entry.job.progress
    share = progress.done / progress.total if progress.total else 0.0
    elapsed = time.monotonic() - entry.started
    with st.container(horizontal=True, vertical_alignment="center", key=f"job-{slot}"):
        st.progress(
            min(max(share, 0.0), 1.0),
            text=f"{escape_markdown(progress.message)} · {elapsed:.0f} s",
        )
        st.button("Stop", icon=":material/stop:", key=f"stop:{slot}", on_click=_stop, args=(slot,))
    if partial is not None and getattr(progress, "partial", None) is not None:
        partial(progress.partial)


def _stop(slot: str) -> None:
    if (entry := _slots().get(slot)) is not None:
        entry.job.cancel()


def _take(
    slot: str,
    job: Watchable,
    done: Callable[[str, Any], None],
    stopped: Callable[[Any], str] | None,
) -> None:
    del _slots()[slot]
    try:
        done(job.key, job.result(0))
    except CancelledError:
        partial = getattr(job.progress, "partial", None)
        told = stopped(partial) if stopped and partial is not None else _STOPPED
        st.session_state[_message_key(slot)] = ("info", told)
    except EntroscopeError as error:
        st.session_state[_message_key(slot)] = ("error", str(error))


def _slots() -> dict[str, _Slot]:
    return st.session_state.setdefault(_SLOTS, {})


def _message_key(slot: str) -> str:
    return f"job-message:{slot}"


def _cancel_when_tab_closes(job: Watchable) -> None:
    """Follow the session from a thread: no script runs any more once its tab is closed."""
    context = get_script_run_ctx()
    if context is None:
        return
    session = context.session_id

    def follow() -> None:
        gone = 0.0
        while not job.wait(1.0) and runtime.exists():
            gone = 0.0 if runtime.get_instance().is_active_session(session) else gone + 1.0
            if gone >= CLOSED_TAB_SECONDS:  # a reload or a lost connection comes back sooner
                job.cancel()

    threading.Thread(target=follow, name="watch the tab", daemon=True).start()
