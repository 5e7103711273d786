"""Who waits for which job, what they are told, and when a job is given up because nobody does."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..events import Closing, Done, Event, Partial, Progressed, Unknown
from ..runs import Request, Run
from ..storage.byte_cache import ByteCache
from .clock import Clock
from .job import Job, Task
from .mailbox import Mailbox

_ENDED_BYTES = 16_000_000
"""Of finished jobs whose end is still told to those who come late."""

_PARTIALS = 64
"""Unfinished results that can still be fetched; a reader wants the newest."""

_PARTIAL_EVERY = 0.3  # seconds


@dataclass(frozen=True)
class _Ended:
    """What is remembered of a job."""

    owner: str
    request: Request | None
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Timeouts:
    """How long the engine waits for those who listen, in seconds.

    Attributes:
        first_listener: for a first listener, from the submission on.
        next_listener: for another one after the last has left.
        sign_of_life: without an event, until a sign of life is sent.
    """

    first_listener: float = 30.0
    next_listener: float = 15.0
    sign_of_life: float = 10.0


class Listeners:
    """Jobs and their listeners. Where the caller holds the lock, it is the engine's.

    Args:
        lock: the engine's lock.
        clock: to wait with.
        timeouts: for how long.
        cancel_unattended: called, without the lock, with a job that nobody listens to any more; it
            looks once more whether that is so.
    """

    def __init__(
        self,
        lock: threading.Lock,
        clock: Clock,
        timeouts: Timeouts,
        cancel_unattended: Callable[[Job], None],
    ) -> None:
        self._lock, self._clock, self._timeouts = lock, clock, timeouts
        self._cancel_unattended = cancel_unattended
        self._jobs: dict[str, Job] = {}
        self._ended: ByteCache[_Ended] = ByteCache(_ENDED_BYTES)
        self._partials: OrderedDict[str, Any] = OrderedDict()
        self._closed = False

    def add(self, job: Job) -> None:
        """Expect listeners of a job. The caller holds the lock."""
        self._jobs[job.id] = job
        self._expect(job, self._timeouts.first_listener)

    def job(self, job_id: str) -> Job | None:
        """Return a job that has not ended."""
        with self._lock:
            return self._jobs.get(job_id)

    def owner(self, job_id: str) -> str | None:
        """Return the owner of whoever asked for a job; None when it is forgotten."""
        with self._lock:
            job, ended = self._jobs.get(job_id), self._ended.get(job_id)
        return job.reader.owner if job else ended.owner if ended else None

    def request(self, job_id: str) -> Request | None:
        """Return what a job was asked for; None of a call, and when the job is forgotten."""
        with self._lock:
            job, ended = self._jobs.get(job_id), self._ended.get(job_id)
        return job.request if job else ended.request if ended else None

    def contents(self, job_id: str) -> Mapping[str, str] | None:
        """Return the contents of what a job made, by kind; None unless it is done."""
        with self._lock:
            ended = self._ended.get(job_id)
        event = ended.events[-1] if ended else None
        return event.contents if isinstance(event, Done) else None

    async def listen(self, job_id: str) -> AsyncIterator[Event]:
        """Yield what happens to a job; see ``Engine.listen``."""
        mailbox = Mailbox()
        self._attach(job_id, mailbox)
        try:
            while True:
                event = await mailbox.next(self._timeouts.sign_of_life)
                yield event
                if event.last:
                    return
        finally:
            self._detach(job_id, mailbox)

    def report(self, task: Task) -> None:
        """Tell all listeners how far a task has come. The caller holds the lock."""
        listened = [job for job in task.jobs if job.mailboxes]
        if not listened:
            return
        events: list[Event] = [Progressed.of(task.standing.progress)]
        if self._name_partial(task) and task.partial is not None:
            events.append(Partial(task.partial))
        for job in listened:
            for event in events:
                job.post(event)

    def end(self, job: Job, event: Event) -> None:
        """Tell how a job ended, now and to those who come late. The caller holds the lock."""
        job.post(event)
        job.mailboxes.clear()
        if job.grace is not None:
            job.grace.cancel()
        self._jobs.pop(job.id, None)
        events = (Progressed.of(job.progress), event)
        self._ended.put(job.id, _Ended(job.reader.owner, job.request, events))

    def partial(self, content: str) -> Run | None:
        """Return an unfinished run by the name it was told under, while it is remembered."""
        with self._lock:
            found = self._partials.get(content)
        if found is None or isinstance(found, Run):
            return found
        run = found.run()
        with self._lock:
            if content in self._partials:
                self._partials[content] = run
        return run

    def close(self) -> None:
        """Tell all who listen that the server goes down."""
        with self._lock:
            self._closed = True
            for job in self._jobs.values():
                job.post(Closing())

    def _name_partial(self, task: Task) -> bool:
        """Give what can be shown already a name, now and then; tell whether it got one."""
        partial, now = task.standing.progress.partial, time.monotonic()
        if partial is None or now - task.named_at < _PARTIAL_EVERY:
            return False
        task.partial, task.named_at = f"partial-{secrets.token_hex(16)}", now
        self._partials[task.partial] = partial
        while len(self._partials) > _PARTIALS:
            self._partials.popitem(last=False)
        return True

    def _attach(self, job_id: str, mailbox: Mailbox) -> None:
        with self._lock:
            job = self._jobs.get(job_id)
            ended = self._ended.get(job_id)
            if ended is not None:
                events = ended.events
            elif self._closed:
                events = (Closing(),)
            elif job is None:
                events = (Unknown(),)
            else:
                events = (Progressed.of(job.progress),)
                self._name_partial(job.task)
                if job.task.partial is not None:
                    events = (*events, Partial(job.task.partial))
                job.mailboxes.append(mailbox)
                if job.grace is not None:
                    job.grace.cancel()
            for event in events:
                mailbox.post(event)

    def _detach(self, job_id: str, mailbox: Mailbox) -> None:
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or mailbox not in job.mailboxes:
                return
            job.mailboxes.remove(mailbox)
            if not job.mailboxes:
                self._expect(job, self._timeouts.next_listener)

    def _expect(self, job: Job, seconds: float) -> None:
        if not (job.stay or self._closed):
            job.grace = self._clock.later(seconds, partial(self._cancel_unattended, job))
