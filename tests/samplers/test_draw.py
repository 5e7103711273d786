"""Drawing: right frequencies, equal luck for equal seeds."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import chisquare

from backend import samplers
from backend.samplers.draw import draw, luck
from tests.samplers.helpers import apply

DRAWS = 20_000
# Twenty-four distinct logits, so that no rule sits on a tie.
LOGITS = torch.linspace(2.5, -2.5, 24)[None]


@pytest.mark.parametrize("name", samplers.names())
def test_frequencies_match_the_probabilities(name):
    probs = apply(samplers.make(name), LOGITS).probs[0]
    generator = torch.Generator().manual_seed(12345)
    waiting = torch.stack([luck(24, generator) for _ in range(DRAWS)])
    counts = draw(probs.expand(DRAWS, -1), waiting).bincount(minlength=24)
    possible = probs > 0
    assert counts[~possible].sum() == 0
    if possible.sum() > 1:
        expected = probs[possible].double() / probs[possible].double().sum() * DRAWS
        # Fixed seed: fails only if the draw is changed. 14 tests at 0.001 each.
        assert chisquare(counts[possible].numpy(), expected.numpy()).pvalue > 1e-3


def test_waiting_times_are_finer_than_those_from_float32_luck():
    waiting = luck(2_000_000, torch.Generator().manual_seed(3)).double()
    short = waiting[waiting < 2e-5] * 2**24
    assert len(short) > 10
    # Near 0 float32 luck knows only whole multiples of 2⁻²⁴.
    assert ((short - short.round()).abs() > 0.01).double().mean() > 0.8


def test_equal_seeds_draw_equal_tokens():
    first, second = (luck(1000, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(first, second)


def test_with_equal_luck_a_truncation_draws_the_same_token_whenever_it_keeps_it():
    full = apply(samplers.make("temperature"), LOGITS)
    cut = apply(samplers.make("top_p", 0.8), LOGITS)
    generator = torch.Generator().manual_seed(1)
    for _ in range(200):
        waiting = luck(24, generator)
        chosen = draw(full.probs, waiting)
        if cut.kept[0, chosen]:
            assert draw(cut.probs, waiting) == chosen
