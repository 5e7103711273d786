"""A loaded model gives the hidden states and logits that transformers gives."""

from __future__ import annotations

import pytest
import torch
from accelerate import dispatch_model
from transformers import LlamaForCausalLM
from transformers.modeling_outputs import CausalLMOutputWithPast

from backend.errors import InputError, ModelError
from backend.models import load_model
from tests.tiny_models import FAMILIES

# Both sides run the same kernels in float32; only the shape of the last product may differ.
SAME = {"rtol": 1e-4, "atol": 1e-4}


def ids_for(model, batch=2, length=24):
    generator = torch.Generator().manual_seed(3)
    return torch.randint(model.facts.vocab_size, (batch, length), generator=generator)


@torch.inference_mode()
def plain_logits(model, ids, **arguments):
    return model.torch_model(input_ids=ids, **arguments).logits


@pytest.mark.parametrize("family", FAMILIES)
def test_unembedding_the_hidden_states_gives_the_models_own_logits(tiny_model, family):
    model = tiny_model(family)
    ids = ids_for(model)
    logits = model.unembed(model.hidden_states(ids))
    torch.testing.assert_close(logits, plain_logits(model, ids), **SAME)


@pytest.mark.parametrize("family", FAMILIES)
def test_any_rows_can_be_unembedded_by_themselves(tiny_model, family):
    model = tiny_model(family)
    ids = ids_for(model)
    hidden = model.hidden_states(ids)
    rows = model.unembed(hidden[1, 5:9])
    assert rows.shape == (4, model.facts.vocab_size)
    torch.testing.assert_close(rows, plain_logits(model, ids)[1, 5:9], **SAME)


@pytest.mark.parametrize("family", FAMILIES)
def test_left_padding_does_not_change_the_real_tokens(tiny_model, family):
    model = tiny_model(family)
    ids = ids_for(model, batch=1, length=10)
    padded = torch.cat([torch.zeros(1, 6, dtype=ids.dtype), ids], dim=1)
    mask = torch.cat([torch.zeros(1, 6), torch.ones(1, 10)], dim=1).long()
    hidden = model.hidden_states(padded, attention_mask=mask)[:, 6:]
    torch.testing.assert_close(hidden, model.hidden_states(ids), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_reading_in_two_steps_with_a_past_equals_reading_at_once(tiny_model, family):
    model = tiny_model(family)
    ids = ids_for(model)
    past = model.new_past()
    first = model.hidden_states(ids[:, :20], past=past)
    second = model.hidden_states(ids[:, 20:], past=past)
    assert past.tokens == ids.shape[1]
    both = torch.cat([first, second], dim=1)
    torch.testing.assert_close(both, model.hidden_states(ids), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_layer_is_reported_in_order(tiny_model, family):
    model = tiny_model(family)
    seen = []
    model.hidden_states(ids_for(model), on_layer=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_what_the_report_raises_stops_the_forward_pass_and_leaves_no_hook(tiny_model):
    model = tiny_model("llama")
    seen = []
    before = [len(module._forward_hooks) for module in model.torch_model.modules()]

    def stop(done, total):
        seen.append(done)
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.hidden_states(ids_for(model), on_layer=stop)
    model.hidden_states(ids_for(model))
    assert seen == [1, 2]
    assert [len(module._forward_hooks) for module in model.torch_model.modules()] == before


def test_reporting_layers_does_not_change_the_result(tiny_model):
    model = tiny_model("qwen3")
    ids = ids_for(model)
    watched = model.hidden_states(ids, on_layer=lambda *_: None)
    assert torch.equal(watched, model.hidden_states(ids))


@pytest.mark.parametrize("bad", [-1, 10_000])
def test_ids_outside_the_vocabulary_are_refused_with_the_range(tiny_model, bad):
    model = tiny_model("gpt2")
    with pytest.raises(InputError, match=f"0 to {model.facts.vocab_size - 1}"):
        model.hidden_states(torch.tensor([[1, bad]]))


@pytest.mark.parametrize("shape", [(1, 0), (5,)])
def test_ids_must_be_a_batch_of_tokens(tiny_model, shape):
    with pytest.raises(InputError, match="batch, tokens"):
        tiny_model("gpt2").hidden_states(torch.zeros(shape, dtype=torch.long))


def test_no_gradients_are_recorded(tiny_model):
    model = tiny_model("gpt2")
    logits = model.unembed(model.hidden_states(ids_for(model)))
    assert logits.is_inference()


def test_the_head_works_on_a_model_spread_over_devices(tiny_folder):
    model = load_model(str(tiny_folder("gemma2")), device="cpu")
    ids = ids_for(model)
    expected = plain_logits(model, ids)
    # accelerate replaces ``forward`` on every module that it moves inputs for.
    dispatch_model(model.torch_model, {"": "cpu"}, force_hooks=True)
    assert "forward" in vars(model.torch_model)
    logits = model.unembed(model.hidden_states(ids))
    torch.testing.assert_close(logits, expected, **SAME)


def test_a_head_that_looks_past_the_hidden_states_is_refused(tiny_folder, monkeypatch):
    def forward(self, input_ids=None, inputs_embeds=None, **_):
        output = self.model(input_ids=input_ids, inputs_embeds=inputs_embeds)
        bonus = 0.0 if input_ids is None else 5.0
        return CausalLMOutputWithPast(logits=self.lm_head(output.last_hidden_state) + bonus)

    monkeypatch.setattr(LlamaForCausalLM, "forward", forward)
    with pytest.raises(ModelError, match="does not know"):
        load_model(str(tiny_folder("llama")), device="cpu")
