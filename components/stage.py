"""What the file of a lens calls: its page is one line."""

from __future__ import annotations

from backend.lenses import LENSES, Lens
from backend.registry import Registry

shown: Registry[Lens] = LENSES


def show(kind: str) -> None:
    """Show the lens of a kind of run; the frame, which the main script draws, does the rest.

    Raises:
        InputError: there is no such lens.
    """
    LENSES[kind]
