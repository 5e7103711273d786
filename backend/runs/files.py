"""Runs on disk: one ``.safetensors`` file, arrays as tensors, the rest as JSON in its metadata."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from backend.errors import RunFileError
from backend.runs.base import RUN_KINDS, Run

SCHEMA_VERSION = 1


def save_run(run: Run, path: Path) -> Path:
    """Write ``run`` to ``path``; readers see the old file or the whole new one, never a part."""
    arrays = {name: np.ascontiguousarray(array) for name, array in run.arrays().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        save_file(arrays, part, metadata={"entroscope": json.dumps(_header(run))})
        with Path(part).open("rb+") as file:
            os.fsync(file.fileno())
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)
    return path


def load_run(path: str | Path) -> Run:
    """Read a run file.

    Raises:
        RunFileError: the file is missing, damaged, not a run, or from a newer version.
    """
    path = Path(path)
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {})["entroscope"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise RunFileError(f"There is no run file at {path}.") from error
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise RunFileError(f"{path.name} is not an Entroscope run, or it is damaged.") from error
    return _build(header, arrays, path.name)


def _header(run: Run) -> dict[str, Any]:
    plain = {
        field.name: getattr(run, field.name)
        for field in fields(run)
        if not isinstance(getattr(run, field.name), np.ndarray)
    }
    plain["request"], plain["model"] = asdict(run.request), asdict(run.model)
    return {"schema": SCHEMA_VERSION, "kind": run.kind, "fields": plain}


def _build(header: Any, arrays: dict[str, np.ndarray], name: str) -> Run:
    try:
        if header["schema"] > SCHEMA_VERSION:
            raise RunFileError(f"{name} was written by a newer version of Entroscope; update it.")
        adapter = TypeAdapter(RUN_KINDS[header["kind"]])
        return adapter.validate_python({**header["fields"], **arrays})
    except RunFileError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise RunFileError(f"{name} is not an Entroscope run, or it is damaged.") from error
