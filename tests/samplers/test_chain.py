"""Samplers one after the other: each starts from what the one before it has left."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from backend import samplers
from backend.errors import InputError
from tests.samplers import reference
from tests.samplers.helpers import apply, kept_ids, random_logits


def test_a_chain_applies_its_samplers_in_turn():
    logits = random_logits(3, 1000)
    step = apply(samplers.chain([samplers.make("top_k", 50), samplers.make("top_p", 0.9)]), logits)
    first = apply(samplers.make("top_k", 50), logits)
    second = apply(samplers.make("top_p", 0.9), first.probs.log())
    assert torch.equal(step.kept, second.kept)
    # 1,000 numbers in float64; only the order of roundings may differ.
    assert torch.allclose(step.probs, second.probs, atol=1e-14)
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


@pytest.mark.parametrize("n", [1.0, 3.0, 5.0])
@pytest.mark.parametrize("temperature", [0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 2.0])
@pytest.mark.parametrize("spread", [3.0, 12.0])
def test_a_cold_temperature_hides_no_token_from_the_next_sampler(temperature, n, spread):
    # Tokens more than some 100 nats below the best have probability 0 in float32, but a logit.
    logits = random_logits(6, 4000, spread=spread).float()
    cold = samplers.make("temperature", temperature=temperature)
    step = apply(samplers.chain([cold, samplers.make("top_n_sigma", n=n)]), logits)
    alone = apply(samplers.make("top_n_sigma", n=n, temperature=temperature), logits)
    assert torch.equal(step.kept, alone.kept)
    for row, ids in zip(logits.double().numpy(), step.kept, strict=True):
        assert set(ids.nonzero()[:, 0].tolist()) == reference.top_n_sigma(row, n, ddof=1)


@pytest.mark.model
@pytest.mark.parametrize("n", [1.0, 3.0])
def test_a_cold_temperature_hides_no_token_of_the_bundled_model(bundled_model, n):
    text = "The lighthouse keeper opened the door and saw a small boat near the rocks."
    ids = torch.from_numpy(bundled_model.tokenizer.encode(text).ids).long()[None]
    logits = bundled_model.unembed(bundled_model.hidden_states(ids)[0]).float()
    cold = samplers.make("temperature", temperature=0.1)
    step = apply(samplers.chain([cold, samplers.make("top_n_sigma", n=n)]), logits)
    assert torch.equal(step.kept, apply(samplers.make("top_n_sigma", n=n), logits).kept)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    first=st.sampled_from([0.02, 0.1, 0.4, 3.0]),
    second=st.sampled_from([0.02, 0.1, 0.4, 3.0]),
)
def test_two_temperatures_keep_every_token_and_multiply(seed, first, second):
    logits = random_logits(2, 500, seed, spread=8.0).float()
    links = [samplers.make("temperature", temperature=each) for each in (first, second)]
    step = apply(samplers.chain(links), logits)
    assert step.kept.all()
    expected = (logits.double() / (first * second)).softmax(-1)
    # Logits of up to some 3e4 / 4e-4 in float32: 1e-7 of the largest that matter, about 100.
    np.testing.assert_allclose(step.probs, expected, atol=2e-4)


@pytest.mark.parametrize("first", ["greedy", "top_k", "mirostat_v1", "mirostat_v2", "entropix"])
def test_no_sampler_of_a_chain_brings_back_what_one_before_it_dropped(first):
    logits = random_logits(3, 1000, spread=2.0).float()
    one = samplers.make(first)
    step = apply(samplers.chain([one, samplers.make("temperature", temperature=2.0)]), logits)
    alone = apply(one, logits)
    assert torch.equal(step.kept, alone.kept)
    assert (step.probs[~alone.kept] == 0).all()
