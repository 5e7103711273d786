"""Families that name or keep things in ways of their own load, or are refused with the reason."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import LlamaForCausalLM

import backend
from backend.errors import ModelError, NotDefinedError, OverBudgetError
from backend.models import load_model
from tests import rare_models

TEXT = "The quick brown fox jumps over the lazy dog by the sea shore, 12345 times."


def own_log_probs(model, ids):
    """Return what the model itself says, by its own forward over the whole text; float64."""
    with torch.inference_mode():
        logits = model.torch_model(torch.tensor([list(ids)]), use_cache=False).logits[0]
    return logits.double().log_softmax(-1)


@pytest.mark.parametrize("family", ["llama4", "falcon_h1", "modernbert", "roberta", "reformer"])
def test_their_texts_are_measured_on_the_models_own_logits(family, rare_model):
    model = rare_model(family)
    run = backend.study_text(model, TEXT)
    log_p = own_log_probs(model, run.token_ids)[:-1]
    entropy = -(log_p.exp() * log_p).sum(-1)
    # 1e-4 nats is the promise of docs/measures.md for float32.
    np.testing.assert_allclose(run.entropy[1:], entropy, atol=1e-4)


def test_several_attentions_in_a_layer_are_given_as_the_reason(rare_model):
    with pytest.raises(ModelError, match=r"counts 4 layers .* 2 parts.* several attentions"):
        rare_model("longcat")


def test_a_family_whose_code_fails_is_refused_with_its_words(tmp_path, monkeypatch, tiny_folder):
    def forward(self, *_, **__):
        raise AttributeError("'Thing' object has no attribute 'speed'")

    monkeypatch.setattr(LlamaForCausalLM, "forward", forward)
    with pytest.raises(ModelError, match="cannot be run: 'Thing' object has no attribute 'speed'"):
        load_model(str(tiny_folder("llama")), device="cpu")


@pytest.mark.parametrize("failure", [AttributeError, ValueError, RuntimeError, IndexError])
def test_a_family_that_fails_in_a_reading_is_named(failure, tiny_folder, monkeypatch):
    model = load_model(str(tiny_folder("llama")), device="cpu")

    def forward(*_, **__):
        raise failure("index out of range in self")

    monkeypatch.setattr(model.torch_model.model.layers[1], "forward", forward)
    for study in (backend.study_text, backend.study_attention, backend.study_residual_norms):
        with pytest.raises(ModelError, match=r"cannot be run: index out of range in self\."):
            study(model, TEXT)


def test_a_table_of_positions_that_begins_behind_the_padding_token_is_counted_as_such(rare_model):
    model = rare_model("roberta")
    config = model.torch_model.config
    places = config.max_position_embeddings - config.pad_token_id - 1
    assert model.facts.context == places < config.max_position_embeddings
    ids = torch.full((1, places), 7)
    assert model.hidden_states(ids).isfinite().all()
    long = "0 " * places
    with pytest.raises(OverBudgetError, match=f"this model reads {places}"):
        backend.study_text(model, long)


@pytest.mark.parametrize("family", ["rwkv", "mamba"])
def test_a_model_with_a_running_state_says_so_when_asked_for_attention(family, rare_model):
    with pytest.raises(NotDefinedError, match="carries a running state") as refusal:
        backend.study_attention(rare_model(family), TEXT)
    assert "number of heads" not in str(refusal.value)


def test_layers_of_linear_attention_say_that_they_carry_a_state(rare_model):
    run = backend.study_attention(rare_model("minimax"), TEXT)
    assert list(run.reasons) == ["0", "2"]
    assert all("carries a running state" in each for each in run.reasons.values())


def test_every_rare_family_is_built(tmp_path):
    for family in rare_models._FAMILIES:
        assert (rare_models.build(family, tmp_path / family) / "model.safetensors").is_file()
