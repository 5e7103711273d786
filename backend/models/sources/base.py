"""What a source of models has to offer, and the helper for sources that end in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from ...errors import InputError
from ...registry import Registry
from ...runs.model import ModelSpec
from ..language import LanguageModel
from ..load import Checkpoint, expected_bytes, open_model, open_tokenizer, read_context
from ..tokenizer import TextTokenizer


class ModelSource(Protocol):
    """One way to get a model from the name a reader typed.

    Attributes:
        has_revisions: whether ``spec.revision`` means something here.
        place: among all sources; lower ones are asked first whether they accept a name.
    """

    has_revisions: ClassVar[bool]
    place: ClassVar[int]

    def accepts(self, name: str) -> bool:
        """Tell whether ``name`` is written in the way of this source; looks at no network."""
        ...

    def load_model(self, spec: ModelSpec) -> LanguageModel:
        """Return the model, ready to run; raise ``ModelError`` with the reason otherwise."""
        ...

    def load_tokenizer(self, spec: ModelSpec) -> TextTokenizer:
        """Return the model's tokenizer without loading weights."""
        ...

    def is_here(self, spec: ModelSpec) -> bool:
        """Tell whether tokenizer and context can be read without a network; does not use one."""
        ...

    def context(self, spec: ModelSpec) -> int | None:
        """Return how many tokens the model reads, without loading weights; None: no fixed limit."""
        ...

    def weight_bytes(self, spec: ModelSpec) -> int:
        """Return the bytes the weights will take in memory, without loading them."""
        ...


SOURCES: Registry[ModelSource] = Registry("model source")
"""Asked in the order of their ``place``; the first that accepts the name serves it."""


@dataclass(frozen=True)
class FolderSource:
    """Base of the sources that end in a folder of safetensors and tokenizer files."""

    has_revisions: ClassVar[bool] = False
    place: ClassVar[int] = 50

    def locate(self, spec: ModelSpec, *, weights: bool) -> Checkpoint:
        """Return where the files are, fetching or converting what is missing.

        Args:
            spec: what was asked for.
            weights: False when only the tokenizer and the configuration are needed.
        """
        raise NotImplementedError

    def load_model(self, spec: ModelSpec) -> LanguageModel:
        return open_model(self.locate(spec, weights=True), spec)

    def load_tokenizer(self, spec: ModelSpec) -> TextTokenizer:
        return open_tokenizer(self.locate(spec, weights=False))

    def is_here(self, spec: ModelSpec) -> bool:
        return True

    def context(self, spec: ModelSpec) -> int | None:
        return read_context(self.locate(spec, weights=False))

    def weight_bytes(self, spec: ModelSpec) -> int:
        return expected_bytes(self.locate(spec, weights=False), spec)


def source_for(spec: ModelSpec) -> ModelSource:
    """Return the source that serves ``spec``.

    Raises:
        InputError: no source accepts such a name, or not with a revision.
    """
    source = source_of(spec.source)
    if spec.revision is not None and not source.has_revisions:
        raise InputError(
            f"{spec.source!r} has no revisions; only models of the hub do. "
            f"Leave out the revision {spec.revision!r}."
        )
    return source


def source_of(name: str) -> ModelSource:
    """Return the source that serves ``name``.

    Raises:
        InputError: no source accepts such a name.
    """
    for source in sorted((SOURCES[key] for key in SOURCES), key=lambda each: each.place):
        if source.accepts(name):
            return source
    raise InputError(
        f"{name!r} is not a model. Give 'bundled', a hub id such as 'owner/name', "
        "a folder, or the path of a .gguf file."
    )


def as_path(name: str) -> Path:
    """Return ``name`` as a path, ``~`` expanded."""
    return Path(name).expanduser()
