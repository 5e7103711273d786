"""What a class keeps on the disk: questions, answers, and what is followed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import LibraryError
from ..storage.files import adapter
from .answers import Answer
from .questions import AskedQuestion

_FILE = "class.db"
_PATIENCE = 10
"""Seconds that a change of another process is waited for."""

_SCHEMA = """
create table if not exists question (
    id text primary key, place integer not null, plain text not null
) strict;
create table if not exists answer (
    question text not null, reader text not null, answered text not null, plain text not null,
    primary key (question, reader)
) strict;
create table if not exists followed (one integer primary key, plain text not null) strict;
"""


class Record:
    """The file of a class; every change is on the disk when the method returns.

    Readers are named by the one-way hash that stands for their browser, and in no other way.

    Args:
        folder: made when it is needed.

    Every method raises ``LibraryError``, in one line, where the file cannot be used now.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = False

    def questions(self) -> list[AskedQuestion]:
        """Return all questions, the first one asked first."""
        with self._connect() as file:
            rows = file.execute("select plain from question order by place").fetchall()
        return [adapter(AskedQuestion).validate_json(plain) for (plain,) in rows]

    def last_question(self) -> AskedQuestion | None:
        """Return the question that was asked last."""
        with self._connect() as file:
            row = file.execute("select plain from question order by place desc").fetchone()
        return adapter(AskedQuestion).validate_json(row[0]) if row else None

    def count(self) -> int:
        """Return how many questions there are."""
        with self._connect() as file:
            return file.execute("select count(*) from question").fetchone()[0]

    def put_question(self, question: AskedQuestion) -> None:
        """Keep a question, new or changed."""
        with self._connect() as file:
            file.execute(
                "insert into question values "
                "(?, (select coalesce(max(place), 0) + 1 from question), ?) "
                "on conflict (id) do update set plain = excluded.plain",
                (question.id, json.dumps(asdict(question))),
            )

    def answers(self, question_id: str) -> dict[str, tuple[Answer, str]]:
        """Return answers and when they were given, by reader, in that order."""
        with self._connect() as file:
            rows = file.execute(
                "select reader, plain, answered from answer where question = ? order by rowid",
                (question_id,),
            ).fetchall()
        return {reader: (adapter(Answer).validate_json(plain), at) for reader, plain, at in rows}

    def put_answer(self, question_id: str, reader: str, answer: Answer, at: str) -> None:
        """Keep a reader's answer, in the place of an earlier one."""
        with self._connect() as file:
            file.execute(
                "insert into answer values (?, ?, ?, ?) on conflict (question, reader) "
                "do update set plain = excluded.plain, answered = excluded.answered",
                (question_id, reader, at, json.dumps(asdict(answer))),
            )

    def followed(self) -> Mapping[str, Any] | None:
        """Return what is followed, None for nothing."""
        with self._connect() as file:
            row = file.execute("select plain from followed").fetchone()
        return json.loads(row[0]) if row else None

    def put_followed(self, plain: Mapping[str, Any] | None) -> None:
        """Keep what is followed."""
        with self._connect() as file:
            if plain is None:
                file.execute("delete from followed")
            else:
                file.execute("insert or replace into followed values (1, ?)", (json.dumps(plain),))

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            opened = sqlite3.connect(self._folder / _FILE, timeout=_PATIENCE)
            with closing(opened) as file, file:
                if not self._made:
                    file.execute("pragma journal_mode=wal")
                    file.executescript(_SCHEMA)
                    self._made = True
                # An answer outlives a process that is killed; only a power cut may lose the last.
                file.execute("pragma synchronous=normal")
                yield file
        except (OSError, sqlite3.Error) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise LibraryError(f"The class cannot be written down now: {reason}.") from error
