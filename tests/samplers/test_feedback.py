"""Mirostat over many steps, and chains."""

from __future__ import annotations

import math

import pytest
import torch

from backend import samplers
from backend.samplers.draw import draw, luck
from tests.samplers.helpers import random_logits, zipf


def run(sampler, logits, steps, seed=0):
    """Return the drawn tokens' surprise, as the sampler sees it, and μ, both [steps]."""
    generator = torch.Generator().manual_seed(seed)
    state, surprise, mu = sampler.start(1), [], []
    for _ in range(steps):
        step = sampler.filter(logits, state)
        chosen = draw(step.probs, luck(logits.shape[-1], generator))
        surprise.append(sampler.outcome(step, chosen)["surprise"].item())
        state = sampler.observe(state, step, chosen)
        mu.append(state["mu"].item())
    return surprise, mu


@pytest.mark.parametrize("name", ["mirostat_v1", "mirostat_v2"])
@pytest.mark.parametrize("surprise", ["full", "truncated"])
def test_the_mean_surprise_settles_at_the_target(name, surprise):
    logits = torch.from_numpy(zipf(2000, 1.2)).log()[None]
    sampler = samplers.make(name, tau=4.0, eta=0.2, surprise=surprise)
    seen, _ = run(sampler, logits, 1500)
    # The mean error after n steps is (μ₀ − μₙ) / (η n), a few bits over 300.
    assert sum(seen) / len(seen) == pytest.approx(4.0, abs=0.06)


@pytest.mark.parametrize("name", ["mirostat_v1", "mirostat_v2"])
def test_mu_stays_in_range_when_the_target_cannot_be_reached(name):
    flat = torch.zeros(1, 1024)  # every token surprises by 10 bits
    _, low = run(samplers.make(name, tau=3.0), flat, 60)
    assert low[-1] == 0
    _, high = run(samplers.make(name, tau=25.0), flat, 60)
    assert high[-1] == 2 * math.log2(1024)


def test_a_forced_token_outside_the_kept_set_does_not_break_the_feedback():
    logits = random_logits(1, 500)
    sampler = samplers.make("mirostat_v2", tau=2.0, surprise="truncated")
    state = sampler.start(1)
    step = sampler.filter(logits, state)
    worst = logits.argmin(-1)
    assert not step.kept[0, worst]
    assert sampler.observe(state, step, worst)["mu"].item() == 0
