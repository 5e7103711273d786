"""Characters that steer what shows a text, and are no part of what it says."""

from __future__ import annotations

import re

_STEERING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # C0 without tab and line breaks, and C1: terminals
    "\u202a-\u202e\u2066-\u2069]"  # what turns the direction of writing
)


def without_steering(text: str) -> str:
    """Return ``text`` with every control character as its code point, such as U+001B.

    Tabs, line breaks, marks within Arabic or Hebrew, and what joins emoji stay as they are.
    """
    return _STEERING.sub(lambda found: f"U+{ord(found[0]):04X}", text)


def one_printable_line(text: str) -> str:
    """Return ``text`` for a terminal: in one line, control characters as their code point."""
    return without_steering(" ".join(text.splitlines()))
