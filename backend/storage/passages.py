"""Texts of several kinds that ship with the project, in English.

In order: the beginnings of "Alice's Adventures in Wonderland" (Carroll 1865), of chapter III of "On
the Origin of Species" (Darwin 1859) and of "An Introduction to Mathematics" (Whitehead 1911), all
in the public domain; a sampler of ours; a page of our documentation.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def passages() -> tuple[str, ...]:
    """Return the texts; about 4,200 tokens together."""
    text = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    return tuple(text.strip().split("\n\f\n"))
