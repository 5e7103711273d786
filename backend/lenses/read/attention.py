"""Attention."""

from ..base import Lens, declare
from ..panels.strip import Strip

declare(
    Lens(
        kind="attention",
        title="Attention",
        summary="How widely.",
        group="read",
        panels=(Strip(title="The text", read="x", colours=()),),
        place=20,
    )
)
