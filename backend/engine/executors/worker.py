"""The thread that owns one model: it loads it, carries out its orders in turn and frees it."""

from __future__ import annotations

import copy
import logging
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol

import torch

from ...errors import CancelledError, EntroscopeError, NoRoomError, OverBudgetError
from ...models.loading import reporting_to
from ...models.memory import reserving_with
from ...progress import Progress, Report
from ...runs import ModelSpec
from ...runs.model import NO_MODEL
from ...storage.stamps import stamp
from .. import garbage
from .base import NOTHING_LOADED, LoadedModel, Standing, Weights
from .line import Line
from .ticket import Ticket

if TYPE_CHECKING:
    from ...models import LanguageModel

_log = logging.getLogger(__name__)


class Manager(Protocol):
    """What a worker needs of the executor it belongs to."""

    lock: threading.Lock

    def load(self, spec: ModelSpec, /) -> LanguageModel:
        """Return the model; not under the lock."""
        ...

    def fingerprint(self, model: LanguageModel, /) -> str:
        """Return a hash of the weights."""
        ...

    def carry_out(
        self, worker: Worker, ticket: Ticket, model: LanguageModel | None, loaded: LoadedModel
    ) -> Standing:
        """Do what the order says; not under the lock."""
        ...

    def loading_memory(
        self, worker: Worker, report: Report
    ) -> AbstractContextManager[LoadingMemory]:
        """Return what a model is loaded into; not under the lock."""
        ...

    def is_short(self, worker: Worker, ticket: Ticket) -> bool:
        """Tell whether an order takes so little time that a longer one may wait for it."""
        ...

    def notify(self, moved: Sequence[Ticket]) -> None:
        """Tell the engine that orders stand elsewhere now; not under the lock."""
        ...

    def evict(self, worker: Worker) -> None:
        """Decide which models stay; under the lock, after a load and after every order."""
        ...


class LoadingMemory(Protocol):
    """Memory for a model that is being loaded."""

    def reserve(self, needed: int, devices: Sequence[torch.device]) -> bool:
        """Promise the model what it needs on all devices together."""
        ...

    def make_room(self) -> bool:
        """Free other models, or wait for other work; False where that does not help."""
        ...


