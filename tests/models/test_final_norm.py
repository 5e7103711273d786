"""What comes after the last layer is the model's own, and linear once its length is held."""

from __future__ import annotations

import pytest
import torch

from backend.models.final_norm import hold
from backend.taps.residual import ResidualTap
from tests.tiny_models import FAMILIES

IDS = torch.arange(3, 15)[None]


class Last(ResidualTap):
    """Keeps the last state."""

    def on_residual(self, depth, hidden):
        self.state = hidden[0]


def last_state(model):
    tap = Last()
    with ResidualTap.watching(model, [tap]):
        normed = model.hidden_states(IDS)[0]
    return tap.state, normed


@pytest.mark.parametrize("family", FAMILIES)
def test_the_norm_of_the_last_state_is_what_the_head_receives(family, tiny_model):
    state, normed = last_state(tiny_model(family))
    torch.testing.assert_close(tiny_model(family).final_norm(state), normed, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_held_norm_splits_a_direction_exactly(family, tiny_model):
    model = tiny_model(family)
    state, normed = last_state(model)
    held = hold(model.final_parts, state)
    direction = torch.randn(normed.shape, generator=torch.Generator().manual_seed(0))
    parts = torch.randn(3, *state.shape, generator=torch.Generator().manual_seed(1))
    parts = torch.cat([parts, (state - parts.sum(0))[None]])  # four parts of one state
    found = (parts * held.pull_back(direction)).sum(-1).sum(0) + held.offset(direction)
    torch.testing.assert_close(found, (direction * normed).sum(-1), atol=1e-3, rtol=1e-3)
