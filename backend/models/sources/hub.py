"""A model of the Hugging Face hub, by id and revision."""

from __future__ import annotations

import re

from backend.errors import ModelError
from backend.models.checks import check_files, read_config
from backend.models.load import Checkpoint
from backend.models.sources.base import SOURCES, FolderSource
from backend.runs.model import ModelSpec

_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_SMALL_FILES = ["*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken"]


class HubSource(FolderSource):
    """Downloads into the hub's own cache; what is there already works without a network."""

    def accepts(self, name: str) -> bool:
        return _ID.fullmatch(name) is not None

    def locate(self, spec: ModelSpec, *, weights: bool) -> Checkpoint:
        raise ModelError("not yet")


SOURCES.register("hub")(HubSource())
