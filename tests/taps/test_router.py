"""The scores of the experts are those that the model reports and chooses by."""

from __future__ import annotations

import pytest
import torch

from backend.taps.router import RouterTap, router_logits, routers
from tests.studies.attention_models import build
from tests.taps.conftest import IDS, own_output

_JETMOE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_key_value_heads": 2,
    "kv_channels": 8,
    "num_local_experts": 4,
    "num_experts_per_tok": 2,
}


class Keeper(RouterTap):
    """Keeps the logits of every router."""

    def __init__(self):
        self.seen = {}

    def on_router(self, layer, logits):
        assert layer not in self.seen
        self.seen[layer] = logits.clone()


def read(model):
    keeper = Keeper()
    with RouterTap.watching(model, [keeper]):
        model.hidden_states(IDS)
    return keeper.seen


@pytest.mark.parametrize(
    ("family", "layers"),
    [("mixtral", [0, 1, 2]), ("gpt_oss", [0, 1, 2]), ("shared expert", [0, 2])],
)
def test_router_logits_are_those_the_model_reports(family, layers, model_of):
    model = model_of(family)
    seen = read(model)
    own = own_output(model, output_router_logits=True).router_logits
    assert sorted(seen) == sorted(routers(model)) == layers
    for layer, expected in zip(layers, own, strict=True):
        assert seen[layer].shape == (IDS.shape[1], 4)
        torch.testing.assert_close(seen[layer], expected.view(-1, 4), atol=1e-6, rtol=1e-6)


def test_router_logits_are_the_routers_weight_times_its_input(model_of):
    model = model_of("shared expert")
    given = {}
    handles = [
        router.register_forward_pre_hook(lambda _, args, at=layer: given.update({at: args[0]}))
        for layer, (router, _) in routers(model).items()
    ]
    seen = read(model)
    for handle in handles:
        handle.remove()
    for layer, logits in seen.items():
        weight = model.layers[layer].mlp.gate.weight
        torch.testing.assert_close(logits, given[layer].view(-1, 32) @ weight.detach().T)


def test_the_router_of_the_mlp_is_shown_where_attention_has_one_too(tmp_path):
    model = build(tmp_path, "JetMoeConfig", **_JETMOE)
    found = routers(model)
    assert [found[each][0] for each in found] == [layer.mlp.router for layer in model.layers]
    for layer, logits in read(model).items():
        assert layer in found
        assert logits.shape == (IDS.shape[1], 4)


@pytest.mark.parametrize("family", ["llama", "gpt2", "bloom"])
def test_a_model_without_experts_shows_nothing(family, model_of):
    assert read(model_of(family)) == {}


def test_probabilities_are_turned_back_into_logits():
    logits = torch.randn(5, 4)
    found = router_logits((logits.softmax(-1), None), 0)
    torch.testing.assert_close(found, logits.log_softmax(-1))
    assert router_logits((None, logits), 1) is not None
    torch.testing.assert_close(router_logits((None, logits), 1), logits)
