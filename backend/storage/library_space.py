"""How much the library may hold, and what leaves its trash for good."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..errors import LibraryError

TRASH_DAYS = 30
TRASH_SHARE = 4
"""A trash of more than this part of the quota loses its oldest runs, a fourth of it."""
UNDO = timedelta(hours=1)
"""That long a run stays in the trash however large it is, unless a new run needs the place."""

Row = tuple[str, int, str]
"""Id, bytes and time of deletion of a run in the trash."""


class Space:
    """The quota of a library; its methods are called within a transaction on its index.

    Args:
        limit: bytes of all files together, those in the trash too; None for any number.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit

    def too_old(self, index: sqlite3.Connection) -> list[str]:
        """Return the runs whose time in the trash is over, or which make it too large."""
        rows, now = _trash(index), datetime.now(UTC)
        gone = [each for each, _, deleted in rows if deleted < _ago(now, timedelta(TRASH_DAYS))]
        if self._limit is None:
            return gone
        left = [each for each in rows if each[0] not in gone and each[2] < _ago(now, UNDO)]
        most = self._limit // TRASH_SHARE
        total = sum(size for each, size, _ in rows if each not in gone)
        return gone + _oldest(left, total - most)

    def make_way(self, index: sqlite3.Connection, size: int) -> list[str]:
        """Return the runs that have to leave the trash for a new one of ``size`` bytes.

        Raises:
            LibraryError: even an empty trash would not do; with both numbers.
        """
        if self._limit is None:
            return []
        rows = _trash(index)
        (used,) = index.execute(
            "select coalesce(sum(size), 0) from (select max(size) size from run group by id)"
        ).fetchone()
        kept = used - sum(size for _, size, _ in rows)
        if kept + size > self._limit:
            raise LibraryError(
                f"There is no place for this run: it has {_mega(size)}, and the library holds "
                f"{_mega(kept)} of {_mega(self._limit)}. Throw away what nobody needs."
            )
        return _oldest(rows, used + size - self._limit)


def remove(
    index: sqlite3.Connection, run_ids: Sequence[str], path_of: Callable[[str], Path]
) -> None:
    """Remove runs for good.

    The file goes first: an entry without a file is forgotten, a file without an entry would come
    back to life.
    """
    for each in run_ids:
        path_of(each).unlink(missing_ok=True)
    index.executemany("delete from run where id = ?", [(each,) for each in run_ids])


def _trash(index: sqlite3.Connection) -> list[Row]:
    """Return the runs that all who saved them threw away, the oldest first."""
    return index.execute(
        "select id, max(size), max(deleted) thrown from run group by id "
        "having count(*) = count(deleted) order by thrown"
    ).fetchall()


def _oldest(rows: Sequence[Row], least: int) -> list[str]:
    """Return the first runs that have at least so many bytes together, or all."""
    found: list[str] = []
    for run_id, size, _ in rows:
        if least <= 0:
            break
        found.append(run_id)
        least -= size
    return found


def _ago(now: datetime, time: timedelta) -> str:
    return (now - time).isoformat()


def _mega(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
