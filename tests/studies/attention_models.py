"""Tiny models beyond the common table, and their attention computed the long way."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor
from transformers import AutoModelForCausalLM

from backend.models import load_model
from backend.models.attention_call import AttentionCall
from backend.models.language import LanguageModel
from backend.runs import AttentionRun
from backend.taps.attention import AttentionRowsTap, AttentionTap
from tests.tiny_models import tiny_tokenizer

TEXT = "The quick brown fox jumps over the lazy dog. 12345 sea shells on the sea shore."


def build(
    folder: Path, name: str, *, seed: int = 1, dtype: str = "float32", **arguments: Any
) -> LanguageModel:
    """Write and load a tiny model that is not in the common table."""
    tokenizer = tiny_tokenizer("byte_level")
    config = getattr(transformers, name)(**arguments, vocab_size=len(tokenizer))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(4.0 if parameter.ndim > 1 else 1.0)
        model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return load_model(str(folder), device="cpu", dtype=dtype)


@functools.cache
def eager(folder: Path, dtype: torch.dtype = torch.float64) -> Any:
    """Return the same weights with attention that materialises every matrix."""
    return AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, attn_implementation="eager", experts_implementation="eager"
    )


def eager_weights(folder: Path, ids: Tensor, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    """Return all weights of every layer, [H, T, T] each, over the tokens alone."""
    with torch.no_grad():
        found = eager(folder, dtype)(ids, output_attentions=True, use_cache=False).attentions
    return [each[0] / each[0].sum(-1, keepdim=True) for each in found]


def exact_entropy(weights: Tensor) -> np.ndarray:
    """Return the entropy of every row of weights [..., K]."""
    return -torch.xlogy(weights, weights).sum(-1).numpy()


def ids_of(run: AttentionRun) -> Tensor:
    """Return the token ids [1, T] of a run."""
    return torch.from_numpy(run.token_ids).long()[None]


def padded(model: LanguageModel, alone: AttentionRun, padding: int) -> dict[str, Any]:
    """Return what is measured of a text in a batch of two, with padding on its left."""
    tokens = len(alone) + padding
    mask = torch.ones(2, tokens, dtype=torch.long)
    mask[0, :padding] = 0
    batch = torch.full((2, tokens), 3)
    batch[0, padding:] = ids_of(alone)[0]
    return watched(model, batch, attention_mask=mask)[0].arrays()


def watched(
    model: LanguageModel, ids: Tensor, *, attention_mask: Tensor | None = None
) -> tuple[AttentionRowsTap, Tensor]:
    """Return a tap that has watched one forward pass over ``ids``, and the final hidden states."""
    tap = AttentionRowsTap()
    tap.start(model, ids)
    with AttentionTap.watching(model, [tap]):
        return tap, model.hidden_states(ids, attention_mask=attention_mask)


class Collector:
    """A tap that keeps everything, and lets every layer use its own kernel."""

    def __init__(self) -> None:
        self.calls: list[AttentionCall] = []

    def call(self, call: AttentionCall) -> None:
        self.calls.append(call)
