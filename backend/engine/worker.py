"""The thread that owns one model: it loads it, runs its tasks in order and frees it."""

from __future__ import annotations

import copy
import logging
import threading
from collections import deque
from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING

from ..errors import CancelledError, EntroscopeError, NoRoomError, OverBudgetError
from ..models.loading import reporting_to
from ..models.memory import study_memory
from ..progress import Progress, Report
from ..runs import ModelFacts, ModelSpec
from .job import Task
from .memory import give_back

if TYPE_CHECKING:
    from ..models import LanguageModel

Loader = Callable[[ModelSpec], "LanguageModel"]

_log = logging.getLogger(__name__)

# transformers sets the default dtype of the whole process while it builds a model, so two
# loads at once could take each other's.
_loading = threading.Lock()


class Worker:
    """A model and the tasks waiting for it. Fields change under the engine's lock.

    Args:
        spec: the model, loaded when the first task comes up.
        load: turns ``spec`` into a model.
        lock: the engine's lock.
        settle: called under the lock after a load and whenever a task is over, so that the
            engine can decide which models stay.
        make_room: called without the lock when the model does not fit; frees another, or tells
            that there is none to free.
    """

    def __init__(
        self,
        spec: ModelSpec,
        load: Loader,
        lock: threading.Lock,
        settle: Callable[[Worker], None],
        make_room: Callable[[ModelSpec], bool],
    ) -> None:
        self.spec = spec
        self.facts: ModelFacts | None = None
        self.running: Task | None = None
        self._load = load
        self._settle = settle
        self._make_room = make_room
        self._lock = lock
        self._changed = threading.Condition(lock)
        self._tasks: deque[Task] = deque()
        self._retired = False
        self._thread = threading.Thread(
            target=self._work, name=f"entroscope {spec.source}", daemon=True
        )
        self._thread.start()

    def waiting(self) -> int:
        """Return how many tasks wait, those cancelled meanwhile left out. Needs the lock."""
        self._tasks = deque(task for task in self._tasks if task.live)
        for ahead, task in enumerate(self._tasks, start=self.running is not None):
            if ahead:
                task.report(_in_queue(ahead))
        return len(self._tasks)

    def idle(self) -> bool:
        """Tell whether nothing runs or waits. Needs the lock."""
        return self.running is None and not self.waiting()

    def add(self, task: Task) -> None:
        """Queue a task. The caller holds the lock."""
        self._tasks.append(task)
        self.waiting()
        self._changed.notify()

    def retire(self) -> None:
        """Stop every task, free the model and end the thread. The caller holds the lock."""
        self._retired = True
        for task in (*self._tasks, *filter(None, [self.running])):
            task.stop()
        self._changed.notify()

    def join(self, timeout: float) -> None:
        """Wait for the thread to end; without the lock."""
        self._thread.join(timeout)

    def _work(self) -> None:
        model = None
        while (task := self._next()) is not None:
            try:
                if model is None:
                    model = self._load_for(task)
                value, error = self._run(task, model), None
            except BaseException as failure:  # whatever it is, the thread lives on
                value, error = None, _for_reader(failure, task)
            self._over(task, value, error, loaded=model is not None)
            del task, value, error  # an idle worker keeps no run alive
        del model
        with _loading:
            give_back()

    def _next(self) -> Task | None:
        with self._lock:
            while True:
                self.waiting()
                if self._retired:
                    return None
                if self._tasks:
                    self.running = self._tasks.popleft()
                    self.waiting()
                    return self.running
                self._changed.wait()

    def _load_for(self, task: Task) -> LanguageModel:
        with self._lock:
            task.begin("loading", f"Loading {_name(self.spec)} …")
        while True:
            try:
                with _loading, reporting_to(self._load_report(task)):
                    model = self._load(self.spec)
                break
            except NoRoomError as failure:
                refused = copy.copy(failure)  # without the traceback, which holds tensors
            give_back()
            if not self._make_room(self.spec):
                raise refused
        with self._lock:
            self.facts = model.facts
            self._settle(self)
        return model

    def _load_report(self, task: Task) -> Report:
        """Return a report that stops the loading once nobody waits for the model."""

        def report(progress: Progress) -> None:
            with self._lock:
                if not task.stopped:
                    task.report(progress)
                elif self._retired or not self.waiting():
                    raise CancelledError("The study was stopped.")

        return report

    def _run(self, task: Task, model: LanguageModel) -> object:
        with self._lock:
            if task.stopped:
                raise CancelledError("The study was stopped.")
            task.begin("running", "Starting")
        with study_memory("The study", model.facts.device):
            return task.work(model, task.report)

    def _over(
        self, task: Task, value: object, error: EntroscopeError | None, *, loaded: bool
    ) -> None:
        if isinstance(error, OverBudgetError) or not loaded:
            give_back()
        with self._lock:
            if isinstance(error, CancelledError):
                task.finish("cancelled")
            elif error is not None:
                task.finish("failed", error=error)
            else:
                task.finish("done", value)
            # What waits for a broken model would fail likewise, one slow load after the other.
            if not loaded and not isinstance(error, CancelledError):
                for each in self._tasks:
                    each.finish("failed", error=error)
            self.running = None
            self._settle(self)


def _for_reader(failure: BaseException, task: Task) -> EntroscopeError:
    """Return an error with a message for people and without the traceback.

    A traceback would keep every tensor of the failed study alive for as long as somebody holds
    the job.
    """
    if isinstance(failure, EntroscopeError):
        return copy.copy(failure)
    _log.error("Task %s failed.", task.key, exc_info=failure)
    return EntroscopeError(
        f"This did not work, and it is a fault of Entroscope: {type(failure).__name__}: {failure}"
    )


def _in_queue(ahead: int) -> Progress:
    others = "1 study" if ahead == 1 else f"{ahead} studies"
    return Progress(0, 0, f"Waiting for {others} on the same model")


def _name(spec: ModelSpec) -> str:
    return "the bundled model" if spec.source == "bundled" else PurePath(spec.source).name
