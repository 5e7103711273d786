"""Running out of memory, said in words and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import torch

from backend.errors import EntroscopeError, ModelError, OverBudgetError

_TRIED = re.compile(r"tried to allocate ([\d.]+ ?(?:[KMGT]i?B|bytes))", re.IGNORECASE)


def free_bytes(device: torch.device) -> int:
    """Return how many bytes are free on ``device``, all GPUs together for cuda."""
    if device.type == "cuda":
        count = torch.cuda.device_count()
        return sum(torch.cuda.mem_get_info(index)[0] for index in range(count))
    return psutil.virtual_memory().available


def check_room(name: str, needed: int, device: torch.device) -> None:
    """Refuse to load a model that does not fit, before the system kills the process.

    Raises:
        ModelError: with both numbers.
    """
    free = free_bytes(device)
    if needed > free:
        raise ModelError(
            f"{name} needs {needed / 1e9:.1f} GB on {device.type} and {free / 1e9:.1f} GB are "
            "free. Use a smaller model, a smaller dtype, or another device."
        )


@contextmanager
def out_of_memory_is(error: type[EntroscopeError], task: str) -> Iterator[None]:
    """Turn an allocation failure of torch inside the block into ``error``.

    Args:
        error: ``OverBudgetError`` for a study, ``ModelError`` while loading.
        task: what was going on, for the message: "Reading 4,000 tokens".
    """
    try:
        yield
    except (RuntimeError, MemoryError) as failure:
        if not _is_out_of_memory(failure):
            raise
        tried = _TRIED.search(str(failure))
        wanted = f" (it tried to allocate {tried[1]} more)" if tried else ""
        free = f"{psutil.virtual_memory().available / 1e9:.1f} GB of main memory are free"
        raise error(
            f"{task} ran out of memory{wanted}; {free}. Use less text or fewer at once."
        ) from failure


def study_memory(task: str):  # noqa: ANN201 - a context manager of the line below
    """Turn an allocation failure in a study into ``OverBudgetError``; see ``out_of_memory_is``."""
    return out_of_memory_is(OverBudgetError, task)


def _is_out_of_memory(failure: BaseException) -> bool:
    # torch.OutOfMemoryError covers the accelerators; the CPU allocator raises a plain RuntimeError.
    words = ("not enough memory", "can't allocate memory", "out of memory")
    return isinstance(failure, torch.OutOfMemoryError | MemoryError) or any(
        each in str(failure) for each in words
    )
