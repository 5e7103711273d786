"""JSON from files and links, which anybody may have written."""

from __future__ import annotations

import json
import math
import re
from typing import Any

_LARGEST = 2**64
# Half of a character, written as an escape: no text can be written or shown with it.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse(text: str | bytes) -> Any:
    """Return what ``text`` says.

    Raises:
        ValueError: not JSON; or it has a name twice in one object, a number that is not finite or
            is a whole one beyond 64 bits, or half of a character.
        RecursionError: it is nested too deep.
    """
    if isinstance(text, bytes):
        text = text.decode()
    found = json.loads(
        text,
        object_pairs_hook=_unique,
        parse_constant=_refuse,
        parse_float=_finite,
        parse_int=_whole,
    )
    if _SURROGATE.search(text):
        json.dumps(found, ensure_ascii=False).encode()
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large")
    return value


def _whole(text: str) -> int:
    value = int(text)
    if abs(value) >= _LARGEST:
        raise ValueError(f"{text} is too large")
    return value
