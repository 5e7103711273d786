"""The run that the class follows, in a file: it outlives the memory of the server."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import EntroscopeError, LibraryError
from ..runs import Run
from ..storage.atomic import write_atomically
from ..storage.files import dump_run, load_run

_SUFFIX = ".safetensors"
_CONTENT = re.compile(r"[0-9a-f]{32}")


class FollowedRun:
    """A folder that holds one run at a time, under the name of its content.

    Args:
        folder: made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, content: str, run: Run) -> None:
        """Keep a run in the place of the one before; the same one again costs nothing.

        Raises:
            LibraryError: it cannot be written.
        """
        path = self._folder / f"{content}{_SUFFIX}"
        if not _CONTENT.fullmatch(content):
            raise ValueError("no name of a content")
        try:
            if path.exists():
                return
            write_atomically(path, dump_run(run))
            for other in self._folder.glob(f"*{_SUFFIX}"):
                if other != path:
                    other.unlink(missing_ok=True)
        except OSError as error:
            raise LibraryError(f"The class cannot follow now: {error.strerror}.") from error

    def find(self, content: str) -> Run | None:
        """Return the run of a content, None where it is not here."""
        if not _CONTENT.fullmatch(content):
            return None
        try:
            return load_run(self._folder / f"{content}{_SUFFIX}")
        except (OSError, EntroscopeError):
            return None
