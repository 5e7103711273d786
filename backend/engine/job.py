"""One piece of work and the handles people hold on it.

Equal requests share one ``Task``; every submission gets its own ``Job``. The task is stopped when
the last job on it has been cancelled.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from ..errors import CancelledError, EntroscopeError
from ..studies import Progress, Report

if TYPE_CHECKING:
    from ..models import LanguageModel

State = Literal["queued", "loading", "running", "done", "failed", "cancelled"]
Work = Callable[["LanguageModel", Report], Any]

FINISHED: frozenset[State] = frozenset({"done", "failed", "cancelled"})


class Task:
    """Work for one model's thread. All changes of state happen under the engine's one lock.

    Args:
        key: content hash of the request, or a unique name.
        work: called on the worker thread with the model and a report that raises when stopped.
        lock: the engine's lock.
    """

    def __init__(self, key: str, work: Work, lock: threading.Lock) -> None:
        self.key = key
        self.work = work
        self.changed = threading.Condition(lock)
        self.state: State = "queued"
        self.progress = Progress(0, 0, "Waiting for the model")
        self.jobs = 0
        self.stopped = False
        self.value: Any = None
        self.error: EntroscopeError | None = None

    @property
    def live(self) -> bool:
        """Whether another job may still join."""
        return not self.stopped and self.state not in FINISHED

    def report(self, progress: Progress) -> None:
        """Note the progress; raise ``CancelledError`` when nobody waits any longer."""
        if self.stopped:
            raise CancelledError("The study was stopped.")
        self.progress = progress

    def join(self) -> Job:
        """Return a new handle. The caller holds the lock."""
        self.jobs += 1
        return Job(self)

    def leave(self) -> None:
        """Take one handle away; without any the task stops. The caller holds the lock."""
        self.jobs -= 1
        if self.jobs == 0:
            self.stop()

    def stop(self) -> None:
        """Ask the task to stop at its next report, at once when it waits. Needs the lock."""
        self.stopped = True
        if self.state == "queued":
            self.finish("cancelled")

    def begin(self, state: State, message: str) -> None:
        """Enter "loading" or "running". The caller holds the lock."""
        self.state = state
        self.progress = Progress(0, 0, message)
        self.changed.notify_all()

    def finish(self, state: State, value: Any = None, error: EntroscopeError | None = None) -> None:
        """Settle the outcome; the first one counts. The caller holds the lock."""
        if self.state in FINISHED:
            return
        self.state, self.value, self.error = state, value, error
        self.changed.notify_all()


class Job:
    """What a submission hands back: watch it, wait for it, cancel it. Safe from any thread."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._cancelled = False

    @property
    def key(self) -> str:
        """The request's content hash: where ``Engine.find`` keeps the run."""
        return self._task.key

    @property
    def state(self) -> State:
        """Where the work stands, seen from this handle."""
        return "cancelled" if self._cancelled else self._task.state

    @property
    def progress(self) -> Progress:
        """The latest progress; its message is for people."""
        return self._task.progress

    @property
    def finished(self) -> bool:
        """Whether nothing more will change."""
        return self.state in FINISHED

    def cancel(self) -> None:
        """Give up this handle; other handles on the same work go on. Does nothing when finished."""
        with self._task.changed:
            if not self.finished:
                self._cancelled = True
                self._task.leave()
                self._task.changed.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the job is finished, at most ``timeout`` seconds; return whether it is."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._task.changed:
            while not self.finished:
                rest = None if deadline is None else deadline - time.monotonic()
                if rest is not None and rest <= 0:
                    return False
                self._task.changed.wait(rest)
        return True

    def result(self, timeout: float | None = None) -> Any:
        """Return the run, or what a call returned.

        Raises:
            TimeoutError: not finished within ``timeout`` seconds.
            CancelledError: this job was cancelled, or the engine closed.
            EntroscopeError: the study failed; the message is for the reader.
        """
        if not self.wait(timeout):
            raise TimeoutError(f"Job {self.key} is still {self.state}.")
        if self.state == "cancelled":
            raise CancelledError("The study was stopped.")
        if self._task.error is not None:
            # A copy, as several threads may raise it and a traceback belongs to one of them.
            raise copy.copy(self._task.error)
        return self._task.value
