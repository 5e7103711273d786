"""A loaded model gives the hidden states and logits that transformers gives."""

from __future__ import annotations

import pytest
import torch

from backend.errors import InputError
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
def test_reading_in_two_steps_with_a_cache_equals_reading_at_once(tiny_model, family):
    model = tiny_model(family)
    ids = ids_for(model)
    cache = model.new_cache()
    first = model.hidden_states(ids[:, :20], cache=cache)
    second = model.hidden_states(ids[:, 20:], cache=cache)
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

    def stop(done, total):
        seen.append(done)
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.hidden_states(ids_for(model), on_layer=stop)
    model.hidden_states(ids_for(model))
    assert seen == [1, 2]
    assert not any(module._forward_hooks for module in model.torch_model.modules())


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
