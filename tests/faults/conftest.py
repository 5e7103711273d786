"""Disks that are small, full, or may only be read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

BLOCK = 4096


class Disk:
    """A file system of its own in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Leave no byte free."""
        with (self.folder / "fill").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * BLOCK)
            except OSError:
                return

    def clear(self) -> None:
        """Undo ``fill``."""
        (self.folder / "fill").unlink()

    def protect(self) -> None:
        """Let nobody write to it any more."""
        _mount("-o", "remount,ro", str(self.folder))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Disk]]:
    """Return a function that makes a disk of so many bytes."""
    made: list[Path] = []

    def make(size: int) -> Disk:
        folder = tmp_path / f"disk{len(made)}"
        folder.mkdir()
        if os.geteuid() or not _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)):
            pytest.skip("only root may mount a small disk, and not everywhere")
        made.append(folder)
        return Disk(folder)

    yield make
    for folder in made:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607


def _mount(*arguments: str) -> bool:
    done = subprocess.run(["mount", *arguments], check=False, capture_output=True)  # noqa: S607
    return done.returncode == 0
