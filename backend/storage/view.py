"""Whose saved runs somebody sees, and whose they may change."""

from __future__ import annotations

from dataclasses import dataclass

EVERYONE = "*"
"""The owner of runs that everybody may open, such as those of a teacher's lessons."""
UNOWNED = ""
"""The owner of runs that were saved by a local server, or put into the folder by hand."""


@dataclass(frozen=True)
class View:
    """What one reader has of a library. The plain one sees and changes everything.

    Attributes:
        owner: of what is saved from now on.
        sees, changes: owners of the runs that are shown and may be changed; None for all.
        bytes_a_day: that may be saved in 24 hours; None for as many as fit.
    """

    owner: str = UNOWNED
    sees: tuple[str, ...] | None = None
    changes: tuple[str, ...] | None = None
    bytes_a_day: int | None = None

    def seen(self) -> tuple[str, list[str]]:
        """Return a condition on the owner for what is shown, and its values."""
        return _among(self.sees)

    def changed(self) -> tuple[str, list[str]]:
        """Return a condition on the owner for what may be changed, and its values."""
        return _among(self.changes)


def _among(owners: tuple[str, ...] | None) -> tuple[str, list[str]]:
    if owners is None:
        return "1", []
    return f"owner in ({', '.join('?' * len(owners))})", [*owners]
