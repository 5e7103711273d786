"""Running out of memory, said in words and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

import psutil
import torch

from ..errors import EntroscopeError, NoRoomError, OverBudgetError

_USE_LESS = "Use a shorter text, or ask for fewer things at once."
_USE_SMALLER = "Use a smaller model, a smaller dtype, or another device."
_reserve: ContextVar[Callable[[int, Sequence[torch.device]], bool]] = ContextVar(
    "reserve", default=lambda needed, devices: True
)
_TRIED = re.compile(r"tried to allocate ([\d.]+ ?(?:[KMGT]i?B|bytes))", re.IGNORECASE)


def free_bytes(device: torch.device) -> int:
    """Return how many bytes are free on ``device``; "cuda" without a number is the current GPU."""
    if device.type != "cuda":
        return psutil.virtual_memory().available
    # What torch holds without using it is free to us, though not to others.
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return torch.cuda.mem_get_info(device)[0] + unused


def free_beside(devices: str) -> int:
    """Return the bytes free on the fullest of ``devices``, written as in ``ModelFacts.device``."""
    return min(free_bytes(torch.device(each)) for each in devices.split(", "))


@contextmanager
def reserving_with(reserve: Callable[[int, Sequence[torch.device]], bool]) -> Iterator[None]:
    """Let ``reserve`` have a say, inside the block, whether a model that fits may be loaded.

    It gets the bytes that are needed on all the devices together, and returns False where other
    work was promised them.
    """
    token = _reserve.set(reserve)
    try:
        yield
    finally:
        _reserve.reset(token)


def check_room(name: str, needed: int, devices: Sequence[torch.device]) -> None:
    """Refuse to load a model that does not fit, before the system kills the process.

    Raises:
        NoRoomError: with both numbers.
    """
    free = sum(free_bytes(each) for each in devices)
    if needed > free or not _reserve.get()(needed, devices):
        where = ", ".join(map(str, devices))
        raise NoRoomError(
            f"{name} needs {needed / 1e9:.1f} GB on {where} and {free / 1e9:.1f} GB are "
            f"free. {_USE_SMALLER}"
        )


def study_memory(task: str, devices: str = "cpu") -> AbstractContextManager[None]:
    """Turn an allocation failure of torch in a study into ``OverBudgetError``.

    Args:
        task: what is going on, for the message: "Reading 4,000 tokens".
        devices: of the model, as in ``ModelFacts.device``.
    """
    return _said_in_words(OverBudgetError, task, devices, _USE_LESS)


def loading_memory(task: str, devices: Sequence[torch.device]) -> AbstractContextManager[None]:
    """Turn an allocation failure of torch while a model is made into ``NoRoomError``."""
    return _said_in_words(NoRoomError, task, ", ".join(map(str, devices)), _USE_SMALLER)


@contextmanager
def _said_in_words(
    error: type[EntroscopeError], task: str, devices: str, remedy: str
) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, MemoryError) as failure:
        if not is_out_of_memory(failure):
            raise
        tried = _TRIED.search(str(failure))
        wanted = f" (it tried to allocate {tried[1]} more)" if tried else ""
        free = f"{free_beside(devices) / 1e9:.1f} GB are free on {devices}"
        raise error(f"{task} ran out of memory{wanted}; {free}. {remedy}") from failure


def is_out_of_memory(failure: BaseException) -> bool:
    """Tell whether ``failure`` means that memory was asked for and not there."""
    # torch.OutOfMemoryError covers the accelerators; the CPU allocator raises a plain RuntimeError.
    words = ("not enough memory", "can't allocate memory", "out of memory")
    return isinstance(failure, torch.OutOfMemoryError | MemoryError) or any(
        each in str(failure) for each in words
    )
