"""Checks on what comes from an address or a text field: return the value or raise ``ValueError``.

The messages complete "Ignored 'x' of the link: …".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

Part = TypeVar("Part")

LONGEST_LINE = 300
MOST_KEYS = 60
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HEAD = re.compile(r"(?:L(\d{1,4})\.H|(\d{1,4})\.)(\d{1,4})", re.ASCII)
_RUN_KEY = re.compile(r"(kept-|saved-)?[0-9a-f]{16}|(shared-|followed-)?[0-9a-f]{32}")
_HANDLE = re.compile(r"[0-9a-f]{32}")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,6000}")
_CHOICE = re.compile(r"(run|example|pair):[A-Za-z0-9_-]{1,64}")
_WHOLE = re.compile(r"-?\d{1,12}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,20})?(e-?\d{1,3})?", re.ASCII)
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,2})?")


def one_of(options: Sequence[str]) -> Callable[[str], str]:
    """Return a check that lets only ``options`` pass."""

    def check(text: str) -> str:
        if text not in options:
            raise ValueError(f"it is one of {', '.join(options)}")
        return text

    return check


def index(text: str) -> int:
    """Read the number of a token, from 0."""
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise ValueError("it is the number of a token, from 0")
    return int(text)


def head(text: str) -> str:
    """Read an attention head, such as 3.5 or L3.H5 for layer 3 and head 5; return it as 3.5."""
    found = _HEAD.fullmatch(text)
    if not found:
        raise ValueError("it is layer.head, such as 3.5 or L3.H5")
    return f"{int(found[1] or found[2])}.{int(found[3])}"


def name(text: str) -> str:
    """Read a short name."""
    if not _NAME.fullmatch(text):
        raise ValueError("it is a name of letters, digits, - and _")
    return text


def run_key(text: str) -> str:
    """Read the hash of a request, or that of a run itself."""
    if not _RUN_KEY.fullmatch(text):
        raise ValueError("it is 16 or 32 characters from 0-9 and a-f")
    return text


def run_keys(text: str) -> str:
    """Read several of them, joined by dots."""
    keys = text.split(".")
    if len(keys) > MOST_KEYS or not all(map(_RUN_KEY.fullmatch, keys)):
        raise ValueError(f"it is at most {MOST_KEYS} keys of runs, joined by dots")
    return text


def code(text: str) -> str:
    """Read a study that a link carries whole; ``permalink.decode`` judges what is in it."""
    if not _CODE.fullmatch(text):
        raise ValueError("it is at most 6,000 letters, digits, - and _")
    return text


def choice(text: str) -> str:
    """Read which run to compare."""
    if not _CHOICE.fullmatch(text):
        raise ValueError("it is run:, example: or pair: and a name")
    return text


def device(text: str) -> str:
    """Read where a model runs."""
    if not _DEVICE.fullmatch(text):
        raise ValueError("it is auto, cpu, mps, cuda or cuda:0")
    return text


def line(text: str) -> str:
    """Read one line of ordinary characters, such as a hub id or a path."""
    text = text.strip()
    if not text or len(text) > LONGEST_LINE or not text.isprintable():
        raise ValueError(f"it is one line of at most {LONGEST_LINE} printable characters")
    return text


def switch(text: str) -> bool:
    """Read whether something is on."""
    return one_of(("on", "off"))(text) == "on"


def whole(low: int, high: int) -> Callable[[str], int]:
    """Return a check that lets whole numbers from ``low`` to ``high`` pass."""

    def check(text: str) -> int:
        if not (_WHOLE.fullmatch(text) and low <= int(text) <= high):
            raise ValueError(f"it is a whole number from {low} to {high}")
        return int(text)

    return check


def number(low: float, high: float) -> Callable[[str], float]:
    """Return a check that lets numbers from ``low`` to ``high`` pass."""

    def check(text: str) -> float:
        if not (_NUMBER.fullmatch(text) and low <= float(text) <= high):
            raise ValueError(f"it is a number from {low} to {high}")
        return float(text)

    return check


def several(
    part: Callable[[str], Part], least: int = 0, most: int = 32
) -> Callable[[str], tuple[Part, ...]]:
    """Return a check for parts with commas between them, such as both ends of a range.

    Args:
        part: check of one part; its text has no comma.
        least: fewest parts.
        most: most parts.
    """

    def check(text: str) -> tuple[Part, ...]:
        parts = text.split(",") if text else []
        if not least <= len(parts) <= most:
            raise ValueError(f"it is {least} to {most} values with commas between")
        return tuple(part(each) for each in parts)

    return check


def handle(text: str) -> str:
    """Read the handle of a job."""
    if not _HANDLE.fullmatch(text):
        raise ValueError("it is 32 characters from 0-9 and a-f")
    return text
