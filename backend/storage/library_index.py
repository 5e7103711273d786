"""The SQLite index of the library: opened, checked, and set aside when it cannot be used."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ..errors import LibraryError

_INDEX = "library.db"
_PATIENCE = 10
"""Seconds that a change of another process is waited for."""
_VERSION = 3
"""Of the tables, as ``user_version`` of the index."""

_RUN = """
create table if not exists run (
    id text not null,
    title text not null,
    kind text not null,
    model text not null,
    text text not null,
    tags text not null,
    created text not null,
    saved text not null,
    size integer not null,
    deleted text,
    preview text,
    owner text not null default '',
    primary key (id, owner)
) strict
"""
_SHARE = """
create table if not exists share (
    handle text primary key,
    id text not null,
    owner text not null,
    created text not null,
    unique (id, owner)
) strict
"""
_COLUMNS = "id, title, kind, model, text, tags, created, saved, size, deleted, preview"
_SINCE = {
    2: ("alter table run add column preview text",),
    3: (
        "alter table run rename to run_2",
        _RUN,
        f"insert into run ({_COLUMNS}) select {_COLUMNS} from run_2",  # noqa: S608
        "drop table run_2",
    ),
}
"""What brings an index to a version from the one before."""

_REASONS = {
    "locked": "another program holds it",
    "full": "the disk is full",
    "readonly": "it may only be read",
    "unable to open": "its folder may not be written",
    "disk I/O error": "the disk refuses to be written or read",
}
_LITTLE = 65_536
"""Bytes free on a disk that is called full: SQLite needs as much before it says so itself."""
_CODES = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk is full",
    errno.EFBIG: "no larger file may be written",
    errno.EROFS: "it may only be read",
    errno.EACCES: "its folder may not be written",
    errno.EPERM: "its folder may not be written",
}


class _NewerError(sqlite3.DatabaseError):
    """The index was written by a newer version of Entroscope."""


def open_index(folder: Path) -> None:
    """Make or check the index of ``folder``.

    One that is damaged, or of a newer version, is set aside for somebody to look at: the files of
    the runs are all there, and only titles given later and tags are missing from the new one.

    Raises:
        LibraryError: it is not broken, but locked, or cannot be written.
    """
    try:
        _prepare(folder)
    except sqlite3.DatabaseError as error:
        _set_aside(folder, "newer" if isinstance(error, _NewerError) else "broken")
        _prepare(folder)


@contextmanager
def connect(folder: Path, *, only_read: bool = False) -> Iterator[sqlite3.Connection]:
    """Yield a connection; what was changed is kept at the end, or undone by an error.

    Args:
        folder: of the library.
        only_read: take the index as it lies there, in a folder that may not be written.

    Raises:
        LibraryError: it cannot be used now; the message says why.
    """
    with speaking(folder):
        place = (folder / _INDEX).absolute().as_uri() + (
            "?mode=ro&immutable=1" if only_read else ""
        )
        opened = sqlite3.connect(place, timeout=_PATIENCE, uri=True)
        with closing(opened) as index, index:
            index.execute("pragma synchronous=full")
            index.execute("select 1 from sqlite_master limit 1")  # opens the file now, not later
            yield index


@contextmanager
def speaking(folder: Path) -> Iterator[None]:
    """Turn what a disk or a lock refuses into one line for people.

    Args:
        folder: that is read or written.

    Raises:
        LibraryError: instead of ``OSError`` and ``sqlite3.OperationalError``.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        said = str(error)
        reason = next((why for words, why in _REASONS.items() if words in said), said)
        if "disk I/O" in said and _is_full(folder):
            reason = "the disk is full"
        raise LibraryError(_sentence(reason)) from error
    except OSError as error:
        reason = _CODES.get(error.errno or 0, error.strerror or "it cannot be used")
        raise LibraryError(_sentence(reason)) from error


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _LITTLE
    except OSError:
        return False


def _sentence(reason: str) -> str:
    return f"The library cannot be used now: {reason}. Everything else works."


def _prepare(folder: Path) -> None:
    with connect(folder) as index:
        version = index.execute("pragma user_version").fetchone()[0]
        if version > _VERSION:
            raise _NewerError
        index.execute("pragma journal_mode=wal")
        index.execute("begin immediate")  # two processes must not both bring it up to date
        version = index.execute("pragma user_version").fetchone()[0]
        index.execute(_RUN)
        for step in range(version + 1, _VERSION + 1) if version else ():
            for statement in _SINCE[step]:
                index.execute(statement)
        index.execute(_SHARE)
        index.execute(f"pragma user_version={_VERSION}")
        if index.execute("pragma quick_check").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("the index is damaged")


def _set_aside(folder: Path, reason: str) -> None:
    now = datetime.now(UTC).isoformat()[:19].replace(":", "")
    for suffix in ("", "-wal", "-shm"):
        old = folder / (_INDEX + suffix)
        if old.exists():
            old.replace(folder / f"{reason}-{now}-{old.name}")
