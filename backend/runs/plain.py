"""Dataclasses of this room as plain dicts: what files, keys and exports are made of."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from typing import Any


def plain(value: Any) -> Any:
    """Return ``value`` with all dataclasses in it as dicts; everything else stays as it is.

    A field declared as ``later`` came to a kind that people had runs of: at its default it is left
    out, so that the keys, contents and exports of these runs stay the same.
    """
    if is_dataclass(value) and not isinstance(value, type):
        found = {each.name: (each, getattr(value, each.name)) for each in fields(value)}
        return {name: plain(own) for name, (each, own) in found.items() if not _as_ever(each, own)}
    if isinstance(value, list | tuple):
        return type(value)(plain(each) for each in value)
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return value


def _as_ever(each: Any, own: Any) -> bool:
    if not each.metadata.get("later"):
        return False
    default = each.default if each.default_factory is MISSING else each.default_factory()
    return bool(own == default)
