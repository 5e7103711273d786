"""Where models come from; a file in this folder that declares a source is found by itself."""

from ...registry import import_all
from .base import SOURCES, FolderSource, ModelSource, source_for, source_of

__all__ = ["SOURCES", "FolderSource", "ModelSource", "source_for", "source_of"]

import_all(__name__, __path__)
