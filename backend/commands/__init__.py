"""The studies as shell commands, one file each; importing this package adds them all."""

from . import attention, dataset, text, trajectories  # noqa: F401  add themselves
from .base import app

__all__ = ["app"]
