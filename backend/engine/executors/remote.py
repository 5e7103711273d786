"""The executor of a cluster: one actor a model, wherever the cluster has room for it.

Each actor is a ``Host``, a ``LocalExecutor`` that is asked from afar. Here it is decided which
models have one. Orders without a model, such as trainings and questions to servers, stay in this
process.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import torch

from ...progress import Progress
from ...runs import ModelSpec, Request
from ...runs.model import NO_MODEL
from ...settings import Settings
from ...studies import STUDIES
from .actors import Actor, Cluster, environment, without_keys
from .admission import check_offered, check_places, check_queue, check_size
from .base import LoadedModel, Order, Standing, Work
from .following import Followed, RemoteModel
from .host import Told
from .identity import is_revision, resolved
from .local import LocalExecutor, shown
from .ticket import Ticket

_LOOK = 0.2  # seconds between two looks for a place
_PLACE = Progress(0, 0, "Waiting for a place in the cluster")

_log = logging.getLogger(__name__)


def threads_of(limits: Settings) -> int:
    """Return how many processors a model gets, and threads: as many as torch would use here."""
    return limits.actor_cpus or torch.get_num_threads()


class RemoteExecutor:
    """Runs studies on a cluster; see ``Executor``.

    Args:
        limits: budgets, and what a model gets of the cluster.
        cluster: has places for actors.
        patience: seconds in which a cluster finds a place that is free, or was just given back.
    """

    def __init__(self, limits: Settings, cluster: Cluster, patience: float = 2.0) -> None:
        self.lock = threading.Lock()
        self._patience = patience
        self._limits, self._cluster = limits, cluster
        self._here = LocalExecutor(limits)
        self._orders: dict[str, Followed] = {}
        self._models: dict[ModelSpec, RemoteModel] = {}  # the least recently used first
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="entroscope cluster", daemon=True
        )
        self._thread.start()

    # What the engine calls

    def check(self, order: Order) -> None:
        if isinstance(order.work, Request):
            STUDIES[order.work.kind]
        check_offered(order, self.model, self._limits)
        check_size(order, None)  # the actor counts tokens, before it begins

    def submit(self, order: Order, changed: Callable[[], None]) -> None:
        here = self._here.orders()
        with self.lock:
            check_places(order, [*here, *(each.ticket.order for each in self._orders.values())])
            if order.model != NO_MODEL:
                followed = self._add(order, changed)
                asyncio.run_coroutine_threadsafe(followed.follow(), self._loop)
                return
        self._here.submit(order, changed)

    def progress(self, order_id: str) -> Standing | None:
        with self.lock:
            followed = self._orders.get(order_id)
        return followed.ticket.standing if followed else self._here.progress(order_id)

    def cancel(self, order_id: str) -> None:
        with self.lock:
            followed = self._orders.get(order_id)
            ended = followed is not None and followed.stop(self._loop)
        if followed is None:
            self._here.cancel(order_id)
        elif ended:
            self.notify(followed)

    def model(self, spec: ModelSpec) -> LoadedModel | None:
        with self.lock:
            model = self._models.get(self._key(spec))
        return model.loaded if model else self._here.model(spec)

    def models(self) -> list[LoadedModel]:
        with self.lock:
            return [each.loaded for each in self._models.values() if each.loaded]

    def work(self) -> list[Work]:
        with self.lock:
            tickets = [each.ticket for each in self._orders.values()]
        # Which of those that wait comes next, their actor knows.
        tickets.sort(key=lambda each: each.standing.state == "queued")
        return [*map(shown, tickets), *self._here.work()]

    def memory(self) -> dict[str, int]:
        with self.lock:
            actors = [each.actor for each in self._models.values() if each.actor and each.loaded]
        told = [self._here.memory(), *(each.memory() for each in actors)]
        found = [each for each in told if each is not None]
        return {
            "free": min(each["free"] for each in found),
            "promised": sum(each["promised"] for each in found),
        }

    def seconds(self, request: Request) -> float | None:
        if request.model == NO_MODEL:
            return self._here.seconds(request)
        with self.lock:
            model = self._models.get(self._key(request.model))
            actor = model.actor if model and model.loaded else None
        return actor.seconds(request) if actor else None

    def idle(self) -> bool:
        with self.lock:
            busy = bool(self._orders)
        return not busy and self._here.idle()

    def unload(self, spec: ModelSpec) -> bool:
        with self.lock:
            model = self._models.get(self._key(spec))
            if model is None or model.orders:
                return False
            self._retire(model)
        return True

    def close(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        with self.lock:
            orders = list(self._orders.values())
            for each in orders:
                each.ticket.end(Standing("cancelled"))
            for model in list(self._models.values()):
                self._retire(model)
        for each in orders:
            self.notify(each)
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(_end_all(), self._loop)
        self._thread.join(max(0.0, deadline - time.monotonic()))
        self._here.close(max(0.0, deadline - time.monotonic()))
        self._cluster.close()

    # What its orders call

    async def start(self, model: RemoteModel) -> Actor:
        actor = self._cluster.actor()
        with self.lock:
            model.actor = actor
        waited = time.monotonic()
        while not (model.retired or await asyncio.to_thread(actor.has_place)):
            if time.monotonic() - waited > self._patience:
                if self._free_another(model):
                    waited = time.monotonic()
                else:
                    await _tell_all(model, _PLACE)
            await asyncio.sleep(_LOOK)
        actor.start(without_keys(self._limits), environment(), threads_of(self._limits))
        if model.retired:
            actor.close()
        return actor

    def release(self, model: RemoteModel) -> None:
        if model.actor is not None:
            model.actor.close()
        model.actor = model.started = None

    def notify(self, followed: Followed) -> None:
        """Tell the engine where an order stands; not under the lock."""
        ticket = followed.ticket
        try:
            ticket.changed()
        except Exception:  # the order is followed on
            _log.exception("What the engine does with a result failed.")
        if ticket.standing.finished:
            with self.lock:
                self._orders.pop(ticket.order.id, None)
                followed.model.orders.pop(ticket.order.id, None)
                self._evict(followed.model)

    # Models

    def _add(self, order: Order, changed: Callable[[], None]) -> Followed:
        """Put an order in the line of its model. Needs the lock."""
        key = self._key(order.model)
        model = self._models.pop(key, None) or RemoteModel(key)
        self._models[key] = model  # the most recently used is last
        states = [each.ticket.standing.state for each in model.orders.values()]
        check_queue(states.count("queued"), self._limits)
        followed = Followed(Ticket(order, changed), model, self)
        model.orders[order.id] = self._orders[order.id] = followed
        return followed

    def _free_another(self, model: RemoteModel) -> bool:
        """Give up the idle model unused for longest, but ``model``; tell whether there was one."""
        with self.lock:
            others = (each for each in self._models.values() if each is not model)
            other = next((each for each in others if not each.orders), None)
            if other is not None:
                self._retire(other)
        return other is not None

    def _evict(self, model: RemoteModel) -> None:
        """Give up what has no model, and idle models over the budget. Needs the lock."""
        if model.loaded is None and not model.orders:
            self._retire(model)
        loaded = [(each, each.loaded.facts) for each in self._models.values() if each.loaded]
        total = sum(facts.memory_bytes for _, facts in loaded)
        for each, facts in loaded:
            if total <= self._limits.model_bytes:
                return
            if each is not model and not each.orders:
                total -= facts.memory_bytes
                self._retire(each)

    def _retire(self, model: RemoteModel) -> None:
        """Give up a model, its actor and its place. Needs the lock."""
        self._models = {key: each for key, each in self._models.items() if each is not model}
        model.retired, model.loaded = True, None
        self.release(model)

    def _key(self, spec: ModelSpec) -> ModelSpec:
        """Return under which key a model is, or will be. Needs the lock."""
        wanted = self._resolved(spec)
        if wanted in self._models:
            return wanted
        for key, each in self._models.items():
            if each.loaded and is_revision(wanted, key, each.loaded.facts):
                return key
        return wanted

    def _resolved(self, spec: ModelSpec) -> ModelSpec:
        """Return what an actor is asked for: which GPU it has, only it knows."""
        if self._limits.actor_gpus:
            return spec
        return resolved(replace(spec, device="cpu") if spec.device == "auto" else spec)


async def _tell_all(model: RemoteModel, progress: Progress) -> None:
    """Tell all orders that wait for a model why."""
    for each in list(model.orders.values()):
        if each.ticket.standing.progress is not progress:
            await each.hear(Told(Standing("queued", progress), None))


async def _end_all() -> None:
    """Stop following, and then the loop."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    asyncio.get_running_loop().stop()
