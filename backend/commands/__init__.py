"""The studies as shell commands; a kind without a file of its own gets one from its request."""

from ..registry import import_all
from .base import app
from .declared import add_all

__all__ = ["app"]

import_all(__name__, __path__)
add_all()
