"""Runs and words that somebody made to do harm."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from backend.errors import RunFileError
from backend.runs import Run
from backend.storage.files import parse_run, plain_fields

PICTURE = "![x](http://evil.example/pixel.png)"
ADDRESS = "http://evil.example/page www.evil.example me@evil.example"
MARKUP = (
    "<img src=http://evil.example/i.png onerror=\"document.title='hacked'\">"
    "<script>hacked=1</script>"
)
FORMULA = '=HYPERLINK("http://evil.example","x")'
CODE = "coding: unicode_escape \\nimport os; os.system('touch hacked')"
CONTROLS = "\x1b[31mred\x1b[0m \u202eright to left\u202c \x9b2J \u2066x"
WORDS = " ".join(
    (PICTURE, ADDRESS, MARKUP, ":red[x] $x^2$", CONTROLS.replace("\x1b", "").replace("\x9b", ""))
)
"""Everything at once that may stand in one line."""
_EACH = 4
"""Entries of a list or table that are poisoned."""


def forged(run: Run, path: Path, change: Callable[[dict[str, Any]], None]) -> bytes:
    """Return the file of a run after ``change`` of the fields in its header.

    Args:
        run: that is saved first.
        path: to save it at.
        change: changes the plain fields in place.
    """
    data = run.save(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    outer = json.loads(data[8 : 8 + size])
    header = json.loads(outer["__metadata__"]["entroscope"])
    change(header["fields"])
    outer["__metadata__"]["entroscope"] = json.dumps(header)
    written = json.dumps(outer).encode()
    written += b" " * (-len(written) % 8)
    return struct.pack("<Q", len(written)) + written + data[8 + size :]


def poisoned(run: Run, path: Path, words: str = WORDS) -> bytes:
    """Return the file of a run that says ``words`` wherever a file may say anything.

    Args:
        run: that is saved first.
        path: to save it at.
        words: which replace every text in the header that may be replaced one by one.
    """
    run = parse_run(run.save(path).read_bytes(), "whole")
    for place in _texts(plain_fields(run), ()):
        changed = forged(run, path, lambda fields, place=place: _put(fields, place, words))
        with suppress(RunFileError):
            run = parse_run(changed, "changed")
    return run.save(path).read_bytes()


def _texts(value: Any, place: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield where the texts in a plain value are, of a list or table only the first."""
    if isinstance(value, str):
        yield place
    elif isinstance(value, dict):
        for name, each in list(value.items())[:_EACH]:
            yield from _texts(each, (*place, name))
    elif isinstance(value, list | tuple):
        for i, each in enumerate(value[:_EACH]):
            yield from _texts(each, (*place, i))


def _put(fields: Any, place: tuple[Any, ...], words: str) -> None:
    for each in place[:-1]:
        fields = fields[each]
    fields[place[-1]] = words
