"""The names of models that were in the memory of another program when a run was made."""

from __future__ import annotations

from typing import NoReturn

from ...errors import ModelError
from ...runs.model import LIVE, ModelSpec
from ..load import Checkpoint
from .base import SOURCES, FolderSource


class LiveSource(FolderSource):
    """Says that such a model cannot be loaded by its name."""

    place = 5

    def accepts(self, name: str) -> bool:
        return name.startswith(LIVE)

    def locate(self, spec: ModelSpec, *, weights: bool) -> Checkpoint:
        self._refuse(spec)

    def is_here(self, spec: ModelSpec) -> bool:
        return False

    def _refuse(self, spec: ModelSpec) -> NoReturn:
        raise ModelError(
            f"{spec.source.removeprefix(LIVE)!r} was a model in the memory of the program that "
            "made this run, and cannot be loaded by its name. Load its checkpoint."
        )


SOURCES.register("live")(LiveSource())
