"""The SQLite index of the library: opened, checked, and set aside when it cannot be used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

_INDEX = "library.db"
_VERSION = 1
"""Of the table, as ``user_version`` of the index."""

_SCHEMA = """
create table if not exists run (
    id text primary key,
    title text not null,
    kind text not null,
    model text not null,
    text text not null,
    tags text not null,
    created text not null,
    saved text not null,
    size integer not null,
    deleted text
) strict
"""


class _NewerError(sqlite3.DatabaseError):
    """The index was written by a newer version of Entroscope."""


def open_index(folder: Path) -> None:
    """Make or check the index of ``folder``.

    One that is damaged, or of a newer version, is set aside for somebody to look at: the files of
    the runs are all there, and only titles given later and tags are missing from the new one.
    """
    try:
        _prepare(folder)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # locked or out of space, not broken
            raise
        _set_aside(folder, "newer" if isinstance(error, _NewerError) else "broken")
        _prepare(folder)


@contextmanager
def connect(folder: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection; what was changed is kept at the end, or undone by an error."""
    with closing(sqlite3.connect(folder / _INDEX, timeout=30)) as index, index:
        index.execute("pragma synchronous=full")
        yield index


def _prepare(folder: Path) -> None:
    with connect(folder) as index:
        if index.execute("pragma user_version").fetchone()[0] > _VERSION:
            raise _NewerError
        index.execute("pragma journal_mode=wal")
        index.execute(_SCHEMA)
        index.execute(f"pragma user_version={_VERSION}")
        if index.execute("pragma quick_check").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("the index is damaged")


def _set_aside(folder: Path, reason: str) -> None:
    now = datetime.now(UTC).isoformat()[:19].replace(":", "")
    for suffix in ("", "-wal", "-shm"):
        old = folder / (_INDEX + suffix)
        if old.exists():
            old.replace(folder / f"{reason}-{now}-{old.name}")
