"""Python's garbage, collected when it holds nobody up.

A collection looks at every object there is, half a million once torch is loaded, and stops the
whole process meanwhile. What is there when a model has been loaded stays for long: it is frozen,
that is, no later collection looks at it. What was frozen is never freed by a collection, so that
everything is thawed when a model goes, and now and then when readers have left.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable

import torch

from .clock import Clock


def after_load() -> None:
    """Leave what is there now out of later collections; a model has been loaded."""
    gc.collect()
    gc.freeze()


def after_drop() -> None:
    """Free what was left out so far; a model has been dropped, or readers have left."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    return_memory()


def return_memory() -> None:
    """Hand memory that torch holds without using it back to the devices."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


class Sweeper:
    """Collects everything after readers have left, when no study runs.

    Args:
        clock: to wait with.
        idle: tells whether no study runs or waits.
        every: seconds from one pass to the next, at least.
        quiet: seconds since the last press, at least.
    """

    def __init__(
        self, clock: Clock, idle: Callable[[], bool], *, every: float = 600.0, quiet: float = 2.0
    ) -> None:
        self._clock, self._idle, self._every, self._quiet = clock, idle, every, quiet
        self._lock = threading.Lock()
        self._pressed = self._swept = self._first = self._left = -float("inf")
        self._waiting = False
        self._release_sessions: Callable[[], None] = lambda: None

    def pressed(self) -> None:
        """Note that a reader asks for something now."""
        self._pressed = time.monotonic()

    def session_closed(self, after: float, release_sessions: Callable[[], None]) -> None:
        """Note that a reader left.

        Args:
            after: seconds in which the reader may come back.
            release_sessions: makes whoever holds closed sessions let them go.
        """
        with self._lock:
            self._release_sessions = release_sessions
            self._left = time.monotonic() + after
            waiting, self._waiting = self._waiting, True
            if not waiting:
                self._first = self._left
        if not waiting:
            self._clock.later(self._pause(), self._sweep)

    def _pause(self) -> float:
        """Return how long to wait at least before a pass."""
        # Readers often leave together: the pass waits for the last of them, though not for ever.
        gone = min(self._left, self._first + self._every)
        now = time.monotonic()
        due = max(gone, self._pressed + self._quiet, self._swept + self._every) - now
        return due if due > 0 or self._idle() else self._quiet

    def _sweep(self) -> None:
        pause = self._pause()
        if pause > 0:
            self._clock.later(pause, self._sweep)
            return
        self._release_sessions()
        after_drop()
        self._swept = time.monotonic()
        with self._lock:
            self._waiting = again = self._left > self._swept  # that session is still held
            self._first = self._left
        if again:
            self._clock.later(self._pause(), self._sweep)
