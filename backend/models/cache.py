"""Folders that are expensive to make: made once, whole or not at all, by one process."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from .loading import stage

_PART = ".part-"
_PATIENCE = 0.5  # seconds between two looks at a lock


def cached_folder(folder: Path, build: Callable[[Path], None]) -> Path:
    """Return ``folder``, made by ``build(temporary folder)`` if it is not there yet.

    The temporary folder is written to disk and renamed when it is complete; a folder under its
    final name is therefore always whole. Other processes wait for the first.

    Raises:
        OSError: the cache cannot be written.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(FileLock(folder.parent / f"{folder.name}.lock")):
        if folder.is_dir():
            return folder
        prefix = f"{_PART}{folder.name}-"
        # Under the lock, parts of this folder can only be left by a process that died.
        for remains in folder.parent.glob(f"{prefix}*"):
            shutil.rmtree(remains, ignore_errors=True)
        part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=prefix))
        try:
            build(part)
            _flush(part)
            part.rename(folder)
            _flush_folder(folder.parent)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder


@contextmanager
def _locked(lock: FileLock) -> Iterator[None]:
    """Hold ``lock``; while somebody else does, tell so, which also lets a reader stop waiting."""
    while True:
        try:
            lock.acquire(timeout=_PATIENCE)
            break
        except Timeout:
            stage("Waiting for another process that prepares the same model")
    try:
        yield
    finally:
        lock.release()


def _flush(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows has no handle of a folder to flush
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
