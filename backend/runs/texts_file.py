"""Many texts out of one file: plain lines, JSON lines or a CSV table."""

from __future__ import annotations

import csv
import io
import json
from pathlib import PurePath
from typing import Any

from backend.errors import InputError, OverBudgetError
from backend.runs.dataset import MAX_DATASET_BYTES, MAX_ROWS

SUFFIXES = (".txt", ".jsonl", ".csv")
FIELD = "text"


def read_texts(data: bytes, name: str, field: str = FIELD) -> tuple[str, ...]:
    """Return the texts of a file; its name's ending says how to read it.

    ``.txt`` is one text a line, empty lines left out. ``.jsonl`` is a string or an object a line,
    ``.csv`` a table whose first line names the columns; ``field`` is where the text stands in
    both. A table of one column needs no such name.

    Raises:
        InputError: not UTF-8, not of the kind its name says, or without that field.
        OverBudgetError: more rows or bytes than a data set may have.
    """
    if len(data) > 2 * MAX_DATASET_BYTES:  # names of fields and other columns take room too
        raise OverBudgetError(
            f"{name} has {len(data):,} bytes; at most {2 * MAX_DATASET_BYTES:,} are read."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not UTF-8 text (byte {error.start:,}).") from error
    suffix = PurePath(name).suffix.lower()
    if suffix == ".jsonl":
        texts = _json_lines(text, name, field)
    elif suffix == ".csv":
        texts = _table(text, name, field)
    elif suffix == ".txt":
        texts = [line for line in text.splitlines() if line.strip()]
    else:
        raise InputError(f"{name} is no {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]} file.")
    if len(texts) > MAX_ROWS:
        raise OverBudgetError(
            f"{name} has {len(texts):,} rows; a data set has at most {MAX_ROWS:,}."
        )
    if not texts:
        raise InputError(f"{name} has no texts.")
    return tuple(texts)


def _json_lines(text: str, name: str, field: str) -> list[str]:
    texts = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            texts.append(_json_text(line, f"Line {number:,} of {name}", field))
    return texts


def _json_text(line: str, place: str, field: str) -> str:
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place} is not JSON.") from error
    if isinstance(value, dict):
        value = value.get(field)
    if not isinstance(value, str):
        raise InputError(f"{place} has no text under {field!r}.")
    return value


def _table(text: str, name: str, field: str) -> list[str]:
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise InputError(f"{name} is not a CSV table: {error}.") from error
    if not rows:
        return []
    names = rows[0]
    if field not in names and len(names) > 1:
        raise InputError(f"{name} has no column {field!r}; it has {', '.join(map(repr, names))}.")
    place = names.index(field) if field in names else 0
    body = rows[1:] if field in names else rows
    short = next((number for number, row in enumerate(body, start=2) if len(row) <= place), None)
    if short is not None:
        raise InputError(f"Row {short:,} of {name} has too few columns.")
    return [row[place] for row in body]
