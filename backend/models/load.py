"""From a folder of checked files to a model that runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from ..errors import EntroscopeError, ModelError
from ..runs.model import ModelSpec
from .adapter import Adapter, add_adapter
from .bars import telling
from .body import family_failures
from .checks import check_nothing_missing, read_config
from .facts import context_of, describe
from .head import check_head
from .language import LanguageModel
from .loading import building
from .memory import check_room, loading_memory
from .placement import device_map, devices_of, resolve_device, resolve_dtype
from .self_test import note_decoding
from .tokenizer import TextTokenizer

# Without one of them transformers would make up an empty tokenizer.
_VOCABULARIES = ("*.model", "*.tiktoken", "vocab.json", "vocab.txt", "tekken.json")


@dataclass(frozen=True)
class Checkpoint:
    """A folder that transformers can read.

    Attributes:
        folder: ``config.json`` and, when asked for, ``*.safetensors``.
        name: of the model, for people.
        revision: commit, where there is one.
        weights: how the weights are stored.
        tokenizer: folder of the tokenizer files; None means the same folder.
        adapter: added to the weights.
    """

    folder: Path
    name: str
    revision: str | None = None
    weights: str = "safetensors"
    tokenizer: Path | None = None
    adapter: Adapter | None = None


def open_model(checkpoint: Checkpoint, spec: ModelSpec) -> LanguageModel:
    """Load weights and tokenizer of ``checkpoint`` as ``spec`` wants them.

    Raises:
        ModelError: it cannot be loaded, with the reason.
    """
    read_config(checkpoint.name, checkpoint.folder / "config.json")
    device = resolve_device(spec.device)
    dtype = resolve_dtype(spec.dtype, device)
    tokenizer = open_tokenizer(checkpoint)
    where = device_map(spec.device, device)
    check_room(checkpoint.name, weight_bytes(checkpoint.folder, dtype), devices_of(where))
    torch_model = _load(checkpoint, dtype, where)
    if checkpoint.adapter is not None:
        add_adapter(torch_model, checkpoint.adapter)
    with family_failures(checkpoint.name):
        check_head(torch_model, checkpoint.name)
        facts = describe(
            torch_model,
            tokenizer,
            spec,
            name=checkpoint.name,
            revision=checkpoint.revision,
            weights=checkpoint.weights,
        )
        model = LanguageModel(torch_model, tokenizer, spec, facts)
    note_decoding(model)
    return model


def open_tokenizer(checkpoint: Checkpoint) -> TextTokenizer:
    """Load the tokenizer of ``checkpoint``.

    Raises:
        ModelError: it is missing, damaged, or of a kind that cannot say which characters a
            token stands for.
    """
    folder = checkpoint.tokenizer or checkpoint.folder
    try:
        backend = _read_tokenizer(folder)
    except Exception as error:
        raise ModelError(f"The tokenizer of {checkpoint.name} cannot be read: {error}") from error
    return TextTokenizer(backend, checkpoint.name)


def read_context(checkpoint: Checkpoint) -> int | None:
    """Return how many tokens the model of ``checkpoint`` reads, None where nothing limits it.

    Raises:
        ModelError: its configuration cannot be read.
    """
    read_config(checkpoint.name, checkpoint.folder / "config.json")
    try:
        config = AutoConfig.from_pretrained(checkpoint.folder, trust_remote_code=False)
    except Exception as error:  # a configuration class checks what it likes
        raise ModelError(f"{checkpoint.name} cannot be read: {error}") from error
    return context_of(config.get_text_config(decoder=True))


def expected_bytes(checkpoint: Checkpoint, spec: ModelSpec) -> int:
    """Return the bytes the weights will take, from the configuration alone.

    Raises:
        ModelError: it cannot be read.
    """
    read_config(checkpoint.name, checkpoint.folder / "config.json")
    dtype = resolve_dtype(spec.dtype, resolve_device(spec.device))
    try:
        config = AutoConfig.from_pretrained(checkpoint.folder, trust_remote_code=False)
        with building(), torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    except Exception as error:
        raise ModelError(f"{checkpoint.name} cannot be read: {error}") from error
    return sum(each.numel() for each in model.parameters()) * dtype.itemsize


def _read_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer, TokenizersBackend

    # tokenizer.json is the tokenizer; the class a checkpoint names may rebuild it differently
    # (GPT2Tokenizer, which SmolLM2 names, forgets that digits are split one by one).
    if (folder / "tokenizer.json").is_file():
        return TokenizersBackend.from_pretrained(folder)
    if not has_vocabulary(folder):
        raise ModelError("there is no tokenizer.json and no other vocabulary file.")
    return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)


def has_vocabulary(folder: Path) -> bool:
    """Tell whether a folder holds the files of a tokenizer."""
    names = ("tokenizer.json", *_VOCABULARIES)
    return any(next(folder.glob(each), None) for each in names)


def _load(
    checkpoint: Checkpoint, dtype: torch.dtype, where: str | dict[str, torch.device]
) -> PreTrainedModel:
    try:
        memory = loading_memory(f"Loading {checkpoint.name}", devices_of(where))
        with building(), telling(f"Loading {checkpoint.name}"), memory:
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                checkpoint.folder,
                dtype=dtype,
                device_map=where,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except EntroscopeError:
        raise
    except Exception as error:  # transformers raises whatever its dozens of loaders raise
        raise ModelError(f"{checkpoint.name} cannot be loaded: {error}") from error
    model, report = loaded
    check_nothing_missing(checkpoint.name, report["missing_keys"])
    return model


def weight_bytes(folder: Path, dtype: torch.dtype) -> int:
    """Return the bytes the weights take in ``dtype``, from the headers of the files.

    Raises:
        ModelError: a file is damaged or missing.
    """
    total = 0
    for file in _weight_files(folder):
        for entry in _header(file).values():
            numbers = 1
            for size in entry.get("shape", [0]):
                numbers *= size
            total += numbers * dtype.itemsize
    return total


def _weight_files(folder: Path) -> list[Path]:
    """Return the files transformers reads; others beside them are copies in another form."""
    whole, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if whole.is_file() or not index.is_file():
        return [whole] if whole.is_file() else sorted(folder.glob("*.safetensors"))
    try:
        named = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
        return [folder / name for name in sorted(set(named))]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{index.name} is damaged: {error}") from error


def _header(file: Path) -> dict[str, dict]:
    try:
        with file.open("rb") as handle:
            header = json.loads(handle.read(int.from_bytes(handle.read(8), "little")))
    except (OSError, ValueError, OverflowError, MemoryError) as error:
        raise ModelError(f"{file.name} is damaged: {error}") from error
    if not isinstance(header, dict):
        raise ModelError(f"{file.name} is damaged.")
    header.pop("__metadata__", None)
    return header
