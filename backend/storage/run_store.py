"""Runs in memory, by the name of their content: all that a browser may fetch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np

from ..errors import RunFileError
from ..runs.base import Run
from .byte_cache import ByteCache
from .files import content_name, load_run

Stored = Run | np.ndarray


@dataclass(frozen=True)
class _File:
    """A run file as it was read: overwritten, or under another title, it is another one."""

    path: Path
    size: int
    modified: int
    title: str | None

    @classmethod
    def of(cls, path: Path, title: str | None) -> _File:
        try:
            stat = path.stat()
        except OSError as error:
            raise RunFileError(f"There is no run file at {path}.") from error
        return cls(path, stat.st_size, stat.st_mtime_ns, title)

    def read(self) -> Run:
        run = load_run(self.path)
        return run if self.title is None else replace(run, title=self.title)


class RunStore:
    """Runs and arrays by ``content_name``, the least recently used dropped first.

    What was read from a file is read again when it was dropped. May be used from any thread; runs
    are hashed and files read outside the lock.

    Args:
        limit: bytes of all values together, as ``size_of`` counts them.
        form: version of what is sent of a run; see ``content_name``.
    """

    def __init__(self, limit: int, form: int = 1) -> None:
        self._lock = Lock()
        self._form = form
        self._values: ByteCache[Stored] = ByteCache(limit)
        self._names: WeakKeyDictionary[Run, str] = WeakKeyDictionary()
        self._files: dict[str, _File] = {}
        self._contents: dict[_File, str] = {}

    def put(self, value: Stored) -> str:
        """Keep a value and return the name of its content."""
        name = self._name(value)
        with self._lock:
            if name not in self._values:  # who has the older one shares it with all
                self._values.put(name, value)
        return name

    def holds(self, names: Iterable[str]) -> bool:
        """Tell whether all of ``names`` are in memory, without counting that as a use."""
        with self._lock:
            return all(name in self._values for name in names)

    def get(self, name: str) -> Stored | None:
        """Return the value of this name; None when it was never here or was dropped."""
        with self._lock:
            value, file = self._values.get(name), self._files.get(name)
        if value is not None or file is None:
            return value
        try:
            run = file.read()
        except RunFileError:
            return None
        return run if self.put(run) == name else None

    def open(self, path: Path, title: str | None = None) -> Run:
        """Return the run of a file, read once until it is dropped or the file changes.

        Args:
            path: of the file.
            title: that the run gets instead of its own.

        Raises:
            RunFileError: as ``load_run``.
        """
        file = _File.of(path, title)
        with self._lock:
            value = self._values.get(self._contents.get(file, ""))
        if isinstance(value, Run):
            return value
        run = file.read()
        name = self.put(run)
        with self._lock:
            if older := self._files.get(name):
                self._contents.pop(older, None)
            self._files[name], self._contents[file] = file, name
        return run

    def _name(self, value: Stored) -> str:
        if not isinstance(value, Run):
            return content_name(value, self._form)
        with self._lock:
            name = self._names.get(value)
        if name is None:
            name = content_name(value, self._form)
            with self._lock:
                self._names[value] = name
        return name
