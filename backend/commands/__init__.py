"""The studies as shell commands, one file each; importing this package adds them all."""

from backend.commands import text  # noqa: F401  adds itself
from backend.commands.base import app

__all__ = ["app"]