class Worker:
    """A model and the orders waiting for it. Fields change under the executor's lock.

    Orders without a model, such as trainings, wait for one another in a line of their own.

    Args:
        spec: the model, loaded when the first order comes up.
        manager: the executor.
    """

    def __init__(self, spec: ModelSpec, manager: Manager) -> None:
        self.spec = spec
        self.model: LanguageModel | None = None
        self.loaded: LoadedModel | None = None
        self.running: Ticket | None = None
        self.paused: Ticket | None = None
        self._manager = manager
        self._lock = manager.lock
        self._changed = threading.Condition(manager.lock)
        self._line = Line()
        self._retired = False
        self._thread = threading.Thread(
            target=self._live, name=f"entroscope {spec.source}", daemon=True
        )
        self._thread.start()

    def waiting(self) -> list[Ticket]:
        """Return the orders that wait, in their turn. Needs the lock."""
        return self._line.in_turn()

    def tickets(self) -> list[Ticket]:
        """Return the order that runs and those that wait, in their turn. Needs the lock."""
        return [*([self.running] if self.running else []), *self.waiting()]

    def idle(self) -> bool:
        """Tell whether nothing runs or waits. Needs the lock."""
        return self.running is None and not self._line

    def let_in(self) -> None:
        """Carry out a short order that waits, while the one that runs has nothing half done.

        Called on the worker's own thread. A long order gives others at most half of its time.
        """
        if self.paused is not None or (ticket := self._short()) is None:
            return
        started = time.perf_counter()
        with self._lock:
            if ticket not in self._line or self.running is None:
                return
            self._line.take(ticket)
            self.paused, self.running = self.running, ticket
            moved = self._renumber()
        self._manager.notify(moved)
        try:
            with torch.inference_mode(False):  # the long one may be in it, and this one need grads
                standing = self._carry_out(ticket)
        except NoRoomError:
            standing = None
        except BaseException as failure:
            standing = ended_badly(failure, ticket)
        if standing is not None:
            self._over(ticket, standing)
        with self._lock:
            if standing is None:  # not beside the other one: it takes its turn later
                ticket.short = False
                self._line.append(ticket)
            self.running, self.paused = self.paused, None
            self.running.waited += time.perf_counter() - started
            moved = self._renumber()
        self._manager.notify(moved)

    def _short(self) -> Ticket | None:
        """Return an order that may be let in now, None for none."""
        with self._lock:
            running, waiting = self.running, self._line.in_turn()
        if not waiting or running is None or self._overwritten():
            return None
        if running.waited > (time.perf_counter() - running.began) / 2:
            return None
        return next((each for each in waiting if self._manager.is_short(self, each)), None)

    def add(self, ticket: Ticket) -> None:
        """Put an order in line. The caller holds the lock."""
        self._line.append(ticket)
        self._renumber()
        self._changed.notify()

    def stop(self, ticket: Ticket) -> list[Ticket]:
        """Stop an order and return those that stand elsewhere now. The caller holds the lock."""
        ticket.stopped = True
        if ticket not in self._line:
            return []
        self._line.remove(ticket)
        ticket.end(Standing("cancelled"))
        return [ticket, *self._renumber()]

    def retire(self) -> list[Ticket]:
        """Stop every order, free the model and end the thread. The caller holds the lock.

        Returns:
            The orders that stand elsewhere now.
        """
        self._retired = True
        for each in (self.running, self.paused):
            if each is not None:
                each.stopped = True
        stopped = [each for ticket in self.waiting() for each in self.stop(ticket)[:1]]
        self._changed.notify()
        return stopped

    def join(self, timeout: float) -> None:
        """Wait for the thread to end; without the lock."""
        self._thread.join(timeout)

    def _renumber(self) -> list[Ticket]:
        moved = []
        for ahead, ticket in enumerate(self._line.in_turn(), start=self.running is not None):
            if ahead:
                words = _in_line(ahead, self.spec, loading=self.loaded is None)
                ticket.standing = Standing("queued", words)
                moved.append(ticket)
        return moved

    def _live(self) -> None:
        """Work until the model is retired; what breaks the work itself costs one order."""
        working = True
        while working:
            try:
                self._work()
                working = False
            except BaseException as failure:  # else all that wait for the model would for ever
                self._give_up(failure)

    def _give_up(self, failure: BaseException) -> None:
        with self._lock:
            ticket, self.running = self.running, None
            if ticket is not None:
                ticket.end(ended_badly(failure, ticket))
        if ticket is not None:
            self._manager.notify([ticket])

    def _work(self) -> None:
        while (ticket := self._next()) is not None:
            try:
                if self._overwritten():
                    self._drop()
                if self.loaded is None:
                    self._load_for(ticket)
                standing = self._carry_out(ticket)
            except BaseException as failure:  # whatever it is, the thread lives on
                standing = ended_badly(failure, ticket)
            self._over(ticket, standing)
            del ticket, standing  # an idle worker keeps no run alive
        if self.loaded is not None:
            self._drop()

    def _next(self) -> Ticket | None:
        with self._lock:
            while not (self._retired or self._line):
                self._changed.wait()
            if self._retired:
                return None
            self.running = self._line.next()
            moved = self._renumber()
            ticket = self.running
        self._manager.notify(moved)
        return ticket

    def _overwritten(self) -> bool:
        """Tell whether the files of the model changed since it was loaded."""
        return self.loaded is not None and self.loaded.weights.stamps != (stamp(self.spec),)

    def _drop(self) -> None:
        with self._lock:
            self.model = self.loaded = None
        garbage.after_drop()

    def _load_for(self, ticket: Ticket) -> None:
        if self.spec == NO_MODEL:
            with self._lock:
                self.loaded = NOTHING_LOADED
            return
        ticket.begin("loading", f"Loading {_name(self.spec)} …")
        report = self._load_report(ticket)
        stamps = (stamp(self.spec),)  # before: whatever changes meanwhile makes it another one
        with reporting_to(report), self._manager.loading_memory(self, report) as memory:
            model = self._load_into(memory)
        loaded = LoadedModel(model.facts, Weights(self._manager.fingerprint(model), stamps))
        garbage.after_load()
        with self._lock:
            self.model, self.loaded = model, loaded
            self._manager.evict(self)
            moved = self._renumber()
        self._manager.notify(moved)

    def _load_into(self, memory: LoadingMemory) -> LanguageModel:
        while True:
            try:
                with reserving_with(memory.reserve):
                    return self._manager.load(self.spec)
            except NoRoomError as failure:
                refused = copy.copy(failure)  # without the traceback, which holds tensors
            garbage.after_drop()
            if not memory.make_room():
                raise refused

    def _load_report(self, ticket: Ticket) -> Report:
        """Return a report that stops the loading once nobody waits for the model."""

        def report(progress: Progress) -> None:
            if not ticket.stopped:
                ticket.report(progress)
                return
            with self._lock:
                if self._retired or not self._line:
                    raise CancelledError("The study was stopped.")

        return report

    def _carry_out(self, ticket: Ticket) -> Standing:
        model, loaded = self.model, self.loaded
        if ticket.stopped or loaded is None:
            raise CancelledError("The study was stopped.")
        ticket.begin("running", "Starting")
        return self._manager.carry_out(self, ticket, model, loaded)

    def _over(self, ticket: Ticket, standing: Standing) -> None:
        failed_to_load = self.loaded is None
        if isinstance(standing.error, OverBudgetError) or failed_to_load:
            garbage.after_drop()
        ended = [ticket]
        with self._lock:
            ticket.end(standing)
            # What waits for a broken model would fail likewise, one slow load after the other.
            if failed_to_load and standing.state == "failed":
                waiting = self._line.clear()
                for each in waiting:
                    each.end(standing)
                ended += waiting
            self.running = None
            self._manager.evict(self)
        self._manager.notify(ended)


def ended_badly(failure: BaseException, ticket: Ticket) -> Standing:
    """Return how an order ended, with a message for people and without the traceback.

    A traceback would keep every tensor of the failed study alive for as long as somebody holds
    the job.
    """
    if isinstance(failure, CancelledError):
        return Standing("cancelled")
    if isinstance(failure, EntroscopeError):
        return Standing("failed", error=copy.copy(failure))
    _log.error("Order %s failed.", ticket.order.id, exc_info=failure)
    return Standing(
        "failed",
        error=EntroscopeError(
            f"This did not work, and it is a fault of Entroscope: "
            f"{type(failure).__name__}: {failure}"
        ),
    )


def _in_line(ahead: int, spec: ModelSpec, *, loading: bool) -> Progress:
    if spec == NO_MODEL:
        return Progress(0, 0, f"Waiting for {ahead} other training{'s' * (ahead > 1)}")
    if loading:
        return Progress(0, 0, f"Loading {_name(spec)} …")
    others = "1 study" if ahead == 1 else f"{ahead} studies"
    return Progress(0, 0, f"Waiting for {others} on the same model")


def _name(spec: ModelSpec) -> str:
    return "the bundled model" if spec.source == "bundled" else PurePath(spec.source).name
