"""What Entroscope refuses to load, each with the reason and a remedy."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from ..errors import ModelError

_PICKLES = (".bin", ".pt", ".pth", ".ckpt")
_NOT_LEFT_TO_RIGHT = {"xlnet"}  # trained over permutations of the text


def check_files(name: str, files: Iterable[str]) -> None:
    """Refuse a checkpoint without safetensors.

    Args:
        name: of the model, for the message.
        files: names of all its files.

    Raises:
        ModelError: the weights are pickles, GGUF, or missing.
    """
    files = list(files)
    if any(file.endswith(".safetensors") for file in files):
        return
    if any(file.endswith(".gguf") for file in files):
        raise ModelError(
            f"{name} holds GGUF files. Give the path of one of them instead of the whole model."
        )
    if any(file.endswith(_PICKLES) for file in files):
        raise ModelError(
            f"{name} has its weights in pickle files only, which can run any code when they are "
            "opened. Use a revision or a copy with safetensors."
        )
    raise ModelError(f"{name} has no .safetensors weights.")


def check_nothing_missing(name: str, missing: Collection[str]) -> None:
    """Refuse a model of which some weights were not found: transformers would invent them.

    Raises:
        ModelError: with how many, and one of them.
    """
    if missing:
        raise ModelError(
            f"{name} lacks {len(missing)} of its weights, among them {min(missing)}. "
            "Get a whole copy."
        )


def read_config(name: str, path: Path) -> dict[str, Any]:
    """Return ``config.json`` as it is written, checked by ``check_config``."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"The config.json of {name} cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise ModelError(f"The config.json of {name} does not describe a model.")
    check_config(name, config)
    return config


def check_config(name: str, config: dict[str, Any]) -> None:
    """Refuse what is not a causal language model known to the installed transformers.

    Args:
        name: of the model, for the message.
        config: ``config.json`` as written.

    Raises:
        ModelError: encoder-only, encoder-decoder, remote code, or an unknown architecture.
    """
    from transformers import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
        MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    )

    kind = str(config.get("model_type", ""))
    if kind not in CONFIG_MAPPING:
        if "auto_map" in config:
            raise ModelError(
                f"{name} brings its own Python code, which Entroscope never runs. "
                "Use a model that transformers knows without remote code."
            )
        raise ModelError(
            f"{name} is of the type {kind!r}, which the installed transformers does not know. "
            "A newer version may."
        )
    if config.get("is_encoder_decoder") or kind in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES:
        raise ModelError(
            f"{name} ({kind}) is an encoder-decoder: it predicts an output from a whole input, "
            "not the next token of a text. Use a decoder-only model."
        )
    if kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not config.get("is_decoder"):
        raise ModelError(
            f"{name} ({kind}) is an encoder: it fills gaps and does not predict the next token. "
            "Use a decoder-only model."
        )
    if kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES or kind in _NOT_LEFT_TO_RIGHT:
        raise ModelError(f"{name} ({kind}) does not predict the next token of a text.")
