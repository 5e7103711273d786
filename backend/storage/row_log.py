"""Finished rows of a long job on the disk, so that Stop or a crash costs one batch at most."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

KEEP_DAYS = 30


class RowLog:
    """One line a batch, appended and flushed to the disk; a line that is damaged is ignored.

    Several processes may work on one job: they write whole lines, one after the other. Where the
    disk is full or may only be read, the rows are in memory alone, and a stop costs the job.

    Args:
        folder: of all logs; those untouched for 30 days are removed.
        name: of the job.
        about: what the rows depend on beside the name. A log about something else starts anew.
    """

    def __init__(self, folder: Path, name: str, about: Mapping[str, Any]) -> None:
        self._path = folder / f"{name}.jsonl"
        self._head = json.dumps({"about": about}, sort_keys=True).encode()
        self._lock = FileLock(folder / "logs.lock")
        self.rows: dict[int, dict[str, Any]] = {}
        self.seconds = 0.0
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            with self._lock:
                _remove_old(folder)
                if self._is_ours():
                    self._read()
                else:
                    self._begin()

    def add(self, rows: Mapping[int, dict[str, Any]], seconds: float) -> None:
        """Keep finished rows, by number, and the time they took."""
        self.rows.update(rows)
        self.seconds += seconds
        with suppress(OSError), self._lock:
            if self._is_ours():
                self._append(_line(rows, seconds))
            else:  # another process began anew for a job about something else
                self._begin()

    def _is_ours(self) -> bool:
        try:
            with self._path.open("rb") as file:
                return file.readline() == self._head + b"\n"
        except FileNotFoundError:
            return False

    def _begin(self) -> None:
        self._path.unlink(missing_ok=True)
        self._append(self._head, *([_line(self.rows, self.seconds)] if self.rows else []))

    def _append(self, *lines: bytes) -> None:
        with self._path.open("ab") as file:
            file.write(b"".join(line + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> None:
        """Take over what an earlier process wrote."""
        whole, newline, cut = self._path.read_bytes().rpartition(b"\n")
        if cut:
            os.truncate(self._path, len(whole) + len(newline))
        for line in whole.split(b"\n")[1:]:
            try:
                entry = json.loads(line)
                rows = {int(number): dict(row) for number, row in entry["rows"]}
                seconds = float(entry["seconds"])
            except (LookupError, TypeError, ValueError):
                continue
            self.rows |= rows
            self.seconds += seconds


def _line(rows: Mapping[int, dict[str, Any]], seconds: float) -> bytes:
    numbered = [[number, row] for number, row in rows.items()]
    return json.dumps({"rows": numbered, "seconds": seconds}).encode()


def _remove_old(folder: Path) -> None:
    limit = time.time() - KEEP_DAYS * 24 * 3600
    for path in folder.glob("*.jsonl"):
        if path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
