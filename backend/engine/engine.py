"""The engine: takes requests, joins equal ones, tells who waits, and remembers the answers."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import EntroscopeError
from ..events import Cancelled, Done, Event, Failed
from ..readers import LOCAL, Reader
from ..runs import ModelFacts, ModelSpec, Request, Run
from ..settings import Settings, settings
from ..storage.run_store import RunStore
from ..storage.stamps import stamps
from .answers import Answers
from .clock import Clock
from .executors.base import Call, Executor, Limits, Order, Standing, Work
from .executors.choice import make_executor
from .garbage import Sweeper
from .job import Job, Task
from .listeners import Listeners, Timeouts

if TYPE_CHECKING:
    from ..models import LanguageModel
    from ..progress import Report

_CALLS = 8
"""Calls of one reader that may wait at once: a page asks for several patterns together."""

_log = logging.getLogger(__name__)


class Engine:
    """Decides what is computed and who is told; every method may be called from any thread.

    Args:
        executor: carries the work out; the one that the settings name by default.
        store: holds the runs.
        limits: budgets; read from the environment by default.
        timeouts: how long to wait for listeners.
    """

    def __init__(
        self,
        executor: Executor | None = None,
        store: RunStore | None = None,
        limits: Settings | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        limits = limits or settings()
        self._executor = executor or make_executor(limits)
        self._store = store or RunStore(limits.result_bytes)
        self._answers = Answers(self._store)
        self._clock = Clock()
        self._sweeper = Sweeper(self._clock, self._executor.idle)
        self._lock = threading.Lock()
        self._listeners = Listeners(
            self._lock, self._clock, timeouts or Timeouts(), self._cancel_unattended
        )
        self._closed = False
        self._limits = limits
        self._tasks: dict[tuple[str, str], Task] = {}

    def submit(self, request: Request, *, reader: Reader = LOCAL, stay: bool = False) -> Job:
        """Ask for a study. An equal request that runs, or whose run is kept, is shared.

        In public it is shared with the same reader only.

        Args:
            request: of any kind of study.
            reader: who asks.
            stay: whether the job goes on when nobody listens to it. Else it is cancelled when
                nobody listens for a while; see ``Timeouts``.

        Raises:
            InputError: there is no such study, or this server does not offer its model.
            OverBudgetError: too much is waiting already, or the reader asks for too much.
        """
        self._sweeper.pressed()
        # Files are looked at, and the key is made, outside the lock.
        whose, key = self._whose(reader), request.key
        seen, known = stamps(request), self._find_answer(whose, key)
        order = self._order(request.model, request, reader)
        if known is None:
            self._executor.check(order)
        with self._lock:
            if known is not None:
                return self._answered(request, reader, *known)
            task = self._tasks.get((whose, key))
            if task is not None and task.live and task.stamps == seen:
                return self._join(task, reader, stay)
            return self._start(
                Task(order, whose, key, request.kind, seen, self._lock), reader, stay
            )

    def call(
        self,
        spec: ModelSpec,
        function: Callable[..., Any],
        *args: Any,
        name: str = "result",
        reader: Reader = LOCAL,
        stay: bool = False,
    ) -> Job:
        """Run ``function(model, *args, report=report)`` on the model's thread, in its turn.

        For numbers wanted on demand, such as one attention pattern. ``report`` is as in a study:
        called between steps, it raises once the job has been cancelled. An array that it returns
        can be fetched by its content.

        Args:
            spec: the model.
            function: of a module, so that it can be sent elsewhere.
            args: plain values.
            name: under which the content is told to listeners.
            reader: who asks.
            stay: as in ``submit``.

        Raises:
            InputError: this server does not offer the model.
            OverBudgetError: too much is waiting already.
        """
        self._sweeper.pressed()
        key = f"call-{secrets.token_hex(8)}"
        order = self._order(spec, Call(function, args), reader)
        self._executor.check(order)
        with self._lock:
            task = Task(order, self._whose(reader), key, name, (), self._lock)
            return self._start(task, reader, stay)

    def warm(self, spec: ModelSpec) -> Job:
        """Load a model before somebody asks for it."""
        return self.call(spec, _nothing, stay=True)

    def owns(self, reader: Reader, job_id: str) -> bool:
        """Tell whether a job that is remembered is one that this reader asked for."""
        return self._listeners.owner(job_id) == reader.owner

    def listen(self, job_id: str) -> AsyncIterator[Event]:
        """Yield what happens to a job, on any event loop.

        The last progress comes first. Nothing follows an event that is its ``last``: done, failed,
        cancelled, unknown, or the server goes down. When nothing happens for a while, ``Alive``
        comes. Whoever breaks off early closes the generator, so that it is known at once.
        """
        return self._listeners.listen(job_id)

    def stop(self, job_id: str) -> bool:
        """Cancel a job, as its own ``cancel`` does; return whether there was one."""
        job = self._listeners.job(job_id)
        if job is not None:
            job.cancel()
        return job is not None

    def job_request(self, job_id: str) -> Request | None:
        """Return what a job was asked for; None of a call, and when the job is forgotten."""
        return self._listeners.request(job_id)

    def job_contents(self, job_id: str) -> Mapping[str, str] | None:
        """Return the contents of what a job made, by kind; None unless it is done."""
        return self._listeners.contents(job_id)

    def find(self, key: str, reader: Reader = LOCAL) -> Run | None:
        """Return the run that answers the request of ``key``, if it is in memory and holds."""
        known = self._find_answer(self._whose(reader), key)
        return known[0] if known and isinstance(known[0], Run) else None

    def content_of(self, key: str, reader: Reader = LOCAL) -> str | None:
        """Return the name of the content of ``find(key)``."""
        known = self._find_answer(self._whose(reader), key)
        return known[1][0] if known and isinstance(known[0], Run) else None

    def partial(self, content: str) -> Run | None:
        """Return an unfinished run by the name it was told under, while it is remembered."""
        return self._listeners.partial(content)

    def last(self, spec: ModelSpec, kind: str) -> Run | None:
        """Return a run of a kind computed here with a model and used last, if one is in memory."""
        with self._lock:
            answers = list(self._answers.newest(spec, kind))
        runs = (self._store.get(each.contents[0]) for each in answers)
        return next((run for run in runs if isinstance(run, Run)), None)

    def seconds(self, request: Request) -> float | None:
        """Return about how long a study will take; see ``Executor.seconds``."""
        return self._executor.seconds(request)

    def facts(self, spec: ModelSpec) -> ModelFacts | None:
        """Return the facts of a model if it is loaded."""
        model = self._executor.model(spec)
        return model.facts if model else None

    def loaded(self) -> list[ModelFacts]:
        """Return the facts of all loaded models, the least recently used first."""
        return [each.facts for each in self._executor.models()]

    def unload(self, spec: ModelSpec) -> bool:
        """Free a model; return False, and leave it, while it has work or was not loaded."""
        return self._executor.unload(spec)

    def work(self) -> list[Work]:
        """Return what runs and waits, of all readers."""
        return self._executor.work()

    def memory(self) -> dict[str, int]:
        """Return the bytes that are "free", and "promised" to work."""
        return self._executor.memory()

    def stop_order(self, order_id: str) -> bool:
        """Cancel all jobs on one order; return whether there were some."""
        with self._lock:
            found = next((t for t in self._tasks.values() if t.order.id == order_id), None)
            jobs = list(found.jobs) if found else []
        for job in jobs:
            job.cancel()
        return bool(jobs)

    def session_closed(self, after: float, release_sessions: Callable[[], None]) -> None:
        """Note that a reader left, so that what the session held is freed in a quiet moment.

        Args:
            after: seconds in which the reader may come back.
            release_sessions: makes whoever holds such sessions let them go; called from any thread.
        """
        self._sweeper.session_closed(after, release_sessions)

    def announce_shutdown(self) -> None:
        """Tell all who listen that the server goes down, and end what they listen to."""
        with self._lock:
            self._closed = True
        self._listeners.close()

    def close(self, timeout: float = 10) -> None:
        """Stop all work, free all models, and wait for that at most ``timeout`` seconds."""
        self.announce_shutdown()
        self._clock.close()
        self._executor.close(timeout)

    # Submitting

    def _whose(self, reader: Reader) -> str:
        """Return with whom a reader shares studies: in public with nobody."""
        return reader.owner if self._limits.mode == "public" else ""

    def _order(self, spec: ModelSpec, work: Request | Call, reader: Reader) -> Order:
        said, free = self._limits, self._limits.mode == "local" or reader.administers
        places = _CALLS if isinstance(work, Call) else said.reader_places
        limits = Limits() if free else Limits(places, said.study_tokens, said.study_seconds)
        return Order(secrets.token_hex(16), spec, work, reader.id, limits)

    def _find_answer(self, whose: str, key: str) -> tuple[Any, tuple[str, ...]] | None:
        """Return the runs that answer a request, and their contents. Not under the lock."""
        with self._lock:
            answer = self._answers.get(whose, key)
        if answer is None:
            return None
        model = self._executor.model(answer.request.model)
        value = self._answers.value(answer, model.weights.fingerprint if model else None)
        return None if value is None else (value, answer.contents)

    def _answered(
        self, request: Request, reader: Reader, value: Any, contents: tuple[str, ...]
    ) -> Job:
        order, whose = Order("", request.model, request), self._whose(reader)
        task = Task(order, whose, request.key, request.kind, (), self._lock)
        task.standing, task.ended = Standing("done", value=value), True
        runs = value if isinstance(value, tuple) else (value,)
        task.contents = {run.kind: name for run, name in zip(runs, contents, strict=True)}
        self._answers.used(whose, request.key)
        job = self._join(task, reader, stay=True)
        self._listeners.end(job, Done(task.contents))
        return job

    def _start(self, task: Task, reader: Reader, stay: bool) -> Job:
        """Give a task to the executor. The caller holds the lock."""
        if self._closed:
            raise EntroscopeError("Entroscope is shutting down; start it again.")
        self._executor.submit(task.order, partial(self._update, task))
        task.standing = self._executor.progress(task.order.id) or task.standing
        self._tasks[task.whose, task.key] = task
        return self._join(task, reader, stay)

    def _join(self, task: Task, reader: Reader, stay: bool) -> Job:
        job = Job(task, reader, stay, self._cancel)
        task.jobs.append(job)
        self._listeners.add(job)
        return job

    # What the executor tells

    def _update(self, task: Task) -> None:
        """See where the order of a task stands, and tell."""
        with self._lock:
            standing = self._executor.progress(task.order.id)
            if standing is None or task.ended:
                return
            if not standing.finished:
                task.standing = standing
                self._listeners.report(task)
                return
            task.ended = True
        try:
            contents = self._store_results(task, standing) if standing.state == "done" else {}
        except Exception as error:
            _log.exception("The result of %s cannot be kept.", task.order.id)
            refusal = EntroscopeError(f"The result cannot be kept: {error}")
            standing, contents = Standing("failed", error=refusal), {}
        with self._lock:
            task.standing, task.contents = standing, contents
            if self._tasks.get((task.whose, task.key)) is task:
                del self._tasks[task.whose, task.key]
            for job in list(task.jobs):
                self._listeners.end(job, _end_of(task))
            task.changed.notify_all()

    def _store_results(self, task: Task, standing: Standing) -> dict[str, str]:
        """Keep what was made, and return the names of the contents by kind. Not under the lock."""
        value, work = standing.value, task.order.work
        if isinstance(work, Call) or standing.weights is None:
            kept = isinstance(value, np.ndarray | Run)
            return {task.name: self._store.put(value)} if kept else {}
        runs = value if isinstance(value, tuple) else (value,)
        contents = [self._store.put(run) for run in runs]
        with self._lock:
            self._answers.put(task.whose, work, value, contents, standing.weights)
        return {run.kind: content for run, content in zip(runs, contents, strict=True)}

    # Giving up

    def _cancel(self, job: Job, *, only_unattended: bool = False) -> None:
        """Take a job off its task, and stop the task when it was the last.

        Args:
            job: that is no longer waited for.
            only_unattended: only if nobody listens to it.
        """
        with self._lock:
            task = job.task
            if job.finished or task.ended or (only_unattended and job.mailboxes):
                return
            job.cancelled = True
            task.jobs.remove(job)
            task.stopped = not task.jobs
            self._listeners.end(job, Cancelled(task.partial))
            task.changed.notify_all()
        if task.stopped:
            self._executor.cancel(task.order.id)

    def _cancel_unattended(self, job: Job) -> None:
        self._cancel(job, only_unattended=True)


def _end_of(task: Task) -> Event:
    standing = task.standing
    if standing.state == "done":
        return Done(task.contents)
    if standing.error is not None:
        return Failed(str(standing.error))
    return Cancelled(task.partial)


def _nothing(model: LanguageModel, *, report: Report) -> None:
    """Do nothing with a model that is loaded now."""
