"""Queries, keys and values that a tap sees are those that make the attention's output."""

from __future__ import annotations

import pytest
import torch

from backend.taps.projections import ProjectionTap
from tests.taps.conftest import IDS


class Keeper(ProjectionTap):
    """Keeps q, k and v of every layer."""

    def __init__(self):
        self.seen = {}

    def on_projections(self, layer, projections):
        assert layer not in self.seen
        self.seen[layer] = tuple(each.clone() for each in projections)


def attention_of(layer):
    return next(part for part in layer.modules() if type(part).__name__.endswith("Attention"))


def read(model):
    """Return q, k and v of every layer, and what goes into its attention and its output map."""
    keeper, given, mixed, handles = Keeper(), {}, {}, []
    for number, layer in enumerate(model.layers):
        part = attention_of(layer)
        last = next(getattr(part, name) for name in ("o_proj", "c_proj") if hasattr(part, name))

        def enter(_, args, kwargs, at=number):
            given[at] = args[0] if args else kwargs["hidden_states"]

        def leave(_, args, at=number):
            mixed[at] = args[0]

        handles.append(part.register_forward_pre_hook(enter, with_kwargs=True))
        handles.append(last.register_forward_pre_hook(leave))
    with ProjectionTap.watching(model, [keeper]):
        model.hidden_states(IDS)
    for handle in handles:
        handle.remove()
    return keeper.seen, given, mixed


@pytest.mark.parametrize(
    "family", ["llama", "gpt2", "qwen3", "gemma3", "mixtral", "mistral", "shared expert"]
)
def test_attention_over_them_is_what_the_output_projection_receives(family, model_of):
    model = model_of(family)
    facts = model.facts
    seen, _, mixed = read(model)
    assert sorted(seen) == list(range(facts.layers))
    for layer, (query, key, value) in seen.items():
        assert query.shape[:3] == (1, facts.heads, IDS.shape[1])
        assert key.shape == value.shape == (1, facts.kv_heads, *query.shape[2:])
        group = facts.heads // facts.kv_heads
        key, value = (each.double().repeat_interleave(group, 1) for each in (key, value))
        scale = getattr(attention_of(model.layers[layer]), "scaling", query.shape[-1] ** -0.5)
        scores = query.double() @ key.mT * scale
        hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        output = scores.masked_fill(hidden, -torch.inf).softmax(-1) @ value
        expected = output.transpose(1, 2).flatten(2).float()
        torch.testing.assert_close(mixed[layer], expected, atol=1e-5, rtol=1e-5)


def test_the_values_of_llama_are_the_value_weights_times_the_input(model_of):
    model = model_of("llama")
    seen, given, _ = read(model)
    for layer, (_, _, value) in seen.items():
        with torch.inference_mode():
            expected = model.layers[layer].self_attn.v_proj(given[layer])
        torch.testing.assert_close(value.transpose(1, 2).flatten(2), expected)


def test_positions_turn_keys_without_changing_their_length(model_of):
    model = model_of("llama")
    seen, given, _ = read(model)
    for layer, (_, key, _) in seen.items():
        with torch.inference_mode():
            plain = model.layers[layer].self_attn.k_proj(given[layer]).unflatten(-1, (2, 8))
        lengths = plain.transpose(1, 2).norm(dim=-1)
        torch.testing.assert_close(key.norm(dim=-1), lengths, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(key[:, :, 0], plain[:, 0])  # position 0 does not turn
        assert not torch.allclose(key[:, :, 5], plain[:, 5])


def test_families_that_score_by_themselves_show_no_projections(model_of):
    keeper = Keeper()
    model = model_of("bloom")
    with ProjectionTap.watching(model, [keeper]):
        model.hidden_states(IDS)
    assert keeper.seen == {}
