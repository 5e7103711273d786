"""A folder on this machine with ``config.json``, safetensors and tokenizer files."""

from __future__ import annotations

from ...errors import ModelError
from ...runs.model import ModelSpec
from ..checks import check_files
from ..load import Checkpoint
from .base import SOURCES, FolderSource, as_path


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
        if not (path / "config.json").is_file():
            raise ModelError(f"{path} has no config.json, so it does not hold a model.")
        check_files(str(path), [file.name for file in path.iterdir()])
        return Checkpoint(folder=path, name=path.resolve().name)


SOURCES.register("folder")(LocalFolderSource())
