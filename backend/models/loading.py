"""Telling how far the loading of a model has come, from wherever it is just now.

Loading goes through sources, caches and other libraries; the listener is not handed through all of
them but belongs to the thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

from ..progress import Progress, Report, ignore

_PATIENCE = 0.5  # seconds between two looks at the lock

_building = Lock()
_listener: ContextVar[Report] = ContextVar("listener", default=ignore)


@contextmanager
def reporting_to(report: Report) -> Iterator[None]:
    """Let ``report`` hear of every stage of loading in this thread, inside the block.

    What it raises, such as ``CancelledError``, ends the loading.
    """
    token = _listener.set(report)
    try:
        yield
    finally:
        _listener.reset(token)


def listener() -> Report:
    """Return who listens in this thread, for work that goes on in others."""
    return _listener.get()


def stage(message: str, done: int = 0, total: int = 0) -> None:
    """Tell whoever listens what is being done now, and perhaps how much of it is done."""
    listener()(Progress(done, total, message))


@contextmanager
def building() -> Iterator[None]:
    """Let one model at a time be built, inside the block.

    transformers sets the default number type of the whole process while it builds one, so that
    two could take each other's. Downloads stay outside. Whoever waits is told so, which also lets
    a reader stop waiting.
    """
    while not _building.acquire(timeout=_PATIENCE):
        stage("Waiting for another model that is being loaded")
    try:
        yield
    finally:
        _building.release()
