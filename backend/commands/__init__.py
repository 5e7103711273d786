"""The studies as shell commands, one file each; importing this package adds them all."""

from backend.commands import attention, dataset, text, trajectories  # noqa: F401  add themselves
from backend.commands.base import app

__all__ = ["app"]
