"""From the engine's threads to one listener on any event loop, without polling."""

from __future__ import annotations

import asyncio
import contextlib
import threading

from ..events import Alive, Event


class Mailbox:
    """Events for one listener, of each type the newest only: a slow reader holds nobody up.

    Made on the event loop that will read it.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._lock = threading.Lock()
        self._events: dict[str, Event] = {}  # in the order in which they came

    def post(self, event: Event) -> None:
        """Put an event in, from any thread."""
        with self._lock:
            asleep = not self._events
            self._events.pop(event.type, None)
            self._events[event.type] = event
        if asleep:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
                self._loop.call_soon_threadsafe(self._arrived.set)

    async def next(self, patience: float) -> Event:
        """Return the next event, or ``Alive`` when nothing comes for ``patience`` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._arrived.wait()
        except TimeoutError:
            return Alive()
        with self._lock:
            event = self._events.pop(next(iter(self._events)))
            if not self._events:
                self._arrived.clear()
        return event
