"""Runs on disk: one ``.safetensors`` file, arrays as tensors, the rest as JSON in its metadata.

A file is judged before anything of it is trusted: sizes against limits, then the header, then the
declared arrays (``arrays.py``), then what the run type promises (``Run.check``).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ..errors import RunFileError
from ..runs.arrays import array_specs
from ..runs.asking import request_type
from ..runs.base import RUN_KINDS, Request, Run
from ..runs.header import MAX_NOTE, MAX_TITLE, cut
from ..runs.plain import plain
from .atomic import write_atomically
from .migrations import SCHEMA_VERSION, migrate
from .strict_json import parse

MAX_RUN_BYTES = 1_000_000_000
# Parsed JSON takes up to twenty times its size.
MAX_HEADER_BYTES = 24_000_000
MAX_ARRAYS = 1_000

_OWN_START = '{"__metadata__":{"entroscope":"'

_DAMAGE = (SafetensorError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class Heading:
    """What the header of a run file says: all of a run that a list shows."""

    kind: str
    title: str
    note: str
    request: Request


def save_run(run: Run, path: Path) -> Path:
    """Write ``run`` to ``path``; readers see the old file or the whole new one, never a part.

    Raises:
        RunFileError: it is too large to be read again.
    """
    write_atomically(path, dump_run(run))
    return path


def load_run(path: str | Path) -> Run:
    """Read a run file.

    Raises:
        RunFileError: the file is missing, damaged, too large, not a run, or from a newer version.
    """
    path = Path(path)
    try:
        _check_size(path.stat().st_size, path.name)
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise RunFileError(f"There is no run file at {path}.") from error
    except OSError as error:
        raise RunFileError(f"{path.name} cannot be read: {error.strerror}.") from error
    return parse_run(data, path.name)


def read_heading(path: Path) -> Heading:
    """Return what the header of a run file says, without reading its arrays.

    Raises:
        RunFileError: as ``load_run``, as far as the header shows it.
    """
    try:
        with path.open("rb") as file:
            start = file.read(8)
            size = int.from_bytes(start, "little")
            data = start + file.read(min(size, MAX_HEADER_BYTES))
        header = _cut_names(migrate(_own_header(data), path.name))
        kind, plain = header["kind"], header["fields"]
        request = adapter(request_type(kind)).validate_python(plain["request"])
        return Heading(kind, str(plain["title"]), str(plain["note"]), request)
    except RunFileError:
        raise
    except OSError as error:
        raise RunFileError(f"{path.name} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise _refusal(error, path.name) from error
    except (*_DAMAGE, RecursionError) as error:
        raise _damaged(path.name) from error


def dump_run(run: Run) -> bytes:
    """Return the content of the run's file.

    Raises:
        RunFileError: it could not be read again: too large, or with text or numbers that cannot be
            written.
    """
    name = run.title or f"This {run.kind} run"
    header = {"schema": SCHEMA_VERSION, "kind": run.kind, "fields": plain_fields(run)}
    try:
        written = json.dumps(header, ensure_ascii=False, allow_nan=False)
        size = len(written.encode())
    except UnicodeEncodeError as error:
        raise RunFileError(
            f"{name} has text with half of a character (a lone surrogate); no file can hold it."
        ) from error
    except ValueError as error:
        raise RunFileError(f"{name} has a number that is not finite among its facts.") from error
    if 2 * size > MAX_HEADER_BYTES:  # quotes are escaped once more inside the file
        raise RunFileError(f"{name} holds {size:,} bytes of text, too many for a run file.")
    _check_size(run.nbytes + size, name)
    arrays = {key: np.asarray(value, order="C") for key, value in run.arrays().items()}
    return save(arrays, metadata={"entroscope": written})


def parse_run(data: bytes, name: str) -> Run:
    """Read the content of a run file, for example an upload called ``name``.

    Raises:
        RunFileError: damaged, too large, not a run, or from a newer version.
    """
    _check_size(len(data), name)
    try:
        header = _cut_names(migrate(_header(data), name))
        run = _build(header, load(data))
        run.check()
    except RunFileError:
        raise
    except ValidationError as error:
        raise _refusal(error, name) from error
    except (*_DAMAGE, RecursionError) as error:
        raise _damaged(name) from error
    return run


def _damaged(name: str) -> RunFileError:
    return RunFileError(f"{name} is not an Entroscope run, or it is damaged.")


def _refusal(error: ValidationError, name: str) -> RunFileError:
    """Return what to say of fields that a run of this version cannot have."""
    if all(each["type"] == "unexpected_keyword_argument" for each in error.errors()):
        field = ".".join(map(str, error.errors()[0]["loc"]))
        return RunFileError(
            f"{name} was written by a newer version of Entroscope; update it. "
            f"(This version knows no {field!r}.)"
        )
    return _damaged(name)


def content_id(run: Run) -> str:
    """Return a hash of everything in the run except title and note, 16 hex digits."""
    return _digest(run, without=("title", "note"))[:16]


def content_name(value: Run | np.ndarray, form: int) -> str:
    """Return the name under which a browser may keep what it is sent of ``value``, 32 hex digits.

    It is a hash of everything in the run, or in the array, and of the ``form`` in which it is
    sent: raise that when the same run is sent in another one.
    """
    content = _digest(value) if isinstance(value, Run) else _array_digest(value)
    return hashlib.sha256(f"{content} {form}".encode()).hexdigest()[:32]


def _digest(run: Run, without: tuple[str, ...] = ()) -> str:
    kept = {key: value for key, value in plain_fields(run).items() if key not in without}
    digest = hashlib.sha256(json.dumps([run.kind, kept], sort_keys=True).encode())
    for name, value in sorted(run.arrays().items()):
        _add_array(digest, name, value)
    return digest.hexdigest()


def _array_digest(value: np.ndarray) -> str:
    digest = hashlib.sha256()
    _add_array(digest, "array", value)
    return digest.hexdigest()


def _add_array(digest: Any, name: str, value: np.ndarray) -> None:
    digest.update(f"{name} {value.dtype} {value.shape} ".encode())
    digest.update(np.ascontiguousarray(value).data)


def plain_fields(run: Run) -> dict[str, Any]:
    """Return everything but the arrays, ready for JSON."""
    arrays = array_specs(run)
    return {name: value for name, value in plain(run).items() if name not in arrays}


@cache
def adapter(run_type: type) -> TypeAdapter[Any]:
    """Return what checks the plain fields of ``run_type``."""
    return TypeAdapter(run_type)


def _header(data: bytes) -> dict[str, Any]:
    """Return the metadata of a safetensors file, read without its arrays."""
    size = int.from_bytes(data[:8], "little")
    if size > MAX_HEADER_BYTES or size > len(data):
        raise ValueError("the header is larger than it may be")
    outer = parse(data[8 : 8 + size])
    if len(outer) > MAX_ARRAYS:
        raise ValueError("there are more arrays than there may be")
    return parse(outer["__metadata__"]["entroscope"])


def _cut_names(header: dict[str, Any]) -> dict[str, Any]:
    """Cut what lists show: a file may be anybody's."""
    plain = header["fields"]
    names = {"title": cut(plain["title"], MAX_TITLE), "note": cut(plain["note"], MAX_NOTE)}
    return {**header, "fields": {**plain, **names}}


def _own_header(data: bytes) -> dict[str, Any]:
    """Return the metadata of a file as ``save`` writes it, without a look at its other entries."""
    text = data[8:].decode()
    if not text.startswith(_OWN_START):
        return _header(data)
    written = json.JSONDecoder().raw_decode(text, len(_OWN_START) - 1)[0]
    return parse(written.encode())  # half of a character is refused here


def _build(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    run_type = RUN_KINDS[header["kind"]]
    plain, declared = header["fields"], array_specs(run_type)
    given: dict[str, Any] = {}
    for name, value in sorted(arrays.items()):  # files keep no order
        field, _, key = name.partition("/")
        if field in declared and field in plain:
            raise ValueError(f"{name} is there twice")
        if key:
            given.setdefault(field, {})[key] = value
        else:
            given[field] = value
    return adapter(run_type).validate_python({**plain, **given})


def _check_size(size: int, name: str) -> None:
    if size > MAX_RUN_BYTES:
        raise RunFileError(f"{name} has {size:,} bytes; a run file has at most {MAX_RUN_BYTES:,}.")
