"""What the file of a page calls: that of a lens is one line."""

from __future__ import annotations

from backend.lenses import LENSES

from .library import library_page
from .source import Source

_source: list[Source] = []


def serve(source: Source) -> None:
    """Say where pages find runs, before any of them is drawn; the main script does."""
    _source[:] = [source]


def show(kind: str) -> None:
    """Show the lens of a kind of run; the frame, which the main script draws, does the rest.

    Raises:
        InputError: there is no such lens.
    """
    LENSES[kind]


def show_library() -> None:
    """Show the page of saved runs."""
    library_page(_source[0])
