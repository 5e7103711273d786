"""The library of saved runs: one file a run, and an SQLite index for what a list shows.

The files are the truth and the index is a convenience. A run is written whole first and indexed
second, so that a process killed at any instant leaves either a saved run or a file that is found
again when the library is opened. Titles and tags live in the index only: files never change.
"""

from __future__ import annotations

import copy
import json
import math
import re
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import InputError, LibraryError, OverBudgetError, RunFileError
from ..runs.base import Run
from ..runs.header import MAX_TITLE
from .atomic import PART_PREFIX, write_atomically
from .files import content_id, dump_run, load_run
from .library_index import connect, open_index, speaking
from .library_space import Space, remove
from .subject import searched
from .tags import clean_tags
from .view import EVERYONE, UNOWNED, View

Sort = Literal["saved", "created", "title", "kind", "model", "size"]

SUFFIX = ".safetensors"
MODEL_BEGINNING = 200
"""Characters of a model's name that an entry has."""
TEXT_BEGINNING = 200
"""Characters of a text that an entry has."""
TEXT_SEARCHED = 20_000
"""Characters of a text that a search looks through."""
_TIDY = 3600
"""Seconds after which the trash is looked through again."""
_TRY_AGAIN = 30
"""Seconds after which a folder that may only be read is tried again."""

_SHOWN = (
    f"id, substr(title, 1, {MAX_TITLE}), kind, substr(model, 1, {MODEL_BEGINNING}), "
    f"substr(text, 1, {TEXT_BEGINNING}), tags, created, saved, size"
)
"""What an entry has; an older index may hold longer names."""

_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Entry:
    """What the library's list shows of a run.

    Attributes:
        id: content id of the run.
        text: the beginning of the text or prompt.
        created, saved: UTC, ISO 8601; when it was computed, and put here.
        size: of the file, in bytes.
    """

    id: str
    title: str
    kind: str
    model: str
    text: str
    tags: tuple[str, ...]
    created: str
    saved: str
    size: int


@dataclass
class _State:
    """What all views of a library know of its folder.

    Attributes:
        writable: whether it may be written now, and if not ``why``.
        tried, tidied: when that was last tried, and the trash last emptied.
    """

    writable: bool = False
    why: str = ""
    tried: float = -math.inf
    tidied: float = -math.inf


