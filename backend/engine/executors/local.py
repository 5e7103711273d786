"""The executor of this process: one thread a model, and the memory of this machine."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from ...errors import EntroscopeError, NoRoomError
from ...models import load_model
from ...models.fingerprint import fingerprint as weights_fingerprint
from ...models.memory import free_bytes, study_memory
from ...progress import Progress, Report
from ...registry import Registry
from ...runs import ModelSpec, Request
from ...settings import Settings
from ...storage.stamps import stamps
from ...studies import STUDIES, Estimate, Study
from ..budget import check_limit, check_seconds, over_free, within
from ..pace import Pace, Stopwatch, model_name
from ..reservations import Ledger
from .admission import check_offered, check_places, check_queue, check_size
from .base import Call, LoadedModel, Order, Standing, Work
from .identity import is_revision, resolved
from .ticket import Ticket
from .worker import Worker

if TYPE_CHECKING:
    from ...models import LanguageModel

_PATIENCE = 30.0  # seconds to wait for a model to be freed
_SHORT = 1.0
"""Seconds of a study that a longer one lets in between two of its steps."""
_WAITING = Progress(0, 0, "Waiting for memory that other work uses")

_log = logging.getLogger(__name__)

Loader = Callable[[ModelSpec], "LanguageModel"]


class LocalExecutor:
    """Runs studies in this process; see ``Executor``.

    Args:
        limits: budgets, and the folder in which the pace of this machine is kept.
        load: turns a ``ModelSpec`` into a model, on the model's own thread.
        studies: what can be asked, by kind.
        fingerprint: returns a hash of a model's weights.
        free: returns the bytes free on a device.
    """

    def __init__(
        self,
        limits: Settings,
        load: Loader = load_model,
        studies: Registry[Study] = STUDIES,
        fingerprint: Callable[[LanguageModel], str] = weights_fingerprint,
        free: Callable[[torch.device], int] = free_bytes,
    ) -> None:
        self.lock = threading.Lock()
        self.load, self.fingerprint = load, fingerprint
        self._limits, self._studies = limits, studies
        self._free = free
        self.ledger = Ledger(free)
        self._pace = Pace(limits.cache_dir / "pace.json")
        resolved(ModelSpec())  # asks for GPUs once, outside every lock
        self._tickets: dict[str, tuple[Ticket, Worker]] = {}
        # By the resolved spec, the least recently used first.
        self._workers: dict[ModelSpec, Worker] = {}

    # What the engine calls

    def check(self, order: Order) -> None:
        if isinstance(order.work, Request):
            self._studies[order.work.kind]
        check_offered(order, self.model, self._limits)
        with self.lock:
            worker = self._workers.get(self._key(order.model))
            model = worker.model if worker else None
        check_size(order, model)

    def submit(self, order: Order, changed: Callable[[], None]) -> None:
        ticket = Ticket(order, changed)
        with self.lock:
            check_places(order, (each.order for each, _ in self._tickets.values()))
            key = self._key(order.model)
            worker = self._workers.pop(key, None) or Worker(order.model, self)
            self._workers[key] = worker  # the most recently used is last
            check_queue(len(worker.waiting()), self._limits)
            self._tickets[order.id] = ticket, worker
            worker.add(ticket)

    def progress(self, order_id: str) -> Standing | None:
        with self.lock:
            known = self._tickets.get(order_id)
            return known[0].standing if known else None

    def cancel(self, order_id: str) -> None:
        with self.lock:
            if order_id not in self._tickets:
                return
            ticket, worker = self._tickets[order_id]
            moved = worker.stop(ticket)
        self.notify(moved)

    def orders(self) -> list[Order]:
        """Return what runs and waits."""
        with self.lock:
            return [each.order for each, _ in self._tickets.values()]

    def model(self, spec: ModelSpec) -> LoadedModel | None:
        with self.lock:
            worker = self._workers.get(self._key(spec))
            return worker.loaded if worker else None

    def models(self) -> list[LoadedModel]:
        with self.lock:
            return [each.loaded for each in self._workers.values() if each.model and each.loaded]

    def work(self) -> list[Work]:
        with self.lock:
            return [shown(each) for worker in self._workers.values() for each in worker.tickets()]

    def memory(self) -> dict[str, int]:
        return {"free": self._free(torch.device("cpu")), "promised": self.ledger.promised}

    def seconds(self, request: Request) -> float | None:
        with self.lock:
            worker = self._workers.get(self._key(request.model))
            # None for studies that read no model.
            model: Any = worker.model if worker else None
            loaded = worker.loaded if worker else None
        if loaded is None:
            return None
        # Needs the tokenizer and the facts only, which any thread may read.
        check_offered(Order("", request.model, request), self.model, self._limits)
        estimate = self._studies[request.kind].estimate(model, request)
        return self._pace.seconds(model_name(loaded), request.kind, estimate.work)

    def idle(self) -> bool:
        with self.lock:
            return all(each.idle() for each in self._workers.values())

    def unload(self, spec: ModelSpec) -> bool:
        with self.lock:
            worker = self._workers.get(self._key(spec))
            if worker is None or not worker.idle():
                return False
            self._retire(worker)
            return True

    def close(self, timeout: float) -> None:
        with self.lock:
            workers = list(self._workers.values())
            stopped = [each for worker in workers for each in self._retire(worker)]
        self.notify(stopped)
        deadline = time.monotonic() + timeout
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))
        self._pace.save()

    # What its workers call

    def notify(self, moved: Sequence[Ticket]) -> None:
        """Tell the engine that orders stand elsewhere now; not under the lock."""
        for ticket in moved:
            try:
                ticket.changed()
            except Exception:  # the worker's thread lives on
                _log.exception("What the engine does with a result failed.")
            if ticket.standing.finished:
                with self.lock:
                    self._tickets.pop(ticket.order.id, None)

    def carry_out(
        self, worker: Worker, ticket: Ticket, model: LanguageModel | None, loaded: LoadedModel
    ) -> Standing:
        order, work = ticket.order, ticket.order.work
        with study_memory("The study", loaded.facts.device):
            if isinstance(work, Call):
                report = within(order.limits.seconds, ticket.report, lambda: ticket.waited)
                value = work.function(model, *work.args, report=report)
                return Standing("done", value=value, weights=loaded.weights)
            # Its own model was loaded from the files of then, others are from those of now.
            others = stamps(work)[1:]
            weights = replace(loaded.weights, stamps=(*loaded.weights.stamps, *others))
            value = self._study(worker, ticket, work, model, loaded)
            return Standing("done", value=value, weights=weights)

    def is_short(self, worker: Worker, ticket: Ticket) -> bool:
        if ticket.short is None:
            work, ticket.short = ticket.order.work, False
            if isinstance(work, Call):  # somebody looks at a picture
                ticket.short = True
            elif worker.loaded is not None:
                with suppress(EntroscopeError):  # its own turn tells what is wrong with it
                    study, model = self._studies[work.kind], worker.model
                    name, estimate = model_name(worker.loaded), study.estimate(model, work)  # type: ignore[reportArgumentType]
                    expected = self._pace.seconds(name, work.kind, estimate.work)
                    ticket.short = expected is not None and expected <= _SHORT
        return ticket.short

    @contextmanager
    def loading_memory(self, worker: Worker, report: Report) -> Iterator[_LoadingMemory]:
        memory = _LoadingMemory(self, worker, report)
        try:
            yield memory
        finally:
            self.ledger.release(worker)

    def evict(self, worker: Worker) -> None:
        # The current model stays: it was just asked for, and it was made sure that it fits.
        if worker.loaded is None and worker.idle():
            self._retire(worker)
        loaded = [each for each in self._workers.values() if each.loaded]
        total = sum(each.loaded.facts.memory_bytes for each in loaded if each.loaded)
        for each in loaded:
            if total <= self._limits.model_bytes:
                return
            if each.loaded and each is not worker and each.idle():
                total -= each.loaded.facts.memory_bytes
                self._retire(each)

    def free_another(self, worker: Worker) -> bool:
        """Free the idle model unused for longest, but ``worker``'s; tell whether there was one."""
        with self.lock:
            idle = (
                each
                for each in self._workers.values()
                if each.loaded and each is not worker and each.idle()
            )
            other = next(idle, None)
            if other is None:
                return False
            self._retire(other)
        other.join(_PATIENCE)
        return True

    def _study(
        self,
        worker: Worker,
        ticket: Ticket,
        request: Request,
        model: Any,
        loaded: LoadedModel,
    ) -> Any:
        study, name = self._studies[request.kind], model_name(loaded)
        check_size(ticket.order, model)
        estimate = study.estimate(model, request)
        expected = self._pace.seconds(name, request.kind, estimate.work)
        seconds = ticket.order.limits.seconds
        check_seconds(expected, seconds)
        check_limit(estimate, self._limits.work_bytes, expected)
        self._reserve(worker, ticket, estimate, expected, loaded)
        try:
            watch = Stopwatch(expected)
            tell = within(seconds, ticket.report, lambda: ticket.waited)

            def report(progress: Progress) -> None:
                tell(replace(progress, seconds_left=watch.left(progress)))
                if progress.pausable:
                    worker.let_in()

            started = time.perf_counter()
            value = study.run(model, request, report)
            taken = time.perf_counter() - started - ticket.waited
            self._pace.learn(name, request.kind, estimate.work, taken)
        finally:
            self.ledger.release(ticket)
        return value

    def _reserve(
        self,
        worker: Worker,
        ticket: Ticket,
        estimate: Estimate,
        expected: float | None,
        loaded: LoadedModel,
    ) -> None:
        """Wait until the study may have the memory it needs.

        Raises:
            OverBudgetError: it would not fit even if all others had finished.
            CancelledError: nobody waits any longer.
        """
        devices = [torch.device(each) for each in loaded.facts.device.split(", ")]
        while True:
            seen = self.ledger.given_back
            if self.ledger.reserve(ticket, estimate.bytes, devices):
                return
            if self.free_another(worker):
                continue
            if worker.paused is not None:  # what it uses comes back only after this one
                raise NoRoomError("There is no room for this study beside the one that pauses.")
            could = self.ledger.could(estimate.bytes, devices)
            if not (could and self.ledger.wait(seen, lambda: ticket.report(_WAITING))):
                free = min(self.ledger.left(each) for each in devices)
                raise over_free(estimate, free, expected)

    def _retire(self, worker: Worker) -> list[Ticket]:
        """Free a model and return the orders that stand elsewhere now. Needs the lock."""
        self._workers = {key: each for key, each in self._workers.items() if each is not worker}
        return worker.retire()

    def _key(self, spec: ModelSpec) -> ModelSpec:
        """Return under which key the worker of a model is, or will be. Needs the lock."""
        wanted = resolved(spec)
        if wanted in self._workers:
            return wanted
        for key, each in self._workers.items():
            if each.loaded and is_revision(wanted, key, each.loaded.facts):
                return key
        return wanted


def shown(ticket: Ticket) -> Work:
    """Return what is shown of an order that waits or runs."""
    order, standing = ticket.order, ticket.standing
    what = order.work.function.__name__ if isinstance(order.work, Call) else order.work.kind
    words = standing.progress.message
    return Work(order.id, order.reader, what, order.model.source, standing.state, words)


class _LoadingMemory:
    """Memory for a model that is being loaded; see ``worker.LoadingMemory``."""

    def __init__(self, executor: LocalExecutor, worker: Worker, report: Report) -> None:
        self._executor, self._worker, self._report = executor, worker, report
        self._seen: int | None = None

    def reserve(self, needed: int, devices: Sequence[torch.device]) -> bool:
        ledger = self._executor.ledger
        seen = ledger.given_back
        granted = ledger.reserve(self._worker, needed, devices, spread=True)
        self._seen = None if granted else seen
        return granted

    def make_room(self) -> bool:
        if self._executor.free_another(self._worker):
            return True
        # Refused for what others were promised: once they give back, it may fit.
        seen, self._seen = self._seen, None
        return seen is not None and self._executor.ledger.wait(seen, lambda: self._report(_WAITING))
