"""A cache that is bounded in bytes, and the size of what it holds."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Generic, TypeVar

import numpy as np

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

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def get(self, key: str) -> T | None:
        """Return the value and mark it as used, or None."""
        if key not in self._entries:
            return None
        self._entries.move_to_end(key)
        return self._entries[key][0]

    def put(self, key: str, value: T) -> None:
        """Keep ``value``, replacing an older one, and drop what no longer fits."""
        if key in self._entries:
            self.bytes -= self._entries.pop(key)[1]
        size = size_of(value)
        self._entries[key] = (value, size)
        self.bytes += size
        while self.bytes > self.limit and len(self._entries) > 1:
            self.bytes -= self._entries.popitem(last=False)[1][1]
