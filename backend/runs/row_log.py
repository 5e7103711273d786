"""Finished rows of a long job on the disk, so that Stop or a crash costs one batch at most."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

KEEP_DAYS = 30


class RowLog:
    """One line a batch, appended and flushed to the disk; a line that was cut off is ignored.

    Args:
        folder: of all logs; those untouched for 30 days are removed.
        name: of the job.
        about: what the rows depend on beside the name. A log about something else starts anew.
    """

    def __init__(self, folder: Path, name: str, about: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_old(folder)
        self._path = folder / f"{name}.jsonl"
        self._head = json.dumps({"about": about}, sort_keys=True)
        self.rows: dict[int, dict[str, Any]] = {}
        self.seconds = 0.0
        if not self._read():
            self.rows, self.seconds = {}, 0.0
            self._path.unlink(missing_ok=True)
            self._append(self._head)

    def add(self, rows: Mapping[int, dict[str, Any]], seconds: float) -> None:
        """Keep finished rows, by number, and the time they took."""
        self.rows.update(rows)
        self.seconds += seconds
        numbered = [[number, row] for number, row in rows.items()]
        self._append(json.dumps({"rows": numbered, "seconds": seconds}))

    def _append(self, line: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> bool:
        """Take over what an earlier process wrote; return whether it can be continued."""
        if not self._path.exists():
            return False
        whole, newline, cut = self._path.read_bytes().rpartition(b"\n")
        try:
            head, *lines = whole.decode().split("\n")
            for line in lines:
                entry = json.loads(line)
                self.rows.update((int(number), row) for number, row in entry["rows"])
                self.seconds += entry["seconds"]
        except (LookupError, TypeError, ValueError):
            return False
        if cut:
            os.truncate(self._path, len(whole) + len(newline))
        return head == self._head


def _remove_old(folder: Path) -> None:
    limit = time.time() - KEEP_DAYS * 24 * 3600
    for path in folder.glob("*.jsonl"):
        if path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
