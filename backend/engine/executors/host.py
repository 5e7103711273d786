"""The other end of a cluster's executor: what works beside one model, in a process of its own.

It is a ``LocalExecutor`` that is asked from afar, so that queue, turns, limits, memory and the
study itself are the same code in both. What goes back is plain: runs as the content of run files.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from ...errors import EntroscopeError, RunFileError
from ...runs import Request, Run
from ...settings import Settings, settings
from ...storage.files import dump_run, parse_run
from .base import LoadedModel, Order, Standing
from .local import LocalExecutor

_PAUSE = 0.02
"""Seconds between two things that are told of an order; of what comes faster the last is told."""

_PARTIAL_EVERY = 1.0
"""Seconds between two partial results, at least: each is a whole run."""

_PARTIAL_SHARE = 5
"""How many times as long as it takes to make a partial result to wait until the next."""


@dataclass(frozen=True)
class RunFile:
    """A run on its way: the content of its file."""

    content: bytes


@dataclass(frozen=True)
class Told:
    """Where an order stands, packed, and which model is in memory there."""

    standing: Standing
    loaded: LoadedModel | None


class Host:
    """Carries out the orders of one model.

    Args:
        limits: of the server that asks.
        environment: its variables; those of this machine hold before them.
        threads: that torch uses, as many as where the server itself would work: sums of floats
            depend on how they are split.
    """

    def __init__(self, limits: Settings, environment: Mapping[str, str], threads: int) -> None:
        for name, value in environment.items():
            os.environ.setdefault(name, value)
        settings.cache_clear()
        torch.set_num_threads(threads)
        # How fast studies are belongs to this machine.
        limits = limits.model_copy(update={"cache_dir": settings().cache_dir})
        self._executor = LocalExecutor(limits)

    async def work(self, order: Order) -> AsyncIterator[Told]:
        """Carry out an order, and yield where it stands until it is finished.

        An asynchronous generator: whoever follows is gone when it is closed, and the order with
        them.
        """
        loop, moved, partials = asyncio.get_running_loop(), asyncio.Event(), _Partials()
        latest: list[Standing] = []

        def changed() -> None:
            standing = self._executor.progress(order.id)
            if standing is not None:
                latest[:] = [standing]
                loop.call_soon_threadsafe(moved.set)

        try:
            self._executor.submit(order, changed)
        except EntroscopeError as refusal:
            yield Told(Standing("failed", error=refusal), self._executor.model(order.model))
            return
        changed()  # its place in line
        finished = False
        try:
            while not finished:
                await moved.wait()
                moved.clear()
                standing = latest[0]
                finished = standing.finished
                yield await asyncio.to_thread(self._told, order, standing, partials)
                await asyncio.sleep(0 if finished else _PAUSE)
        finally:
            self._executor.cancel(order.id)

    async def cancel(self, order_id: str) -> None:
        """Stop an order; see ``Executor.cancel``."""
        self._executor.cancel(order_id)

    async def seconds(self, request: Request) -> float | None:
        """Return about how long a study takes here; see ``Executor.seconds``."""
        return self._executor.seconds(request)

    async def memory(self) -> dict[str, int]:
        """Return the bytes free and promised here; see ``Executor.memory``."""
        return self._executor.memory()

    def _told(self, order: Order, standing: Standing, partials: _Partials) -> Told:
        partial = partials.packed(standing.progress.partial)
        progress = replace(standing.progress, partial=partial)
        try:
            value = pack(standing.value)
            sent = replace(standing, progress=progress, value=value)
        except RunFileError as refusal:
            sent = Standing("failed", progress, error=refusal)
        return Told(sent, self._executor.model(order.model))


class _Partials:
    """The partial results of one order, of which few are sent."""

    def __init__(self) -> None:
        self._due = -float("inf")

    def packed(self, partial: Any) -> RunFile | None:
        """Return a partial result as a file; None for none, or when it is not its time."""
        started = time.monotonic()
        if partial is None or started < self._due:
            return None
        sent = None
        with suppress(RunFileError):  # it can be shown once it is finished
            sent = RunFile(dump_run(partial if isinstance(partial, Run) else partial.run()))
        now = time.monotonic()
        self._due = now + max(_PARTIAL_EVERY, _PARTIAL_SHARE * (now - started))
        return sent


def pack(value: Any) -> Any:
    """Return a value in which runs are the contents of files.

    Raises:
        RunFileError: a run cannot be written.
    """
    if isinstance(value, Run):
        return RunFile(dump_run(value))
    return tuple(map(pack, value)) if type(value) is tuple else value


def unpack(value: Any) -> Any:
    """Return what was packed.

    Raises:
        RunFileError: a run is damaged.
    """
    if isinstance(value, RunFile):
        return parse_run(value.content, "The run")
    if isinstance(value, np.ndarray) and not value.flags.writeable:
        return value.copy()  # it lies in memory that is shared with others
    return tuple(map(unpack, value)) if type(value) is tuple else value
