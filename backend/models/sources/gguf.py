"""A ``.gguf`` file on this machine."""

from __future__ import annotations

from pathlib import Path

from ...errors import ModelError
from ...runs.model import ModelSpec
from ..gguf_convert import converted, gguf_bytes, gguf_context
from ..load import Checkpoint
from .base import SOURCES, FolderSource, as_path


class GgufSource(FolderSource):
    """Converts the file once to safetensors, kept in the cache folder."""

    place = 10

    def accepts(self, name: str) -> bool:
        return name.lower().endswith(".gguf")

    def locate(self, spec: ModelSpec, *, weights: bool) -> Checkpoint:
        path = _file(spec)
        return converted(path, name=path.stem, weights=weights)

    def context(self, spec: ModelSpec) -> int | None:
        return gguf_context(_file(spec))

    def weight_bytes(self, spec: ModelSpec) -> int:
        return gguf_bytes(_file(spec), spec)


def _file(spec: ModelSpec) -> Path:
    path = as_path(spec.source)
    if not path.is_file():
        raise ModelError(f"There is no GGUF file at {path}.")
    return path


SOURCES.register("gguf")(GgufSource())
