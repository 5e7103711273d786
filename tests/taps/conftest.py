"""Tiny models for the taps, with one whose layers have a shared expert beside the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from backend.models.language import LanguageModel
from tests.studies.attention_models import build

IDS = torch.arange(3, 15)[None]
"""Twelve tokens: inside the windows of Gemma 3 and Mistral."""

_SHARED_EXPERT = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 16,
    "shared_expert_intermediate_size": 24,
    "mlp_only_layers": [1],  # this one has a plain MLP
    "max_position_embeddings": 512,
}


@pytest.fixture(scope="session")
def model_of(tmp_path_factory: pytest.TempPathFactory, tiny_model) -> Callable[..., LanguageModel]:
    """Return a function: family to its tiny model, "shared expert" for Qwen2-MoE."""
    shared = build(tmp_path_factory.mktemp("shared"), "Qwen2MoeConfig", **_SHARED_EXPERT)
    return lambda family: shared if family == "shared expert" else tiny_model(family)


def own_output(model: LanguageModel, **wanted: bool) -> dict[str, list[Tensor] | Tensor]:
    """Return what the model says of itself over ``IDS``."""
    with torch.inference_mode():
        return model.torch_model(IDS, use_cache=False, **wanted)
