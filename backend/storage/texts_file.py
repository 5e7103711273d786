"""Many texts out of one file: plain lines, JSON lines or a CSV table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePath
from typing import Any

from ..errors import EntroscopeError, InputError, OverBudgetError
from ..runs.dataset import MAX_DATASET_BYTES, MAX_ROWS

SUFFIXES = (".txt", ".jsonl", ".csv")
FIELD = "text"

MAX_FILE_BYTES = 2 * MAX_DATASET_BYTES
"""Names of fields and other columns take room too."""

MAX_COLUMNS = 1_000
MAX_NAMES = 100_000
"""Characters of the row that names the columns."""
_LISTED = 20

# The limit of the csv module, 131,072 characters, is less than a text may have. It is one for the
# whole process.
csv.field_size_limit(MAX_FILE_BYTES)


def read_texts_file(path: Path, field: str = FIELD) -> tuple[str, ...]:
    """Return the texts of the file at ``path``; of one that is too large, nothing is read.

    Raises:
        InputError, OverBudgetError: as ``read_texts``, or the file cannot be read.
    """
    try:
        _check_size(path.stat().st_size, path.name)
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)  # a pipe has no size beforehand
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.") from error
    return read_texts(data, path.name, field)


def read_texts(data: bytes, name: str, field: str = FIELD) -> tuple[str, ...]:
    r"""Return the texts of a file; its name's ending says how to read it.

    ``.txt`` is one text a line, empty lines left out; only ``\n`` and ``\r\n`` end a line.
    ``.jsonl`` is a string or an object a line, ``.csv`` a table whose first line names the
    columns; ``field`` is where the text stands in both. A table of one column needs no such name.

    Raises:
        InputError: not UTF-8, not of the kind its name says, or without that field.
        OverBudgetError: more rows or bytes than a data set may have.
    """
    _check_size(len(data), name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not UTF-8 text (byte {error.start:,}).") from error
    suffix = PurePath(name).suffix.lower()
    if suffix == ".jsonl":
        found = _json_lines(text, name, field)
    elif suffix == ".csv":
        found = _table(text, name, field)
    elif suffix == ".txt":
        found = (line for _, line in _lines(text))
    else:
        raise InputError(f"{name} is no {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]} file.")
    texts = tuple(islice(found, MAX_ROWS + 1))
    if len(texts) > MAX_ROWS:
        raise OverBudgetError(
            f"{name} has more than {MAX_ROWS:,} rows, the most a data set may have."
        )
    if not texts:
        raise InputError(f"{name} has no texts.")
    return texts


def fields_of(data: bytes, name: str) -> list[str]:
    """Return where the text may stand in a table or JSON lines; empty for lines and broken files.

    Names of columns, or those entries of the first object that are texts.
    """
    suffix = PurePath(name).suffix.lower()
    text = data[:MAX_FILE_BYTES].decode("utf-8-sig", "replace")
    try:
        if suffix == ".csv":
            return next(_rows(text, name), [])
        if suffix == ".jsonl":
            first: Any = json.loads(next(line for _, line in _lines(text)))
            texts = (key for key, value in first.items() if isinstance(value, str))
            return list(islice(texts, MAX_COLUMNS))
    except (AttributeError, EntroscopeError, RecursionError, StopIteration, ValueError):
        pass
    return []


def _check_size(size: int, name: str) -> None:
    if size > MAX_FILE_BYTES:
        raise OverBudgetError(f"{name} has {size:,} bytes; at most {MAX_FILE_BYTES:,} are read.")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not empty, with their numbers, from 1."""
    for number, line in enumerate(io.StringIO(text, newline="\n"), start=1):
        line = line.removesuffix("\n").removesuffix("\r")
        if line.strip():
            yield number, line


def _json_lines(text: str, name: str, field: str) -> Iterator[str]:
    for number, line in _lines(text):
        yield _json_text(line, f"Line {number:,} of {name}", field)


def _json_text(line: str, place: str, field: str) -> str:
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place} is not JSON.") from error
    if isinstance(value, dict):
        value = value.get(field)
    if not isinstance(value, str):
        raise InputError(f"{place} has no text under {field!r}.")
    try:
        value.encode()
    except UnicodeEncodeError as error:  # JSON can write what no text may hold: "\ud800"
        raise InputError(
            f"{place} has half of a character (a lone surrogate) at position {error.start}."
        ) from error
    return value


def _table(text: str, name: str, field: str) -> Iterator[str]:
    rows = _rows(text, name)
    names = next(rows, [])
    if field not in names and len(names) > 1:
        listed = ", ".join(repr(each[:60]) for each in names[:_LISTED])
        more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
        raise InputError(f"{name} has no column {field!r}; it has {listed}{more}.")
    place = names.index(field) if field in names else 0
    if names and field not in names:
        yield names[0]
    for number, row in enumerate(rows, start=2):
        if len(row) <= place:
            raise InputError(f"Row {number:,} of {name} has too few columns.")
        yield row[place]


def _rows(text: str, name: str) -> Iterator[list[str]]:
    """Yield the rows of a table that are not empty; the first one names the columns."""
    lines = _Lines(text, name)
    try:
        for row in csv.reader(lines, strict=True):
            if len(row) > MAX_COLUMNS:
                raise OverBudgetError(f"{name} has more than {MAX_COLUMNS:,} columns.")
            if row:
                lines.named = True
                yield row
    except csv.Error as error:
        raise InputError(f"{name} is not a CSV table: {error}.") from error


class _Lines:
    """The lines of a table; names of columns without end are refused before they are parsed.

    Attributes:
        named: whether the columns have their names.
    """

    def __init__(self, text: str, name: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self._name = name
        self._left = MAX_NAMES
        self.named = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._lines.readline() if self.named else self._lines.readline(self._left + 1)
        if not line:
            raise StopIteration
        if not self.named:
            self._left -= len(line)
            if self._left < 0:
                raise OverBudgetError(
                    f"The first row of {self._name} has more than {MAX_NAMES:,} characters."
                )
        return line
