"""Residual norms."""

from ..base import Lens, declare
from ..panels.strip import Strip

declare(
    Lens(
        kind="residual_norms",
        title="Residual norms",
        summary="How long.",
        group="read",
        family="Layers",
        panels=(Strip(title="The text", read="x", colours=("norms",), at="D"),),
        place=30,
    )
)
