"""GGUF files, converted once to safetensors: seconds to read become tenths of a second."""

from __future__ import annotations

import hashlib
import json
import struct
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import version
from math import prod
from pathlib import Path
from typing import Any

import torch
from transformers.integrations.gguf.dequant import GGML_NAME
from transformers.integrations.gguf.reader import GgufHeader, read_gguf_metadata

from ..errors import EntroscopeError, ModelError
from ..runs.model import ModelSpec
from ..settings import settings
from .bars import telling
from .cache import cached_folder
from .checks import check_nothing_missing
from .gguf_tokenizer import gguf_tokenizer
from .load import Checkpoint
from .loading import building, stage
from .memory import check_room, loading_memory
from .placement import dtype_name, resolve_device, resolve_dtype

CONVERSION = 1
"""Raise when converting the same file would give something else than before."""

_CPU = torch.device("cpu")
_ABOUT = "conversion.json"


def converted(path: Path, *, name: str, weights: bool) -> Checkpoint:
    """Return the converted form of the GGUF file at ``path``.

    Tokenizer and weights are two folders in the cache, so that a token counter need not wait
    for the weights. Their names hold a hash of the file's content and the versions that
    converted it.

    Args:
        path: of the file.
        name: of the model, for people.
        weights: False when only the tokenizer is needed.

    Raises:
        ModelError: it is no GGUF file, cut short, of an unknown kind, or the cache is not writable.
    """
    folder = settings().cache_dir / "models" / f"{path.stem}-{_key(path)}"
    tokenizer = _cached(folder / "tokenizer", path, _convert_tokenizer)
    if not weights:
        return Checkpoint(folder=tokenizer, name=name, tokenizer=tokenizer)
    model = _cached(folder / "model", path, _convert_weights)
    about = json.loads((model / _ABOUT).read_text(encoding="utf-8"))
    return Checkpoint(folder=model, name=name, weights=about["weights"], tokenizer=tokenizer)


def gguf_context(path: Path) -> int | None:
    """Return how many tokens the model of a GGUF file reads, None where the file does not say.

    Raises:
        ModelError: it is no GGUF file, or cut short.
    """
    architecture = _whole_header(path).architecture
    length = read_gguf_metadata(str(path))[0].get(f"{architecture}.context_length")
    return None if length is None else int(length)


def _cached(folder: Path, path: Path, convert: Callable[[Path, Path], None]) -> Path:
    try:
        return cached_folder(folder, lambda part: convert(path, part))
    except OSError as error:
        raise ModelError(
            f"The converted model cannot be kept in {folder.parent}: {error}. "
            "Set ENTROSCOPE_CACHE_DIR to another folder."
        ) from error


def _convert_tokenizer(path: Path, folder: Path) -> None:
    _whole_header(path)
    stage(f"Converting the tokenizer of {path.name} …")
    gguf_tokenizer(path).save_pretrained(folder)


def _convert_weights(path: Path, folder: Path) -> None:
    from transformers import AutoModelForCausalLM, GgufConfig

    header = _whole_header(path)
    dtype = header.dtype or torch.float32  # no smaller type holds dequantised numbers exactly
    numbers = sum(prod(each.shape) for each in header.tensors)
    check_room(path.name, numbers * dtype.itemsize, [_CPU])
    try:
        task = f"Converting {path.name}"
        with building(), telling(task), loading_memory(task, [_CPU]):
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                path.parent,
                gguf_file=path.name,
                dtype=dtype,
                quantization_config=GgufConfig(dequantize=True),
                output_loading_info=True,
            )
            model, report = loaded
            check_nothing_missing(path.name, report["missing_keys"])
            model.save_pretrained(folder)
    except EntroscopeError:
        raise
    except Exception as error:
        raise ModelError(f"{path.name} cannot be converted: {error}") from error
    weights = f"{_stored_type(header)} GGUF"
    if header.dtype is None:
        weights += f", dequantised to {dtype_name(dtype)}"
    (folder / _ABOUT).write_text(json.dumps({"weights": weights}), encoding="utf-8")


def gguf_bytes(path: Path, spec: ModelSpec) -> int:
    """Return the bytes the weights of the GGUF file at ``path`` take once converted."""
    dtype = resolve_dtype(spec.dtype, resolve_device(spec.device))
    return sum(prod(each.shape) for each in _whole_header(path).tensors) * dtype.itemsize


def _whole_header(path: Path) -> GgufHeader:
    """Return the header of a file that is all there.

    Raises:
        ModelError: not a GGUF file, one that cannot be read, or one that ends too early.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ModelError(f"{path.name} is not a GGUF file.")
    try:
        header = GgufHeader.from_file(str(path))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ModelError(
            f"{path.name} is cut short or damaged: its header cannot be read."
        ) from error
    except (ValueError, KeyError) as error:
        raise ModelError(f"{path.name} cannot be read: {error}") from error
    needed = header.data_start + max(
        (each.offset + each.nbytes for each in header.tensors), default=0
    )
    if size < needed:
        raise ModelError(
            f"{path.name} is cut short: {size:,} of {needed:,} bytes are there. Download it again."
        )
    return header


def _stored_type(header: GgufHeader) -> str:
    """Return the type that most bytes are stored in, such as "Q4_1"."""
    bytes_by_type: Counter[int] = Counter()
    for each in header.tensors:
        bytes_by_type[each.ggml_type] += each.nbytes
    most = bytes_by_type.most_common(1)[0][0] if bytes_by_type else 0
    names = {0: "F32", 1: "F16", 30: "BF16"} | GGML_NAME
    return names[most].upper()


def _key(path: Path) -> str:
    stat = path.stat()
    content = _content_hash(path, stat.st_size, stat.st_mtime_ns)
    return f"{content[:16]}-v{CONVERSION}-{version('transformers')}"


@lru_cache(maxsize=64)
def _content_hash(path: Path, size: int, modified: int) -> str:
    stage(f"Reading {path.name} …")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
