"""How headers of older run files become those of today, one step a version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import RunFileError

Header = dict[str, Any]


def _add_note(header: Header) -> None:
    """Version 1 had no sentence on what to look at."""
    header["fields"]["note"] = ""


STEPS: dict[int, Callable[[Header], None]] = {1: _add_note}
"""Version to the step that makes the next one of it; every step changes the header in place."""

SCHEMA_VERSION = 1 + len(STEPS)


def migrate(header: Header, name: str) -> Header:
    """Bring ``header`` of the file ``name`` up to ``SCHEMA_VERSION``.

    Raises:
        RunFileError: it is newer than that.
        KeyError, TypeError, ValueError: it is no header.
    """
    version = header["schema"]
    if type(version) is not int or version < 1:  # True would pass for 1 otherwise
        raise ValueError(f"{version!r} is not a version")
    if version > SCHEMA_VERSION:
        raise RunFileError(f"{name} was written by a newer version of Entroscope; update it.")
    for each in range(version, SCHEMA_VERSION):
        STEPS[each](header)
    return {**header, "schema": SCHEMA_VERSION}
