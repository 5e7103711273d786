"""The lessons that teachers make: one JSON file each in the data folder, written at once."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

from ..errors import InputError, LibraryError
from ..lenses.looks import read_look
from ..storage.atomic import write_atomically
from ..storage.files import adapter
from ..storage.library_space import TRASH_DAYS
from ..storage.strict_json import parse
from .base import Lesson, Step, check_lesson, plain

MOST_LESSONS = 500
MOST_BYTES = 1_000_000
"""Of the file of a lesson, without its runs."""

OWN = "own-"
"""What the name of a teacher's lesson begins with."""
SAVED = "saved-"

_ID = re.compile(r"[0-9a-f]{16}")
_TRASH = ".trash"


@dataclass(frozen=True)
class Kept:
    """A lesson of the data folder.

    Attributes:
        id: 16 hex digits.
        version: another one after every change.
    """

    id: str
    lesson: Lesson
    version: str

    @property
    def name(self) -> str:
        """What addresses call it."""
        return f"{OWN}{self.id}"


class OwnLessons:
    """A folder of lessons; every change is on the disk when the method returns.

    Args:
        folder: made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()

    def entries(self) -> list[Kept]:
        """Return all lessons that can be read, by title."""
        found = []
        for path in self._folder.glob("*.json"):
            try:
                found.append(self.find(path.stem))
            except InputError:
                continue  # it stays where it is, for somebody to look at
        return sorted(found, key=lambda each: (each.lesson.title.casefold(), each.id))

    def find(self, lesson_id: str) -> Kept:
        """Return a lesson.

        Raises:
            InputError: it is not here, or damaged.
        """
        path = self._path(lesson_id)
        try:
            if path.stat().st_size > MOST_BYTES:
                raise InputError(f"The lesson {lesson_id} is larger than a lesson may be.")
            data = path.read_bytes()
        except OSError as error:
            raise InputError("This lesson is not here any longer.") from error
        return Kept(lesson_id, read_lesson(data), _version(data))

    def create(self, lesson: Lesson) -> Kept:
        """Keep a new lesson.

        Raises:
            InputError: it cannot be shown, or there are too many.
            LibraryError: the folder cannot be written now.
        """
        if sum(1 for _ in self._folder.glob("*.json")) >= MOST_LESSONS:
            raise InputError(f"There are {MOST_LESSONS} lessons already; throw some away first.")
        return self._write(secrets.token_hex(8), lesson)

    def add(self, lesson_id: str, step: Step) -> Kept:
        """Add a step at the end. Raises as ``find`` and ``create``."""
        with self._lock:
            lesson = self.find(lesson_id).lesson
            return self._write(lesson_id, replace(lesson, steps=(*lesson.steps, step)))

    def change(self, lesson_id: str, lesson: Lesson, version: str) -> Kept:
        """Put a lesson in the place of ``version`` of it.

        Raises:
            InputError: it was changed meanwhile. Else as ``find`` and ``create``.
        """
        with self._lock:
            if self.find(lesson_id).version != version:
                raise InputError("This lesson was changed elsewhere meanwhile. Open it again.")
            return self._write(lesson_id, lesson)

    def delete(self, lesson_id: str) -> None:
        """Throw a lesson away; ``restore`` brings it back for 30 days. Raises as ``find``."""
        path = self._path(lesson_id)
        self._move(path, path.with_suffix(_TRASH))
        with suppress(OSError):  # another server may do the same
            path.with_suffix(_TRASH).touch()
            for old in self._folder.glob(f"*{_TRASH}"):
                if time.time() - old.stat().st_mtime > TRASH_DAYS * 86_400:
                    old.unlink(missing_ok=True)

    def restore(self, lesson_id: str) -> None:
        """Bring a lesson back. Raises as ``find``."""
        path = self._path(lesson_id)
        self._move(path.with_suffix(_TRASH), path)

    def using(self, run_ids: Iterable[str]) -> list[str]:
        """Return the titles of the lessons that show one of these saved runs."""
        wanted = {f"{SAVED}{each}" for each in run_ids}
        return [
            each.lesson.title
            for each in self.entries()
            if any(wanted & _shown_by(step) for step in each.lesson.steps)
        ]

    def _path(self, lesson_id: str) -> Path:
        if not _ID.fullmatch(lesson_id):  # an id from an address must not leave the folder
            raise InputError("This lesson is not here any longer.")
        return self._folder / f"{lesson_id}.json"

    def _write(self, lesson_id: str, lesson: Lesson) -> Kept:
        check_lesson(lesson)
        data = written(lesson)
        try:
            write_atomically(self._path(lesson_id), data)
        except OSError as error:
            raise LibraryError(f"The lesson cannot be saved now: {error.strerror}.") from error
        return Kept(lesson_id, lesson, _version(data))

    def _move(self, old: Path, new: Path) -> None:
        try:
            old.replace(new)
        except FileNotFoundError as error:
            raise InputError("This lesson is not here any longer.") from error
        except OSError as error:
            raise LibraryError(f"The lesson cannot be moved now: {error.strerror}.") from error


def written(lesson: Lesson) -> bytes:
    """Return the content of the file of a lesson."""
    fields = {name: value for name, value in plain(lesson).items() if name != "name"}
    return json.dumps(fields, ensure_ascii=False, indent=1).encode()


def read_lesson(data: bytes) -> Lesson:
    """Read a lesson that anybody may have written.

    Raises:
        InputError: damaged, or it cannot be shown; one line.
    """
    try:
        return checked(parse(data))
    except (ValueError, RecursionError) as error:
        raise InputError("This is no lesson, or it is damaged.") from error


def checked(fields: Any) -> Lesson:
    """Return a lesson of plain fields.

    Raises:
        InputError: they are of no use, or it cannot be shown; one line.
    """
    try:
        lesson = adapter(Lesson).validate_python(fields)
    except ValueError as error:
        raise InputError("This is no lesson, or it is damaged.") from error
    check_lesson(lesson)
    return lesson


def _version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _shown_by(step: Step) -> set[str]:
    """Return how a step's look names the saved runs that it shows."""
    query = read_look(step.look).query
    return {query.get("run", ""), *query.get("branches", "").split(".")}
