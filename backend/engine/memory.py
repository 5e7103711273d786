"""Memory as the engine counts it: sizes, a cache bounded in bytes, and giving memory back."""

from __future__ import annotations

import gc
import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import torch

T = TypeVar("T")


def size_of(value: Any) -> int:
    """Return the bytes a run holds: its arrays and its strings, containers included."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if is_dataclass(value):
        return sum(size_of(getattr(value, each.name)) for each in fields(value))
    if isinstance(value, Mapping):
        return sys.getsizeof(value) + sum(size_of(k) + size_of(v) for k, v in value.items())
    if isinstance(value, list | tuple):
        return sys.getsizeof(value) + sum(size_of(each) for each in value)
    return sys.getsizeof(value)


def readable_bytes(count: int) -> str:
    """Return ``count`` for people, in decimal units: "1.5 GB"."""
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"


class ByteCache(Generic[T]):
    """Values by key, the least recently used dropped first. Not locked: its owner does that.

    The newest value stays even when it alone is over the limit, since somebody has just asked
    for it and would otherwise compute it again and again.

    Args:
        limit: bytes, as ``size_of`` counts them.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        self._entries: OrderedDict[str, tuple[T, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> T | None:
        """Return the value and mark it as used, or None."""
        if key not in self._entries:
            return None
        self._entries.move_to_end(key)
        return self._entries[key][0]

    def newest(self) -> Iterator[tuple[str, T]]:
        """Yield keys and values, the most recently used first."""
        for key, (value, _) in reversed(self._entries.items()):
            yield key, value

    def put(self, key: str, value: T) -> None:
        """Keep ``value``, replacing an older one, and drop what no longer fits."""
        if key in self._entries:
            self.bytes -= self._entries.pop(key)[1]
        size = size_of(value)
        self._entries[key] = (value, size)
        self.bytes += size
        while self.bytes > self.limit and len(self._entries) > 1:
            self.bytes -= self._entries.popitem(last=False)[1][1]


def give_back() -> None:
    """Collect garbage and hand the device's unused memory back."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()
