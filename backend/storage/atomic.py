"""Files that are whole or not there, whatever happens to the process or the power."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

PART_PREFIX = ".part-"


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``; readers see the old file or the whole new one, never a part.

    When this returns, the file outlives a power cut. A process killed on the way leaves at most a
    file whose name starts with ``PART_PREFIX``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile: its files may be read by their owner only, and so could the run.
    part = path.parent / f"{PART_PREFIX}{secrets.token_hex(8)}"
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # Windows cannot open a folder, and writes its entry without being asked.
    with contextlib.suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
