"""Whether the files of a model are still those it was loaded from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from ..runs.base import Request
from ..runs.model import ModelSpec

Stamp = tuple[tuple[str, int, int], ...]
"""Names of files, sizes in bytes and times of change in nanoseconds."""


def stamp(spec: ModelSpec) -> Stamp:
    """Return sizes and times of the files of a folder or ``.gguf`` file; () for other sources.

    A model of the hub lies under its commit, and the bundled one changes with its installation.
    """
    if spec.source in ("", "bundled"):  # none at all, or what was installed with us
        return ()
    try:
        return tuple(sorted(_look(Path(spec.source).expanduser())))
    except (OSError, ValueError):  # gone, or not written like a path: loading it tells why
        return ()


def stamps(request: Request) -> tuple[Stamp, ...]:
    """Return the stamp of every model that a request names."""
    return tuple(
        stamp(spec) for each in fields(request) for spec in _specs(getattr(request, each.name))
    )


def _specs(value: object) -> Iterator[ModelSpec]:
    """Yield the models that a field of a request names, one by one or as a list."""
    for each in value if isinstance(value, tuple) else (value,):
        if isinstance(each, ModelSpec):
            yield each


def _look(path: Path) -> Iterator[tuple[str, int, int]]:
    for file in path.iterdir() if path.is_dir() else [path]:
        stat = file.stat()
        yield file.name, stat.st_size, stat.st_mtime_ns
        if file.name == "adapter_config.json":
            yield from _base(file)


def _base(config: Path) -> Iterator[tuple[str, int, int]]:
    """Yield the files of the folder that an adapter is added to, where it is one."""
    said = json.loads(config.read_text("utf-8"))
    base = said.get("base_model_name_or_path") if isinstance(said, dict) else None
    for folder in (config.parent / base, Path(base)) if isinstance(base, str) and base else ():
        if folder.is_dir() and not folder.samefile(config.parent):
            for file in folder.iterdir():
                stat = file.stat()
                yield f"base/{file.name}", stat.st_size, stat.st_mtime_ns
            return
