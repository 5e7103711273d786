"""Mirostat over many steps, and chains."""

from __future__ import annotations

import math

import pytest
import torch

from backend import samplers
from backend.errors import InputError
from backend.samplers.draw import draw, luck
from tests.samplers.helpers import apply, kept_ids, random_logits, zipf


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


def test_a_chain_applies_its_samplers_in_turn():
    logits = random_logits(3, 1000)
    step = apply(samplers.chain([samplers.make("top_k", 50), samplers.make("top_p", 0.9)]), logits)
    first = apply(samplers.make("top_k", 50), logits)
    second = apply(samplers.make("top_p", 0.9), first.probs.log())
    assert torch.equal(step.kept, second.kept)
    assert torch.equal(step.probs, second.probs)
    assert not torch.equal(step.kept, apply(samplers.make("top_p", 0.9), logits).kept)


def test_a_chain_keeps_the_states_of_its_samplers_apart():
    links = [samplers.make("mirostat_v2", tau=6.0), samplers.make("mirostat_v2", tau=2.0)]
    both = samplers.chain(links)
    state = both.start(2)
    assert {name: value.tolist() for name, value in state.items()} == {
        "0.mu": [12.0, 12.0],
        "1.mu": [4.0, 4.0],
    }
    step = both.filter(random_logits(2, 300), state)
    after = both.observe(state, step, step.probs.argmax(-1))
    assert set(step.details) == set(after) == {"0.mu", "1.mu"}
    assert set(both.outcome(step, step.probs.argmax(-1))) == {
        *("0.surprise", "0.error", "1.surprise", "1.error")
    }


@pytest.mark.parametrize("names", [["top_k", "mirostat_v2"], ["mirostat_v2", "top_p"]])
def test_a_chain_with_a_stateless_link_keeps_the_names_of_its_states(names):
    mixed = samplers.chain([samplers.make(each) for each in names])
    state = mixed.start(2)
    step = mixed.filter(random_logits(2, 300), state)
    after = mixed.observe(state, step, step.probs.argmax(-1))
    assert set(after) == set(state) == {f"{names.index('mirostat_v2')}.mu"}


def test_a_chain_of_one_is_that_sampler():
    logits = random_logits(2, 300)
    alone = samplers.make("mirostat_v2")
    chained = samplers.chain([alone])
    assert kept_ids(apply(chained, logits)) == kept_ids(apply(alone, logits))
    assert set(chained.start(2)) == {"mu"}


def test_an_empty_chain_is_refused():
    with pytest.raises(InputError, match="at least one"):
        samplers.chain([])
