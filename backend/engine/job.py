"""One piece of work and the handles people hold on it.

Equal requests share one ``Task``; every submission gets its own ``Job``. The task is stopped when
the last job on it has been cancelled.
"""

from __future__ import annotations

import copy
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from ..errors import CancelledError
from ..events import Event
from ..progress import Progress
from ..readers import Reader
from ..runs import Request
from ..storage.stamps import Stamp
from .clock import Timer
from .executors.base import FINISHED, Call, Order, Standing, State
from .mailbox import Mailbox


class Task:
    """What one order of the executor is about. Fields change under the engine's lock.

    Attributes:
        order: of the executor.
        whose: joins only jobs of this reader; empty for all.
        key: of the request; of a call, its own id.
        stamps: of the model's files when it was submitted.
        name: under which a call's result is told of.
        jobs: those that wait for it.
        standing: as last seen.
        stopped: whether nobody waits for it any more.
        ended: whether its end was seen, though perhaps not told yet.
        contents: once done, the names of what it made, by kind.
        partial: the name of what can be shown already.
        named_at: when it got that name; ``time.monotonic``.
    """

    def __init__(
        self,
        order: Order,
        whose: str,
        key: str,
        name: str,
        stamps: tuple[Stamp, ...],
        lock: threading.Lock,
    ) -> None:
        self.order = order
        self.whose = whose
        self.key = key
        self.name = name
        self.stamps = stamps
        self.changed = threading.Condition(lock)
        self.jobs: list[Job] = []
        self.standing = Standing()
        self.stopped = self.ended = False
        self.contents: dict[str, str] = {}
        self.partial: str | None = None
        self.named_at = -float("inf")

    @property
    def live(self) -> bool:
        """Whether another job may still join."""
        return not (self.stopped or self.ended)


class Job:
    """What a submission hands back: watch it, wait for it, cancel it. Safe from any thread.

    Attributes:
        id: a random name, by which others listen to the job or stop it.
        reader: who asked.
    """

    def __init__(
        self, task: Task, reader: Reader, stay: bool, cancel: Callable[[Job], None]
    ) -> None:
        self.id = secrets.token_hex(16)
        self.reader = reader
        self.stay = stay
        self.task = task
        self.cancelled = False
        self.mailboxes: list[Mailbox] = []
        self.grace: Timer | None = None
        self._cancel = cancel

    @property
    def key(self) -> str:
        """The request's content hash, which ``Engine.find`` takes."""
        return self.task.key

    @property
    def request(self) -> Request | None:
        """What was asked for; None of a call."""
        work = self.task.order.work
        return None if isinstance(work, Call) else work

    @property
    def state(self) -> State:
        """Where the work stands, seen from this handle."""
        return "cancelled" if self.cancelled else self.task.standing.state

    @property
    def progress(self) -> Progress:
        """The latest progress; its message is for people."""
        return self.task.standing.progress

    @property
    def finished(self) -> bool:
        """Whether nothing more will change."""
        return self.state in FINISHED

    @property
    def contents(self) -> dict[str, str]:
        """Once done, the names of the contents of all runs, by kind."""
        return dict(self.task.contents)

    def cancel(self) -> None:
        """Give up this handle; other handles on the same work go on. Does nothing when finished."""
        self._cancel(self)

    def post(self, event: Event) -> None:
        """Tell all who listen. The caller holds the engine's lock."""
        for mailbox in self.mailboxes:
            mailbox.post(event)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the job is finished, at most ``timeout`` seconds; return whether it is."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self.task.changed:
            while not self.finished:
                rest = None if deadline is None else deadline - time.monotonic()
                if rest is not None and rest <= 0:
                    return False
                self.task.changed.wait(rest)
        return True

    def result(self, timeout: float | None = None) -> Any:
        """Return the run, a tuple of runs, or what a call returned.

        Raises:
            TimeoutError: not finished within ``timeout`` seconds.
            CancelledError: this job was cancelled, or the engine closed.
            EntroscopeError: the study failed; the message is for the reader.
        """
        if not self.wait(timeout):
            raise TimeoutError(f"Job {self.id} is still {self.state}.")
        if self.state == "cancelled":
            raise CancelledError("The study was stopped.")
        standing = self.task.standing
        if standing.error is not None:
            # A copy, as several threads may raise it and a traceback belongs to one of them.
            raise copy.copy(standing.error)
        return standing.value
