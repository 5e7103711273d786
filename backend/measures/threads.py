"""Threads whose operations stay on one core each.

Small operations gain more from that than from being shared out: to wake another core takes as long
as to go through some 100,000 numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Barrier
from typing import TypeVar

import torch

T = TypeVar("T")


def run_tasks(tasks: Sequence[Callable[[], T]], device: torch.device) -> list[T]:
    """Return what ``tasks`` return, run side by side on the cores, without gradients.

    On an accelerator they run one after the other. A task must not run tasks itself.
    """
    if device.type != "cpu":
        return [_quietly(task) for task in tasks]
    pool = _threads(torch.get_num_threads())
    return [done.result() for done in [pool.submit(_quietly, task) for task in tasks]]


@cache
def _threads(count: int) -> ThreadPoolExecutor:
    """Return a pool of ``count`` threads whose operations stay on one core each."""
    all_started = Barrier(count + 1)
    before = torch.get_num_threads()

    def start() -> None:
        torch.set_num_threads(1)
        all_started.wait()

    pool = ThreadPoolExecutor(count, thread_name_prefix="tiles", initializer=start)
    for _ in range(count):
        pool.submit(int)  # nothing to do, but as no thread is free yet, it starts one
    all_started.wait()
    # Threads that start later take the number that was set last, wherever that was.
    torch.set_num_threads(before)
    return pool


def _quietly(task: Callable[[], T]) -> T:
    with torch.inference_mode():
        return task()
