"""Words a reader files saved runs under."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import InputError

MAX_TAGS = 20
MAX_TAG = 40


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Return tags without doubles, in order; raise ``InputError`` for too many or too long ones."""
    cleaned = list(dict.fromkeys(filter(None, (" ".join(each.split()) for each in tags))))
    if len(cleaned) > MAX_TAGS:
        raise InputError(f"A run has at most {MAX_TAGS} tags, not {len(cleaned)}.")
    for each in cleaned:
        if len(each) > MAX_TAG:
            raise InputError(f"A tag has at most {MAX_TAG} characters, not {len(each)}.")
    return cleaned
