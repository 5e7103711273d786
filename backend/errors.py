"""The few errors Entroscope raises on purpose; each message says what to do next."""

from __future__ import annotations

from typing import Any


class EntroscopeError(Exception):
    """Base of every error a page may show to a reader as it stands."""


class InputError(EntroscopeError, ValueError):
    """A text, option or parameter that cannot be used, with the allowed range in the message."""


class ModelError(EntroscopeError):
    """A model that cannot be found, read or run, with the reason and the remedy."""


class NoRoomError(ModelError):
    """A model that does not fit into the memory that is free now; freeing others may help."""


class OverBudgetError(EntroscopeError):
    """A request that needs more memory or context than there is, with both numbers."""


class RunFileError(EntroscopeError):
    """A run file that is damaged, hostile or newer than this version."""


class LibraryError(EntroscopeError):
    """The folder of saved runs cannot be read or written now; everything else works."""


class NotDefinedError(EntroscopeError):
    """A measure that does not exist for this model, with the reason."""


class CancelledError(EntroscopeError):
    """The study was stopped before it finished.

    Attributes:
        partial_run: what was there by then, as a run; None where there was nothing.
    """

    partial_run: Any = None
