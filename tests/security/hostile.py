"""Runs and words that somebody made to do harm."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend.runs import Run

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
