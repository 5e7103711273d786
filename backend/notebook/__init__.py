"""Runs in a notebook: the browser parts of the stage as a widget, without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InputError

if TYPE_CHECKING:
    from ..runs.base import Run
    from .widget import RunView


def view_of(run: Run, unit: str = "nats") -> RunView:
    """Return a widget that shows the text, the heads and what is known of the pinned place.

    Raises:
        InputError: anywidget is not installed, the unit is unknown, or no such part shows the run.
    """
    try:
        from .widget import RunView
    except ImportError as error:
        raise InputError(
            "Views need anywidget: pip install anywidget. The run itself, as the last expression "
            "of a cell, shows its first picture without it."
        ) from error
    return RunView(run, unit)
