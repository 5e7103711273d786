"""The residual stream is what the model itself reports, and its norm before the last norm."""

from __future__ import annotations

import pytest
import torch

from backend.errors import NotDefinedError
from backend.models import load_model
from backend.taps.residual import ResidualTap
from tests.taps.conftest import IDS, own_output
from tests.tiny_models import FAMILIES

families = pytest.mark.parametrize(
    "family", ["llama", "gpt2", "qwen3", "gemma3", "mixtral", "opt", "bloom", "shared expert"]
)


class Keeper(ResidualTap):
    """Keeps every state."""

    def __init__(self):
        self.seen = {}

    def on_residual(self, depth, hidden):
        assert depth not in self.seen
        self.seen[depth] = hidden.clone()


def read(model):
    keeper = Keeper()
    with ResidualTap.watching(model, [keeper]):
        final = model.hidden_states(IDS)
    return keeper.seen, final


@families
def test_every_depth_is_the_hidden_state_the_model_reports(family, model_of):
    model = model_of(family)
    seen, _ = read(model)
    own = own_output(model, output_hidden_states=True).hidden_states
    assert sorted(seen) == list(range(model.facts.layers + 1))
    assert len(own) == model.facts.layers + 1
    # The model's last one is behind its final norm.
    for depth, expected in enumerate(own[:-1]):
        torch.testing.assert_close(seen[depth], expected, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_final_norm_of_the_last_residual_gives_the_models_own_logits(family, tiny_model):
    model = tiny_model(family)
    seen, final = read(model)
    normed = model.final_norm(seen[model.facts.layers])
    torch.testing.assert_close(normed, final, atol=1e-5, rtol=1e-5)
    own = own_output(model).logits
    torch.testing.assert_close(model.unembed(normed), own, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "family",
    [
        *("bamba", "falcon_h1", "llama4", "mamba", "minimax", "modernbert", "openai-gpt"),
        *("phi3, longrope", "recurrent_gemma", "roberta", "rwkv"),
    ],
)
def test_the_final_norm_of_rare_families_gives_their_own_logits(family, rare_model):
    model = rare_model(family)
    seen, _ = read(model)
    own = own_output(model).logits
    found = model.unembed(model.final_norm(seen[model.facts.layers]))
    torch.testing.assert_close(found, own, atol=1e-4, rtol=1e-4)


def test_a_family_without_a_final_norm_changes_nothing(rare_model):
    hidden = torch.randn(3, 32)
    assert torch.equal(rare_model("openai-gpt").final_norm(hidden), hidden)


@families
def test_any_rows_of_any_depth_can_be_normed(family, model_of):
    model = model_of(family)
    seen, _ = read(model)
    for hidden in seen.values():
        whole = model.final_norm(hidden)
        torch.testing.assert_close(model.final_norm(hidden[0, 3:5]), whole[0, 3:5])
        assert whole.isfinite().all()


def test_a_model_that_does_more_than_a_norm_says_so(tiny_folder):
    model = load_model(str(tiny_folder("llama")), device="cpu")
    body = model.torch_model.model
    hook = body.register_forward_hook(
        lambda _, __, output: setattr(output, "last_hidden_state", output.last_hidden_state * 2)
    )
    with pytest.raises(NotDefinedError, match="more between its last layer and its head"):
        model.final_norm(torch.zeros(1, 32))
    hook.remove()


@pytest.mark.model
def test_the_bundled_models_last_residual_gives_its_logits(bundled_model):
    seen, _ = read(bundled_model)
    own = own_output(bundled_model).logits
    found = bundled_model.unembed(bundled_model.final_norm(seen[bundled_model.facts.layers]))
    torch.testing.assert_close(found, own, atol=1e-4, rtol=1e-4)


def hooks(model):
    return [len(each._forward_hooks) + len(each._forward_pre_hooks) for each in model.layers]


@families
def test_no_hook_is_left_after_the_reading(family, model_of):
    model = model_of(family)
    before = hooks(model)
    read(model)
    assert hooks(model) == before
