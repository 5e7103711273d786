"""Tags as a reader types them."""

from __future__ import annotations


def split_tags(text: str) -> list[str]:
    """Return the tags between the commas of ``text``."""
    return [each.strip() for each in text.split(",") if each.strip()]
