"""A folder on this machine: ``config.json``, safetensors and tokenizer files, or an adapter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...errors import InputError, ModelError
from ...runs.model import ModelSpec
from ..adapter import Adapter, holds_adapter, read_adapter
from ..checks import check_files
from ..load import Checkpoint, has_vocabulary
from .base import SOURCES, FolderSource, as_path, source_of


class LocalFolderSource(FolderSource):
    """Serves paths: anything that is a folder, or is written like one."""

    place = 20

    def accepts(self, name: str) -> bool:
        written_as_path = name.startswith((".", "/", "~", "\\")) or ":\\" in name
        return written_as_path or (name != "" and as_path(name).is_dir())

    def locate(self, spec: ModelSpec, *, weights: bool) -> Checkpoint:
        path = as_path(spec.source)
        if not path.is_dir():
            raise ModelError(f"There is no folder at {path}.")
        if holds_adapter(path):
            return _on_its_base(path, spec, weights=weights)
        if not (path / "config.json").is_file():
            raise ModelError(f"{path} has no config.json, so it does not hold a model.")
        check_files(str(path), [file.name for file in path.iterdir()])
        return Checkpoint(folder=path, name=path.resolve().name)

    def is_here(self, spec: ModelSpec) -> bool:
        path = as_path(spec.source)
        if not holds_adapter(path):
            return True
        _, base = _base_of(read_adapter(path), spec)
        return source_of(base.source).is_here(base)


def _on_its_base(path: Path, spec: ModelSpec, *, weights: bool) -> Checkpoint:
    """Return the files of the base, with the adapter in ``path`` and the tokenizer it brings."""
    adapter = read_adapter(path)
    source, base = _base_of(adapter, spec)
    checkpoint = source.locate(base, weights=weights)
    if checkpoint.adapter is not None:
        raise ModelError(f"{adapter.name} adapts {checkpoint.name}, which is an adapter itself.")
    return replace(
        checkpoint,
        name=adapter.name,
        revision=None,
        weights=f"{checkpoint.weights} of {checkpoint.name}, LoRA added",
        tokenizer=path if has_vocabulary(path) else checkpoint.tokenizer,
        adapter=adapter,
    )


def _base_of(adapter: Adapter, spec: ModelSpec) -> tuple[FolderSource, ModelSpec]:
    """Return the base of an adapter, on the device and in the number type wanted.

    Raises:
        ModelError: it is named in no known way.
    """
    try:
        source = source_of(adapter.base)
    except InputError as error:
        raise ModelError(f"{adapter.name} does not name its base: {adapter.base!r}.") from error
    if not isinstance(source, FolderSource):
        raise ModelError(f"{adapter.name} adapts {adapter.base!r}, which has no files here.")
    revision = adapter.revision if source.has_revisions else None
    return source, replace(spec, source=adapter.base, revision=revision)


SOURCES.register("folder")(LocalFolderSource())
