"""A model of the Hugging Face hub, by id and revision."""

from __future__ import annotations

import re
from pathlib import Path

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from ...errors import EntroscopeError, ModelError
from ...runs.model import ModelSpec
from ..bars import download_bar
from ..checks import check_files, read_config
from ..load import Checkpoint
from ..loading import stage
from .base import SOURCES, FolderSource

_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_SMALL_FILES = ["*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken"]
_TOKENIZER_FILES = {"tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "tekken.json"}
# Folders hold other formats (onnx, original); Mistral's consolidated file is a second copy.
_OTHER_FILES = ["*/*", "consolidated*"]


class HubSource(FolderSource):
    """Downloads into the hub's own cache; what is there already works without a network."""

    has_revisions = True
    place = 100  # almost any word could be a hub id

    def accepts(self, name: str) -> bool:
        return _ID.fullmatch(name) is not None

    def locate(self, spec: ModelSpec, *, weights: bool) -> Checkpoint:
        stage(f"Asking the hub for {spec.source} …")
        # The configuration comes first: a model that is refused is not downloaded. A tokenizer
        # that is here already is not asked for again.
        folder = (None if weights else _small_files_here(spec)) or _download(spec, _SMALL_FILES)
        read_config(spec.source, folder / "config.json")
        if weights:
            check_files(spec.source, _all_files(spec, folder))
            folder = _download(spec, [*_SMALL_FILES, "*.safetensors"])
        # The hub's cache calls the folder of a snapshot by its commit.
        return Checkpoint(folder=folder, name=spec.source, revision=folder.name)

    def is_here(self, spec: ModelSpec) -> bool:
        return _small_files_here(spec) is not None


def _small_files_here(spec: ModelSpec) -> Path | None:
    """Return the folder with configuration and tokenizer if it is in the hub's cache."""
    try:
        folder = _fetch(spec, _SMALL_FILES, here=True)
    except (LocalEntryNotFoundError, HFValidationError, OSError, ValueError):
        return None
    files = {each.name for each in folder.iterdir()}
    return folder if "config.json" in files and files & _TOKENIZER_FILES else None


def _download(spec: ModelSpec, patterns: list[str]) -> Path:
    try:
        return _fetch(spec, patterns)
    except EntroscopeError:
        raise
    except Exception as error:
        raise ModelError(_reason(spec, error)) from error


def _fetch(spec: ModelSpec, patterns: list[str], *, here: bool = False) -> Path:
    """Return the folder of a snapshot; with ``here``, without asking the network."""
    return Path(
        snapshot_download(
            spec.source,
            revision=spec.revision,
            allow_patterns=patterns,
            ignore_patterns=_OTHER_FILES,
            local_files_only=here,
            tqdm_class=download_bar(spec.source),
        )
    )


def _all_files(spec: ModelSpec, folder: Path) -> list[str]:
    here = [file.name for file in folder.iterdir()]
    if any(name.endswith(".safetensors") for name in here):
        return here
    try:
        return HfApi().list_repo_files(spec.source, revision=folder.name)
    except Exception as error:
        raise ModelError(_unreachable(spec)) from error


def _reason(spec: ModelSpec, error: Exception) -> str:
    if isinstance(error, GatedRepoError):
        return f"{spec.source} asks for an agreement: accept it on the hub, then `hf auth login`."
    if isinstance(error, RepositoryNotFoundError):
        return f"The hub has no model {spec.source!r}, or it is private. Check the id, or log in."
    if isinstance(error, RevisionNotFoundError):
        return f"{spec.source} has no revision {spec.revision!r}."
    if isinstance(error, HFValidationError):
        return f"{spec.source!r} is not a hub id; those look like 'owner/name'."
    if isinstance(error, LocalEntryNotFoundError):
        return _unreachable(spec)
    return f"{spec.source} could not be downloaded: {error}"


def _unreachable(spec: ModelSpec) -> str:
    return (
        f"{spec.source} is not on this machine and the hub cannot be reached. "
        "Check the network, or use 'bundled', a folder or a .gguf file."
    )


SOURCES.register("hub")(HubSource())