class Library:
    """A folder of saved runs; safe for several threads and processes at once.

    A folder that may only be read shows what it has; ``writable`` says so.

    Args:
        folder: made when it is not there. Runs that other programs put into it are found.
        preview: returns what a picture of a run is drawn from, kept in the index.
        limit: bytes of all files together, those in the trash too; None for any number.

    Raises:
        LibraryError: the folder cannot be used now. So does every method.
    """

    def __init__(
        self,
        folder: Path,
        preview: Callable[[Run], str] | None = None,
        limit: int | None = None,
    ) -> None:
        self._folder = folder
        self._preview = preview
        self._space = Space(limit)
        self._state = _State()
        self._view = View()
        self._open()

    @property
    def writable(self) -> bool:
        """Whether the folder may be written now."""
        return self._state.writable

    def seen_by(self, view: View) -> Library:
        """Return the same library as one reader has it."""
        found = copy.copy(self)
        found._view = view
        return found

    def for_everyone(self) -> Library:
        """Return the library in which everybody may open what is saved, as of a lesson."""
        if self._view.sees is None:  # there is nobody else
            return self
        return self.seen_by(replace(self._view, owner=EVERYONE))

    def _open(self, *, change: bool = False) -> None:
        """Make the folder ready; where it may only be read, try again now and then.

        Args:
            change: try again at once, as something is to be changed.
        """
        state = self._state
        if state.writable or not (change or time.monotonic() - state.tried > _TRY_AGAIN):
            return
        state.tried = time.monotonic()
        try:
            with speaking(self._folder):
                self._folder.mkdir(parents=True, exist_ok=True)
                open_index(self._folder)
                state.writable = True
                self._adopt()
            self._tidy()
        except LibraryError as why:
            self._give_up_writing(why)
            try:
                with connect(self._folder, only_read=True) as index:
                    index.execute("select id from run limit 1")
            except LibraryError:
                raise why from None  # there is nothing to read, and this is the reason

    def save(self, run: Run, *, title: str = "", tags: Iterable[str] = ()) -> str:
        """Keep a run for good and return its id; it is on the disk when this returns.

        A run that is here already keeps its title and tags unless new ones are given, and comes
        back from the trash. Its file is written anew if it is damaged.

        Raises:
            LibraryError: the library is full, or its folder cannot be written now.
            OverBudgetError: whoever saves has saved too much today.
            RunFileError: it is too large to be read again.
        """
        run_id, kept_tags = content_id(run), clean_tags(tags)
        path = self._path(run_id)
        self.restore([run_id])  # first: else another process may empty the trash meanwhile
        with speaking(self._folder):
            self._check_quota(run_id, run)
            if not _holds(path, run_id):
                data = dump_run(run)
                self._remove(lambda index: self._space.make_way(index, len(data)))
                write_atomically(path, data)
            self._insert(run_id, run, path, self._view.owner)
        if title:
            self.rename(run_id, title)
        if kept_tags:
            self.tag(run_id, kept_tags)
        return run_id

    def load(self, run_id: str) -> Run:
        """Return a saved run under its current title.

        Raises:
            RunFileError: it is not here, was deleted, or its file is damaged.
        """
        entry = self._entry(run_id)
        return replace(load_run(self._path(run_id)), title=entry.title)

    def file(self, run_id: str) -> Path:
        """Return the file of a saved run, for downloads.

        Raises:
            RunFileError: it is not here.
        """
        return self._path(self._entry(run_id).id)

    def find(self, run_id: str) -> Entry | None:
        """Return the entry of a run, or None when it is not here or deleted."""
        entries = self._select("id = ?", [run_id], "saved", descending=True)
        return entries[0] if entries else None

    def entries(
        self,
        search: str = "",
        *,
        kind: str | None = None,
        sort: Sort = "saved",
        descending: bool = True,
        deleted: bool = False,
        tag: str | None = None,
    ) -> list[Entry]:
        """Return the runs all of whose search words stand in title, model, text, kind or tags.

        Args:
            search: words.
            kind: of the runs, None for all.
            tag: that they have, None for any.
            sort: the column to sort by.
            descending: the largest first.
            deleted: return the runs in the trash instead.
        """
        if sort not in get_args(Sort):
            raise InputError(f"Sort by one of {', '.join(get_args(Sort))}, not {sort!r}.")
        where, values = ["1"], []
        if kind is not None:
            where, values = ["kind = ?"], [kind]
        if tag is not None:
            where.append("exists (select 1 from json_each(tags) where value = ?)")
            values.append(tag)
        for word in search.split():
            where.append(
                r"title || ' ' || model || ' ' || text || ' ' || kind || ' ' || tags"
                r" like ? escape '\'"
            )
            values.append("%" + _escape_like(word) + "%")
        return self._select(
            " and ".join(where), values, sort, descending=descending, deleted=deleted
        )

    def tags(self) -> list[str]:
        """Return all tags of the runs that are here, the most used first."""
        seen, owners = self._view.seen()
        with self._reading() as index:
            rows = index.execute(
                "select value from run, json_each(run.tags) where deleted is null "  # noqa: S608
                f"and {seen} group by value order by count(*) desc, value collate nocase",
                owners,
            ).fetchall()
        return [tag for (tag,) in rows]

    def previews(self, run_ids: Sequence[str]) -> dict[str, str]:
        """Return what pictures of runs are drawn from, by id; empty where there is none.

        Entries of an older version have none yet: it is made from their file, and kept.
        """
        marks = ", ".join("?" * len(run_ids))
        known: dict[str, str | None] = dict.fromkeys(run_ids)
        # An index of an older version, where it may not be changed, has no such column.
        with suppress(LibraryError), self._reading() as index:
            known |= index.execute(f"select id, preview from run where id in ({marks})", [*run_ids])  # noqa: S608
        return {
            each: self._previewed(each) if made is None else made for each, made in known.items()
        }

    def _previewed(self, run_id: str) -> str:
        made = ""
        if self._preview is not None:
            with suppress(RunFileError):
                made = self._preview(load_run(self._path(run_id)))
            with suppress(LibraryError), self._connect() as index:  # else it is made again
                index.execute("update run set preview = ? where id = ?", [made, run_id])
        return made

    def rename(self, run_id: str, title: str) -> None:
        """Give a run another title; longer than 200 characters is refused."""
        title = " ".join(title.split())
        if len(title) > MAX_TITLE:
            raise InputError(f"A title has at most {MAX_TITLE} characters, not {len(title):,}.")
        self._change("title = ?", title, [run_id])

    def tag(self, run_id: str, tags: Iterable[str]) -> None:
        """Replace the tags of a run."""
        written = json.dumps(clean_tags(tags), ensure_ascii=False)
        self._change("tags = ?", written, [run_id])

    def delete(self, run_ids: Sequence[str]) -> None:
        """Put runs into the trash; ``restore`` brings them back.

        They leave it after 30 days, and earlier where their place is needed.
        """
        self._change("deleted = ?", _now(), run_ids)
        self._state.tidied = -math.inf
        self._tidy()

    def restore(self, run_ids: Sequence[str]) -> None:
        """Take runs out of the trash."""
        self._change("deleted = ?", None, run_ids, quietly=True)

    def delete_all(self) -> None:
        """Put everything of this reader into the trash, and take back its links."""
        owner = self._view.owner
        with self._connect() as index:
            index.execute("delete from share where owner = ?", [owner])
            index.execute(
                "update run set deleted = ? where owner = ? and deleted is null", [_now(), owner]
            )

    def share(self, run_id: str) -> str:
        """Return a random handle with which everybody may open a run, until it is taken back.

        Raises:
            RunFileError: it is not here.
        """
        self._entry(run_id)
        made = secrets.token_hex(16)
        with self._connect() as index:
            values = [made, run_id, self._view.owner, _now()]
            index.execute("insert or ignore into share values (?,?,?,?)", values)
        return self.shares()[run_id]

    def unshare(self, run_ids: Sequence[str]) -> None:
        """Take the handles of runs back: nobody opens the runs with them any more."""
        owner = self._view.owner
        with self._connect() as index:
            index.executemany(
                "delete from share where id = ? and owner = ?", [(each, owner) for each in run_ids]
            )

    def shares(self) -> dict[str, str]:
        """Return the handles of the runs that this reader shares, by the runs' ids."""
        with self._reading() as index:
            rows = index.execute("select id, handle from share where owner = ?", [self._view.owner])
            return dict(rows.fetchall())

    def shared(self, handle: str) -> tuple[Path, str] | None:
        """Return file and title of the run of a handle, whoever asks; None if taken back."""
        with self._reading() as index:
            row = index.execute(
                "select run.id, run.title from share join run using (id) where handle = ? "
                "and deleted is null order by run.owner = share.owner desc limit 1",
                [handle],
            ).fetchone()
        return None if row is None else (self._path(row[0]), row[1])

    def _entry(self, run_id: str) -> Entry:
        entry = self.find(run_id)
        if entry is None:
            raise RunFileError(f"There is no run {run_id!r} in the library; it may be deleted.")
        return entry

    def _path(self, run_id: str) -> Path:
        if not _ID.fullmatch(run_id):  # an id from a link must not leave the folder
            raise RunFileError(f"{run_id!r} is not the id of a run.")
        return self._folder / f"{run_id}{SUFFIX}"

    def _adopt(self) -> None:
        """Index the files that are not in the index, and forget entries whose file is gone."""
        with self._connect() as index:
            index.execute("begin immediate")  # nobody saves between the look and the deletion
            known = {each for (each,) in index.execute("select id from run")}
            gone = [
                each for each in known if not (_ID.fullmatch(each) and self._path(each).exists())
            ]
            index.executemany("delete from run where id = ?", [(each,) for each in gone])
        for path in self._folder.glob(f"*{SUFFIX}"):
            if path.stem not in known or not _ID.fullmatch(path.stem):
                self._adopt_file(path)
        for part in self._folder.glob(f"{PART_PREFIX}*"):
            if _age(part) > timedelta(hours=1):  # else somebody may be writing it now
                part.unlink(missing_ok=True)

    def _adopt_file(self, path: Path) -> None:
        try:
            run = load_run(path)
        except RunFileError:
            return  # stays where it is, for somebody to look at; it cannot be shown
        run_id = path.stem
        if not _ID.fullmatch(run_id):  # put here by hand under a name of its own
            run_id = content_id(run)
            path = path.replace(self._path(run_id))
        self._insert(run_id, run, path, UNOWNED)

    def _tidy(self) -> None:
        """Empty the trash of what is too old, now and then."""
        state = self._state
        if state.writable and time.monotonic() - state.tidied > _TIDY:
            state.tidied = time.monotonic()
            with suppress(LibraryError):  # what was asked for may work none the less
                self._remove(self._space.too_old)

    def _remove(self, chosen: Callable[[sqlite3.Connection], list[str]]) -> None:
        """Remove for good what ``chosen`` returns; nobody restores it between look and removal."""
        with connect(self._folder) as index:
            index.execute("begin immediate")
            remove(index, chosen(index), self._path)

    def _check_quota(self, run_id: str, run: Run) -> None:
        limit, owner = self._view.bytes_a_day, self._view.owner
        if limit is None:
            return
        since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
        with self._connect() as index:
            (saved, here) = index.execute(
                "select ifnull(sum(size), 0), ifnull(max(id = ?), 0) from run "
                "where owner = ? and saved > ?",
                [run_id, owner, since],
            ).fetchone()
        size = 0 if here else len(dump_run(run))
        if saved + size > limit:
            raise OverBudgetError(
                f"With this run of {size:,} bytes you would have saved {saved + size:,} bytes in "
                f"24 hours, and {limit:,} may be. Download it, or save it tomorrow."
            )

    def _insert(self, run_id: str, run: Run, path: Path, owner: str) -> None:
        values = (
            run_id, run.title[:MAX_TITLE], run.kind, run.model.name[:MODEL_BEGINNING],
            " ".join(searched(run.request)[:TEXT_SEARCHED].split()), "[]", run.created, _now(),
            path.stat().st_size, self._preview(run) if self._preview else None,
            owner,
        )  # fmt: skip
        with self._connect() as index:
            index.execute("insert or ignore into run values (?,?,?,?,?,?,?,?,?,null,?,?)", values)

    def _connect(self) -> AbstractContextManager[sqlite3.Connection]:
        """Return a connection for a change.

        Raises:
            LibraryError: at once where nothing can be changed now, with the reason.
        """
        self._open(change=True)
        if not self.writable:
            raise LibraryError(self._state.why)
        return connect(self._folder)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection for a look, also where the disk has become full meanwhile."""
        self._open()
        self._tidy()
        with ExitStack() as stack:
            try:
                index = stack.enter_context(connect(self._folder, only_read=not self.writable))
            except LibraryError as why:
                self._give_up_writing(why)
                index = stack.enter_context(connect(self._folder, only_read=True))
            yield index

    def _give_up_writing(self, why: LibraryError) -> None:
        state = self._state
        state.writable, state.why, state.tried = False, str(why), time.monotonic()

    def _change(
        self, what: str, value: str | None, run_ids: Sequence[str], *, quietly: bool = False
    ) -> None:
        """Change runs that may be changed.

        Raises:
            InputError: one of them is somebody else's, unless ``quietly``.
        """
        mine, owners = self._view.changed()
        others = []
        with self._connect() as index:
            for each in run_ids:
                done = index.execute(
                    f"update run set {what} where id = ? and {mine}",  # noqa: S608
                    [value, each, *owners],
                )
                if not done.rowcount:
                    others.append(each)
        if self._view.changes is not None and any(map(self.find, others)) and not quietly:
            raise InputError("This run is shared with you; only whoever shared it may change it.")

    def _select(
        self, where: str, values: Sequence[str], sort: str, *, descending: bool,
        deleted: bool = False,
    ) -> list[Entry]:  # fmt: skip
        place = "not null" if deleted else "null"
        order = f"run.{sort} collate nocase {'desc' if descending else 'asc'}, rowid desc"
        seen, owners = self._view.seen()
        with self._reading() as index:
            rows = index.execute(
                f"select {_SHOWN} from run where deleted is {place} and {where} and {seen} "  # noqa: S608
                f"order by {order}",
                [*values, *owners],
            ).fetchall()
        # Several readers may have saved one run.
        return list({row[0]: _read_entry(*row) for row in reversed(rows)}.values())[::-1]


def _read_entry(
    run_id: str, title: str, kind: str, model: str, text: str, tags: str, *rest: Any
) -> Entry:
    return Entry(run_id, title, kind, model, text, tuple(json.loads(tags)), *rest)


def _holds(path: Path, run_id: str) -> bool:
    """Tell whether the file of a run is there and whole."""
    try:
        return content_id(load_run(path)) == run_id
    except RunFileError:
        return False


def _escape_like(word: str) -> str:
    for each in "\\%_":
        word = word.replace(each, f"\\{each}")
    return word


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _age(path: Path) -> timedelta:
    try:
        return datetime.now(UTC) - datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return timedelta(0)
