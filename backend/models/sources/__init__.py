"""Where models come from. The order of these imports is the order in which sources are asked."""

from . import bundled, gguf, folder, hub  # noqa: F401, I001
from .base import SOURCES, FolderSource, ModelSource, source_for, source_of

__all__ = ["SOURCES", "FolderSource", "ModelSource", "source_for", "source_of"]
