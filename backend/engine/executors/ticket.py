"""An order that waits or runs, and where it stands."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from ...errors import CancelledError
from ...progress import Progress
from .base import Order, Standing, State


class Ticket:
    """An order in a worker's line. Fields change under the executor's lock.

    Attributes:
        began: when it entered its state (perf_counter).
        waited: seconds in which it let others use the model, while it ran.
        short: whether it may be carried out while a longer one pauses; None before anybody asked.
    """

    def __init__(self, order: Order, changed: Callable[[], None]) -> None:
        self.order = order
        self.changed = changed
        self.stopped = False
        self.began = self.waited = 0.0
        self.short: bool | None = None
        self.standing = Standing()

    def report(self, progress: Progress) -> None:
        """Note the progress; raise ``CancelledError`` when nobody waits any longer."""
        if self.stopped:
            raise CancelledError("The study was stopped.")
        self.standing = Standing(self.standing.state, progress)
        self.changed()

    def begin(self, state: State, message: str) -> None:
        """Enter "loading" or "running"."""
        self.began = time.perf_counter()
        self.standing = Standing(state, Progress(0, 0, message))
        self.changed()

    def end(self, standing: Standing) -> None:
        """Note how it ended, and under which progress; the caller calls ``changed``."""
        self.standing = replace(standing, progress=self.standing.progress)
