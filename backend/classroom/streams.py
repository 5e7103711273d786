"""Who listens to the class: one lasting stream a browser, told whenever something changed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, ClassVar

from ..events import Alive, Closing, Event

PATIENCE = 15.0
"""Seconds of silence until a comment is sent: proxies cut a line that says nothing for 60."""
PAUSE = 0.1
"""Seconds between two things that one listener is told; what happens meanwhile comes together."""
MOST_STREAMS = 3
"""Of one reader; with one more the oldest ends. Tabs share one, so these are other windows."""


@dataclass(frozen=True)
class Told(Event):
    """What a screen shows of the class now, whole."""

    type: ClassVar[str] = "class"
    last: ClassVar[bool] = False
    shown: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return the event as JSON has it."""
        return {"type": self.type, **self.shown}


@dataclass(frozen=True)
class Elsewhere(Event):
    """The reader opened so many streams that this one ends."""

    type: ClassVar[str] = "elsewhere"


@dataclass(eq=False)
class _Listener:
    reader: str
    student: bool
    loop: asyncio.AbstractEventLoop
    woken: asyncio.Event
    end: Event | None = None


class Streams:
    """All who listen. ``changed`` may be called from any thread."""

    def __init__(self) -> None:
        self._listeners: list[_Listener] = []
        self._lock = Lock()
        self._closing = False

    @property
    def here(self) -> int:
        """How many students listen."""
        with self._lock:
            return len({each.reader for each in self._listeners if each.student})

    def changed(self) -> None:
        """Wake all who listen."""
        with self._lock:
            self._wake(self._listeners)

    def close(self) -> None:
        """End all streams: the server goes down."""
        with self._lock:
            self._closing = True
            for each in self._listeners:
                each.end = Closing()
            self._wake(self._listeners)

    async def listen(
        self, reader: str, seen: Callable[[], Mapping[str, Any]], *, student: bool
    ) -> AsyncIterator[Event]:
        """Yield what ``seen()`` gives, at first and whenever it is something else.

        Args:
            reader: whose stream it is.
            seen: quick; called in the loop.
            student: whether the reader counts as one.
        """
        own = _Listener(reader, student, asyncio.get_running_loop(), asyncio.Event())
        self._join(own)
        try:
            last = None
            while own.end is None:
                own.woken.clear()
                now = seen()
                if now != last:
                    last = now
                    yield Told(now)
                await asyncio.sleep(PAUSE)
                try:  # not wait_for: in Python 3.11 that loses a cancellation beside a wake
                    async with asyncio.timeout(PATIENCE):
                        await own.woken.wait()
                except TimeoutError:
                    yield Alive()
            yield own.end
        finally:
            with self._lock:
                self._listeners.remove(own)
                self._wake(self._listeners)

    def _join(self, own: _Listener) -> None:
        with self._lock:
            if self._closing:
                own.end = Closing()
            others = [each for each in self._listeners if each.reader == own.reader]
            for each in others[: len(others) + 1 - MOST_STREAMS]:
                each.end = Elsewhere()
            self._listeners.append(own)
            self._wake(self._listeners)

    @staticmethod
    def _wake(listeners: list[_Listener]) -> None:
        for each in listeners:
            with contextlib.suppress(RuntimeError):  # its loop is closed
                each.loop.call_soon_threadsafe(each.woken.set)
