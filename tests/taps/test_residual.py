"""The residual stream is what the model itself reports, and its norm before the last norm."""

from __future__ import annotations

import pytest
import torch

from backend.taps.residual import ResidualTap
from tests.taps.conftest import IDS, own_output

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


def hooks(model):
    return [len(each._forward_hooks) + len(each._forward_pre_hooks) for each in model.layers]


@families
def test_no_hook_is_left_after_the_reading(family, model_of):
    model = model_of(family)
    before = hooks(model)
    read(model)
    assert hooks(model) == before
