"""Things to do later, on one thread for all of them."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Timer:
    """Something that will be done, unless it is cancelled before."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Do not do it; does nothing when it is done already."""
        self._action = None

    def _fire(self) -> None:
        action, self._action = self._action, None
        if action is not None:
            action()


class Clock:
    """Calls functions later, in order, on a thread of its own; they must be quick."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()  # of two at one time, the first comes first
        self._thread: threading.Thread | None = None
        self._closed = False

    def later(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Call ``action`` in ``seconds``, from the clock's thread."""
        timer = Timer(action)
        with self._changed:
            due = time.monotonic() + seconds
            heapq.heappush(self._waiting, (due, next(self._numbers), timer))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="entroscope clock", daemon=True
                )
                self._thread.start()
            self._changed.notify()
        return timer

    def close(self) -> None:
        """Forget everything that waits."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        while (timer := self._next()) is not None:
            try:
                timer._fire()
            except Exception:
                _log.exception("Something that was to be done later failed.")

    def _next(self) -> Timer | None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                if self._waiting and self._waiting[0][0] <= now:
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait(self._waiting[0][0] - now if self._waiting else None)
            return None
