"""Entropix: four corners and the smooth middle, each row by its own numbers."""

from __future__ import annotations

import pytest
import torch

from backend import samplers
from backend.samplers.entropix import STATES
from tests.samplers.helpers import apply

PEAKED = torch.zeros(1, 400).index_fill_(1, torch.tensor([7]), 30.0)
FLAT = torch.zeros(1, 400)
SPLIT = torch.zeros(1, 40_000).index_fill_(1, torch.tensor([7]), 10.0)


def state_of(step):
    return STATES[int(step.details["state"][0])]


def test_a_sure_model_is_taken_at_its_word():
    step = apply(samplers.make("entropix"), PEAKED)
    assert state_of(step) == "LELV"
    assert step.kept[0].nonzero().tolist() == [[7]]


def test_an_evenly_unsure_model_is_warmed_a_little():
    step = apply(samplers.make("entropix"), FLAT)
    assert state_of(step) == "HELV"
    assert step.details["temperature"].item() == pytest.approx(0.666 * 1.3, abs=1e-6)


def test_a_torn_model_is_heated():
    step = apply(samplers.make("entropix"), SPLIT)
    assert state_of(step) == "HEHV"
    assert step.details["temperature"].item() == 2.0


def test_the_middle_follows_entropy_and_varentropy():
    probs = torch.tensor([[0.7, 0.2, 0.05, 0.05]], dtype=torch.float64)
    step = apply(samplers.make("entropix"), probs.log())
    assert state_of(step) == "adaptive"
    # H and V in bits and bits², from the vectors.
    expected = 0.666 * (1 + 0.3 * (1.256779649 + 1.552031059))
    assert step.details["temperature"].item() == pytest.approx(expected, abs=1e-6)


def test_top_p_keeps_the_likely_tokens_and_not_the_others():
    probs = torch.tensor([[0.4, 0.3, 0.2, 0.1]], dtype=torch.float64)
    step = apply(samplers.make("entropix", p=0.5, temperature=1.0), probs.log())
    assert step.kept[0, 0]


def test_every_row_has_its_own_state():
    rows = torch.cat([PEAKED, FLAT])
    assert apply(samplers.make("entropix"), rows).details["state"].tolist() == [0.0, 1.0]
