"""The runs that a class followed last, in files: they outlive the memory of the server.

Whatever is here is everybody's in the class: the teacher carried it to all.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import EntroscopeError, LibraryError
from ..runs import Run
from ..storage.atomic import write_atomically
from ..storage.files import dump_run, load_run

MOST = 8
"""Runs that are kept, so that who lets go can go on reading a while."""
_SUFFIX = ".safetensors"
_CONTENT = re.compile(r"[0-9a-f]{32}")


class FollowedRuns:
    """A folder of a few runs under the names of their contents.

    Args:
        folder: made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, content: str, run: Run) -> None:
        """Keep a run; the one that was followed first goes, and the same again costs nothing.

        Raises:
            LibraryError: it cannot be written.
        """
        path = self._path(content)
        if path is None:
            raise ValueError("no name of a content")
        try:
            if path.exists():
                path.touch()
                return
            write_atomically(path, dump_run(run))
            kept = sorted(self._folder.glob(f"*{_SUFFIX}"), key=lambda each: each.stat().st_mtime)
            for each in kept[:-MOST]:
                each.unlink(missing_ok=True)
        except OSError as error:
            raise LibraryError(f"The class cannot follow now: {error.strerror}.") from error

    def find(self, content: str) -> Run | None:
        """Return the run of a content, None where it is not here."""
        path = self._path(content)
        try:
            return None if path is None else load_run(path)
        except EntroscopeError:
            return None

    def holds(self, content: str) -> bool:
        """Whether a content is here."""
        path = self._path(content)
        return path is not None and path.exists()

    def _path(self, content: str) -> Path | None:
        """Return the file of a content; an address must not leave the folder."""
        return self._folder / f"{content}{_SUFFIX}" if _CONTENT.fullmatch(content) else None
