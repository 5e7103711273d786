"""A norm is split exactly once the length it divides by is held."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from backend.measures.held_norm import hold
from tests.tiny_models import FAMILIES

STATES = torch.randn(7, 32, generator=torch.Generator().manual_seed(0)) * 3 + 1


def check(norm, states=STATES):
    """Compare what four parts of the states sum to with the whole, in one direction."""
    with torch.no_grad():
        held, whole = hold(norm, states), norm(states)
    generator = torch.Generator().manual_seed(1)
    direction = torch.randn(whole.shape, generator=generator)
    parts = torch.randn(3, *states.shape, generator=generator)
    parts = torch.cat([parts, (states - parts.sum(0))[None]])
    found = (parts * held.pull_back(direction)).sum((0, -1)) + direction @ held.constant
    torch.testing.assert_close(found, (direction * whole).sum(-1), atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_final_norm_of_every_family_is_split(family, tiny_model):
    check(tiny_model(family).final_norm)


@pytest.mark.parametrize("size", [8, 9])
def test_norms_with_gain_bias_and_mean_are_split(size):
    norm = nn.LayerNorm(size)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    check(norm, STATES[:, :size])
    check(nn.RMSNorm(size, eps=1e-6), STATES[:, :size])


def test_a_family_without_a_norm_is_split():
    check(nn.Identity())


def test_what_is_no_norm_is_refused():
    with pytest.raises(ValueError, match="not a linear map"):
        hold(torch.tanh, STATES)
