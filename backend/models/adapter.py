"""A LoRA adapter of PEFT, added to the weights of its base.

The sum W + s·B·A is what PEFT's own layers compute, so that nothing of PEFT has to be installed and
every study sees an ordinary model. It is formed in float32 and rounded once to the type of W.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from ..errors import ModelError

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_PREFIX = "base_model.model."
_PLAIN = re.compile(r"[\w.^]+")  # of patterns: others could take for ever to match
_PART = re.compile(r"(.+)\.lora_(A|B|embedding_A|embedding_B)(?:\.weight)?")

# What says how the adapter was trained or where it goes, and changes no sum.
_HARMLESS = {
    *("auto_mapping", "base_model_name_or_path", "bias", "eva_config", "exclude_modules"),
    *("fan_in_fan_out", "inference_mode", "layers_pattern", "layers_to_transform", "lora_dropout"),
    *("megatron_core", "modules_to_save", "peft_type", "peft_version", "qalora_group_size"),
    *("revision", "runtime_config", "target_modules", "task_type"),
}
_UNDERSTOOD = {"r", "lora_alpha", "rank_pattern", "alpha_pattern", "use_rslora"}
# Ways to begin that leave the base as it is; PiSSA, OLoRA and others change it.
_BEGINNINGS = (True, False, None, "gaussian", "orthogonal", "eva")


@dataclass(frozen=True)
class Adapter:
    """A LoRA adapter in a folder.

    Attributes:
        name: for people.
        base: how the base is named: a hub id or a folder.
        revision: of the base, where the adapter says one.
    """

    folder: Path
    name: str
    base: str
    revision: str | None
    config: Mapping[str, Any]


def holds_adapter(folder: Path) -> bool:
    """Tell whether a folder has an adapter."""
    return (folder / CONFIG).is_file()


def read_adapter(folder: Path) -> Adapter:
    """Return the adapter of a folder.

    Raises:
        ModelError: it is not one that can be added exactly, with the reason.
    """
    name = folder.resolve().name
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"The {CONFIG} of {name} cannot be read: {error}") from error
    if not isinstance(config, dict) or not isinstance(config.get("base_model_name_or_path"), str):
        raise ModelError(f"The {CONFIG} of {name} does not name the model that it adapts.")
    _check(name, config)
    if not (folder / WEIGHTS).is_file():
        pickles = any(folder.glob("adapter_model.bin"))
        raise ModelError(
            f"{name} has its adapter in a pickle file only, which can run any code when it is "
            "opened. Save it again with safe_serialization=True."
            if pickles
            else f"{name} has no {WEIGHTS}."
        )
    if any(each.name != WEIGHTS for each in folder.glob("*.safetensors")):
        raise ModelError(
            f"{name} holds an adapter and other weights beside it. Give each its own folder."
        )
    base = config["base_model_name_or_path"]
    beside = folder / base
    return Adapter(
        folder=folder,
        name=name,
        base=str(beside.resolve()) if base and beside.is_dir() else base,
        revision=config.get("revision"),
        config=config,
    )


def _check(name: str, config: Mapping[str, Any]) -> None:
    kind = str(config.get("peft_type", "")).upper()
    if kind != "LORA":
        raise ModelError(
            f"{name} is an adapter of the kind {kind or 'unknown'!r}. Only LoRA can be added to "
            "the weights of its base; merge this one with PEFT and save the whole model."
        )
    task = config.get("task_type")
    if task not in (None, "CAUSAL_LM"):
        raise ModelError(f"{name} is an adapter for {task!r}, not for predicting the next token.")
    beginning = config.get("init_lora_weights", True)
    if beginning not in _BEGINNINGS:
        raise ModelError(
            f"{name} was begun with {beginning!r}, which changes the base as well. Merge it with "
            "PEFT and save the whole model."
        )
    if not all(map(_PLAIN.fullmatch, config.get("alpha_pattern") or {})):
        raise ModelError(f"{name} names its parts by patterns. Merge it with PEFT first.")
    known = _HARMLESS | _UNDERSTOOD | {"init_lora_weights"}
    strange = sorted(each for each, value in config.items() if value and each not in known)
    if strange:
        raise ModelError(
            f"{name} uses {', '.join(strange)}, which is more than a sum of matrices. Merge it "
            "with PEFT and save the whole model."
        )


@torch.no_grad()
def add_adapter(model: PreTrainedModel, adapter: Adapter) -> None:
    """Add ``adapter`` to the weights of ``model``.

    A weight that two parts share is changed for the part that the adapter names only, as PEFT does.

    Raises:
        ModelError: the file is damaged, or does not fit this model.
    """
    try:
        stored = load_file(adapter.folder / WEIGHTS)
    except Exception as error:  # safetensors has an error type of its own
        raise ModelError(f"The {WEIGHTS} of {adapter.name} cannot be read: {error}") from error
    modules = dict(model.named_modules())
    pairs: dict[str, dict[str, Tensor]] = {}
    for name, value in stored.items():
        path = name.removeprefix(_PREFIX)
        found = _PART.fullmatch(path)
        if found:
            pairs.setdefault(found[1], {})[found[2][-1]] = value
        else:
            # An embedding that is adapted is kept whole too, as it is below the adapter.
            _replace(modules, path.replace(".base_layer.", "."), value, adapter)
    for path, pair in pairs.items():
        _add(modules, path, pair, adapter)


def _add(
    modules: Mapping[str, nn.Module], path: str, pair: Mapping[str, Tensor], adapter: Adapter
) -> None:
    module: Any = modules.get(path)
    weight = getattr(module, "weight", None)
    if weight is None or set(pair) != {"A", "B"}:
        raise ModelError(f"{adapter.name} does not fit {adapter.base}: there is no whole {path}.")
    a, b = (pair[name].to(weight.device, torch.float32) for name in ("A", "B"))
    if a.ndim != 2 or b.ndim != 2 or len(a) != b.shape[1]:
        raise ModelError(f"{adapter.name} is damaged: the matrices of {path} do not fit.")
    change = _scale(adapter.config, path, len(a)) * (b @ a)
    if isinstance(module, nn.Embedding | Conv1D):
        change = change.T
    if change.shape != weight.shape:
        raise ModelError(
            f"{adapter.name} does not fit {adapter.base}: {path} is {list(weight.shape)} there and "
            f"{list(change.shape)} in the adapter."
        )
    module.weight = nn.Parameter((weight.float() + change).to(weight.dtype), False)


def _replace(modules: Mapping[str, nn.Module], path: str, value: Tensor, adapter: Adapter) -> None:
    """Put a weight that the adapter keeps whole, such as a head that was trained too."""
    owner, _, name = path.rpartition(".")
    before = getattr(modules.get(owner), name, None)
    if not isinstance(before, nn.Parameter) or before.shape != value.shape:
        raise ModelError(
            f"{adapter.name} does not fit {adapter.base}: it keeps {path} {list(value.shape)}, "
            "which is not there or of another size. Merge it with PEFT and save the whole model."
        )
    setattr(modules[owner], name, nn.Parameter(value.to(before.device, before.dtype), False))


def _scale(config: Mapping[str, Any], path: str, rank: int) -> float:
    """Return what B·A is multiplied by; the rank itself is seen from the matrices."""
    alphas = config.get("alpha_pattern") or {}
    alpha = next((alphas[each] for each in _matching(alphas, path)), config.get("lora_alpha", 8))
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _matching(patterns: Mapping[str, Any], path: str) -> Iterator[str]:
    """Yield the patterns that name a module: its whole path, or the end of it."""
    for each in patterns:
        if re.match(rf"(.*\.)?({each})$", path):
            yield each
