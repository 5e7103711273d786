"""An order that an actor carries out, followed from here to its end."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from dataclasses import dataclass, field, replace
from typing import Protocol

from ...errors import EntroscopeError
from ...progress import Progress
from ...runs import ModelSpec, Request
from ...storage.stamps import Stamp, stamps
from .actors import Actor, LostError
from .base import LoadedModel, Standing
from .host import Told, unpack
from .ticket import Ticket
from .worker import ended_badly

_TRIES = 3
"""How often an order may be begun: what ends its process every time is not tried for ever."""

_WAITS = 10
"""How often it may be lost while it waits, as far as anybody knows: others end the process then."""

_AGAIN = 0.3  # seconds until an order is sent again

_RESTART = Progress(0, 0, "The process of the model ended; it starts again")

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class RemoteModel:
    """A model and its actor. Fields change under the executor's lock.

    Attributes:
        spec: what the actor loads.
        actor: once it is asked for.
        started: ends when the actor has its place; None before the first order.
        loaded: what the actor told last.
        orders: that wait or run there, by their id.
        retired: whether it is given up.
    """

    spec: ModelSpec
    actor: Actor | None = None
    started: asyncio.Task[Actor] | None = None
    loaded: LoadedModel | None = None
    orders: dict[str, Followed] = field(default_factory=dict)
    retired: bool = False


class Manager(Protocol):
    """What an order needs of the executor it belongs to."""

    lock: threading.Lock

    async def start(self, model: RemoteModel, /) -> Actor:
        """Return the actor of a model, once the cluster has a place for it."""
        ...

    def release(self, model: RemoteModel, /) -> None:
        """End the actor of a model; under the lock."""
        ...

    def notify(self, followed: Followed, /) -> None:
        """Tell the engine that an order stands elsewhere now; not under the lock."""
        ...


class Followed:
    """An order on its way. Its ticket changes under the executor's lock.

    Args:
        ticket: of the order.
        model: whose actor has it.
        manager: the executor.
    """

    def __init__(self, ticket: Ticket, model: RemoteModel, manager: Manager) -> None:
        self.ticket, self.model = ticket, model
        self._manager, self._lock = manager, manager.lock
        self._stamps: tuple[Stamp, ...] = ()
        self._sent = ""  # the id of this try
        self._heard = False  # of this try
        self._lost = self._lost_waiting = 0  # tries

    async def follow(self) -> None:
        """See it to its end, in another process if the first one is lost."""
        model, work = self.model, self.ticket.order.work
        self._stamps = stamps(work) if isinstance(work, Request) else ()
        while not self.ticket.standing.finished:
            actor = None
            try:
                if model.started is None:
                    model.started = asyncio.create_task(self._manager.start(model))
                actor = await asyncio.shield(model.started)
                await self._listen(actor)
            except LostError as failure:
                await self._prepare_again(actor, failure)
            except Exception as failure:
                await self.hear(Told(ended_badly(failure, self.ticket), model.loaded))

    async def hear(self, told: Told) -> None:
        """Note where it stands, and tell the engine."""
        # Reading a run takes its time, and so does the engine: others are heard meanwhile.
        await asyncio.to_thread(self._take, told)

    def stop(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Stop it; return whether that ended it at once. Needs the lock.

        Args:
            loop: on which it is followed.
        """
        ticket = self.ticket
        if ticket.standing.finished:
            return False
        ticket.stopped = True
        loop.call_soon_threadsafe(self._tell_stop)  # after it was sent
        if ticket.standing.state != "queued":
            return False  # at its next report
        ticket.end(Standing("cancelled"))
        return True

    async def _listen(self, actor: Actor) -> None:
        """Send it, and hear where it stands until it is finished."""
        order = self.ticket.order
        if self.ticket.standing.finished:
            return
        # Each try has a name of its own: the one before may still be there after all.
        self._sent, self._heard = f"{order.id}-{time.monotonic_ns()}", False
        async for told in actor.work(replace(order, id=self._sent, model=self.model.spec)):
            self._heard = True
            await self.hear(told)
            if self.ticket.standing.finished:
                return
        raise RuntimeError("the process of the model told no end")

    def _take(self, told: Told) -> None:
        standing = told.standing
        try:
            progress = replace(standing.progress, partial=unpack(standing.progress.partial))
            standing = replace(standing, progress=progress, value=unpack(standing.value))
        except EntroscopeError as refusal:
            standing = Standing("failed", error=refusal)
        if standing.weights is not None:  # the engine looks at the files of this machine
            standing = replace(standing, weights=replace(standing.weights, stamps=self._stamps))
        with self._lock:
            if self.ticket.standing.finished:
                return
            if standing.finished:
                self.ticket.end(standing)
            else:
                self.ticket.standing = standing
            if not self.model.retired:
                self.model.loaded = told.loaded
        self._manager.notify(self)

    async def _prepare_again(self, actor: Actor | None, failure: LostError) -> None:
        ticket, model = self.ticket, self.model
        with self._lock:
            if ticket.standing.finished:
                return
            began = failure.final or ticket.standing.state != "queued"
            self._lost += began
            self._lost_waiting += self._heard and not began
            if ticket.stopped or model.retired:
                ticket.end(Standing("cancelled"))
            elif self._lost >= _TRIES or self._lost_waiting >= _WAITS:
                _log.error("Order %s was lost too often.", ticket.order.id, exc_info=failure)
                ticket.end(Standing("failed", error=_too_often()))
            else:
                ticket.standing = Standing("queued", _RESTART)
            model.loaded = None
            if failure.final and model.actor is actor:
                self._manager.release(model)
        await asyncio.to_thread(self._manager.notify, self)
        await asyncio.sleep(_AGAIN)

    def _tell_stop(self) -> None:
        if self.model.actor is not None and self._sent:
            self.model.actor.cancel(self._sent)


def _too_often() -> EntroscopeError:
    return EntroscopeError(
        "The process of this model ended again and again while it worked on this. Perhaps its "
        "machine has too little memory for it: use a shorter text or a smaller model."
    )
