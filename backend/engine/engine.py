"""The engine: takes requests, decides where and when they run, and remembers the answers."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import EntroscopeError, OverBudgetError
from ..models import load_model
from ..models.memory import free_beside
from ..registry import Registry
from ..runs import ModelFacts, ModelSpec, Request, Run
from ..settings import Settings, settings
from ..storage.files import content_id
from ..studies import STUDIES, Report, Study
from .budget import announcing, check_free, check_limit
from .job import Job, Task, Work
from .memory import ByteCache
from .worker import Loader, Worker

if TYPE_CHECKING:
    from ..models import LanguageModel

_PATIENCE = 30.0  # seconds to wait for a model to be freed


class Engine:
    """Runs studies in this process, one thread a model; every method may be called anywhere.

    Args:
        loader: turns a ``ModelSpec`` into a model, on the model's own thread.
        studies: what can be asked, by kind.
        limits: budgets; read from the environment by default.
    """

    def __init__(
        self,
        loader: Loader = load_model,
        studies: Registry[Study] = STUDIES,
        limits: Settings | None = None,
    ) -> None:
        self._loader = loader
        self._studies = studies
        self._limits = limits or settings()
        self._lock = threading.Lock()
        self._closed = False
        self._tasks: dict[str, Task] = {}
        self._workers: dict[ModelSpec, Worker] = {}  # least recently used first
        self._runs: ByteCache[Run] = ByteCache(self._limits.result_bytes)
        self._calls = itertools.count(1)

    def submit(self, kind: str, request: Request) -> Job:
        """Ask for a study. An equal request that runs, or whose run is kept, is shared.

        Raises:
            InputError: there is no such study.
            OverBudgetError: too much is waiting already.
        """
        study = self._studies[kind]
        with self._lock:
            run = self._runs.get(request.key)
            if run is not None:
                return _answered(request.key, run, self._lock)
            task = self._tasks.get(request.key)
            if task is not None and task.live:
                return task.join()
            return self._queue(request.model, request.key, partial(self._study, study, request))

    def call(self, spec: ModelSpec, function: Callable[..., Any], *args: Any) -> Job:
        """Run ``function(model, *args, report=report)`` on the model's thread, in its turn.

        For numbers wanted on demand, such as one attention pattern. ``report`` is as in a study:
        called between steps, it raises once the job has been cancelled.

        Raises:
            OverBudgetError: too much is waiting already.
        """

        def work(model: LanguageModel, report: Report) -> Any:
            return function(model, *args, report=report)

        with self._lock:
            return self._queue(spec, f"call-{next(self._calls)}", work)

    def find(self, key: str) -> Run | None:
        """Return a run still in memory, or None."""
        with self._lock:
            return self._runs.get(key)

    def last(self, spec: ModelSpec, kind: str) -> Run | None:
        """Return a run of a kind computed here with a model and used last, if one is in memory."""
        with self._lock:
            ours = (
                run
                for key, run in self._runs.newest()
                if run.kind == kind and run.request.model == spec and key == run.request.key
            )
            return next(ours, None)

    def put(self, run: Run) -> str:
        """Keep a run that was not computed here, and return the key to ``find`` it with.

        The key comes from the run's content, so that an uploaded file can never pass for the
        answer to somebody's request.
        """
        key = f"kept-{content_id(run)}"
        with self._lock:
            self._runs.put(key, run)
        return key

    def facts(self, spec: ModelSpec) -> ModelFacts | None:
        """Return the facts of a model if it is loaded."""
        with self._lock:
            worker = self._workers.get(spec)
            return worker.facts if worker else None

    def loaded(self) -> list[ModelFacts]:
        """Return the facts of all loaded models, the least recently used first."""
        with self._lock:
            return [each.facts for each in self._workers.values() if each.facts]

    def unload(self, spec: ModelSpec) -> bool:
        """Free a model; return False, and leave it, while it has work or was not loaded."""
        with self._lock:
            worker = self._workers.get(spec)
            if worker is None or not worker.idle():
                return False
            self._retire(worker)
            return True

    def close(self, timeout: float = 10) -> None:
        """Stop all work, free all models, and wait for that at most ``timeout`` seconds."""
        with self._lock:
            self._closed = True
            workers = list(self._workers.values())
            for worker in workers:
                self._retire(worker)
        deadline = time.monotonic() + timeout
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))

    def _queue(self, spec: ModelSpec, key: str, work: Work) -> Job:
        """Hand work to the model's worker. The caller holds the lock."""
        if self._closed:
            raise EntroscopeError("Entroscope is shutting down; start it again.")
        worker = self._workers.pop(spec, None)
        if worker is None:
            worker = Worker(spec, self._loader, self._lock, self._settle, self._make_room)
        self._workers[spec] = worker  # the most recently used is last
        waiting, limit = worker.waiting(), self._limits.max_queue
        if waiting >= limit:
            raise OverBudgetError(
                f"{waiting} studies wait for this model already, and {limit} may. "
                "Try again in a moment."
            )
        task = Task(key, work, self._lock)
        self._tasks = {each.key: each for each in self._tasks.values() if each.live}
        self._tasks[key] = task
        worker.add(task)
        return task.join()

    def _study(
        self, study: Study, request: Request, model: LanguageModel, report: Report
    ) -> Run | tuple[Run, ...]:
        estimate = study.estimate(model, request)
        check_limit(estimate, self._limits.work_bytes, None)
        while estimate.bytes > free_beside(model.facts.device) and self._make_room(model.spec):
            pass
        check_free(estimate, free_beside(model.facts.device), None)
        answer = study.run(model, request, announcing(None, report))
        with self._lock:
            for run in answer if isinstance(answer, tuple) else (answer,):
                self._runs.put(run.request.key, run)
        return answer

    def _settle(self, current: Worker) -> None:
        """Retire idle models, oldest first, until the rest fit. The caller holds the lock.

        The current model stays: it was just asked for, and its loader made sure that it fits.
        """
        if current.facts is None and current.idle():
            self._retire(current)
        total = sum(each.facts.memory_bytes for each in self._workers.values() if each.facts)
        for worker in list(self._workers.values()):
            if total <= self._limits.model_bytes:
                return
            if worker.facts and worker is not current and worker.idle():
                total -= worker.facts.memory_bytes
                self._retire(worker)

    def _make_room(self, spec: ModelSpec) -> bool:
        """Free the idle model unused for longest, but not ``spec``; tell whether there was one.

        The caller does not hold the lock.
        """
        with self._lock:
            idle = [
                each
                for each in self._workers.values()
                if each.facts and each.spec != spec and each.idle()
            ]
            if not idle:
                return False
            self._retire(idle[0])
        idle[0].join(_PATIENCE)
        return True

    def _retire(self, worker: Worker) -> None:
        if self._workers.get(worker.spec) is worker:
            del self._workers[worker.spec]
        worker.retire()


def _answered(key: str, run: Run, lock: threading.Lock) -> Job:
    task = Task(key, lambda model, report: run, lock)
    task.finish("done", run)
    return task.join()
