"""The neurons that a tap sees make the output of the MLP when the down projection is applied."""

from __future__ import annotations

import pytest
import torch

from backend.taps.neurons import NeuronTap, down_projection
from tests.taps.conftest import IDS


class Keeper(NeuronTap):
    """Keeps the neurons of every layer."""

    def __init__(self):
        self.seen = {}

    def on_neurons(self, layer, activations):
        assert layer not in self.seen
        self.seen[layer] = activations.clone()


def read(model):
    """Return the neurons of every layer, and what goes into and comes out of its MLP."""
    keeper, around, handles = Keeper(), {}, []
    for number, layer in enumerate(model.layers):
        if hasattr(layer, "mlp"):
            handles.append(
                layer.mlp.register_forward_hook(
                    lambda _, args, output, at=number: around.update({at: (args[0], output)})
                )
            )
    with NeuronTap.watching(model, [keeper]):
        model.hidden_states(IDS)
    for handle in handles:
        handle.remove()
    return keeper.seen, around


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma3", "mistral"])
def test_gated_neurons_are_the_product_of_gate_and_up(family, model_of):
    model = model_of(family)
    seen, around = read(model)
    assert sorted(seen) == list(range(model.facts.layers))
    for layer, neurons in seen.items():
        mlp, (given, output) = model.layers[layer].mlp, around[layer]
        with torch.inference_mode():
            expected = mlp.act_fn(mlp.gate_proj(given)) * mlp.up_proj(given)
            torch.testing.assert_close(neurons, expected, atol=1e-6, rtol=1e-6)
            torch.testing.assert_close(mlp.down_proj(neurons), output, atol=1e-5, rtol=1e-5)


def test_the_neurons_of_gpt2_are_its_activated_first_projection(model_of):
    model = model_of("gpt2")
    seen, around = read(model)
    assert sorted(seen) == list(range(model.facts.layers))
    for layer, neurons in seen.items():
        mlp, (given, _) = model.layers[layer].mlp, around[layer]
        with torch.inference_mode():
            torch.testing.assert_close(neurons, mlp.act(mlp.c_fc(given)), atol=1e-6, rtol=1e-6)


def test_the_neurons_of_opt_are_not_negative_and_come_by_token(model_of):
    model = model_of("opt")
    seen, _ = read(model)
    for neurons in seen.values():
        assert neurons.shape == (1, IDS.shape[1], 64)
        assert (neurons >= 0).all()  # ReLU
        assert (neurons == 0).any()


@pytest.mark.parametrize(("family", "plain"), [("mixtral", []), ("shared expert", [1])])
def test_layers_with_experts_have_no_one_mlp(family, plain, model_of):
    model = model_of(family)
    seen, _ = read(model)
    assert sorted(seen) == plain
    assert [number for number, each in enumerate(model.layers) if down_projection(each)] == plain
