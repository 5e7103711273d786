"""What holds for every distribution, and equality with the loops of ``reference.py``."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backend import samplers
from backend.samplers.base import Distribution
from tests.samplers import reference
from tests.samplers.helpers import apply, kept_ids, random_logits

# Tenths keep two logits either equal or well apart: a set must not hang on the last bit.
LOGITS = arrays(np.int64, st.integers(3, 40), elements=st.integers(-120, 120)).map(
    lambda tenths: tenths / 10
)
KEEPS_THE_TOP = [name for name in samplers.names() if name != "typical"]
NESTED = {
    "top_k": ("k", (1, 2, 5, 20)),
    "top_p": ("p", (0.1, 0.5, 0.9, 1.0)),
    "min_p": ("min_p", (0.9, 0.5, 0.1, 0.0)),
    "typical": ("mass", (0.1, 0.5, 0.9, 1.0)),
    "epsilon": ("epsilon", (0.5, 0.1, 0.01, 1e-4)),
    "eta": ("epsilon", (0.5, 0.1, 0.01, 1e-4)),
    "top_n_sigma": ("n", (0.0, 0.5, 1.0, 3.0)),
    "tail_free": ("z", (0.3, 0.8, 0.95, 1.0)),
    "top_h": ("alpha", (0.1, 0.4, 0.8, 1.0)),
}
REFERENCES = {
    "top_k": ("k", (1, 3, 50), reference.top_k),
    "top_p": ("p", (0.13, 0.57, 0.91), reference.top_p),
    "min_p": ("min_p", (0.03, 0.11, 0.47), reference.min_p),
    "typical": ("mass", (0.13, 0.57, 0.91), reference.typical),
    "epsilon": ("epsilon", (3e-4, 0.013, 0.37), reference.epsilon),
    "eta": ("epsilon", (3e-4, 0.013, 0.37), reference.eta),
    "tail_free": ("z", (0.31, 0.87, 0.951), reference.tail_free),
    "top_h": ("alpha", (0.11, 0.43, 0.83), reference.top_h),
}


def batch(logits: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.stack([logits, logits[::-1]]))


@pytest.mark.parametrize("name", samplers.names())
@settings(deadline=None, max_examples=40)
@given(logits=LOGITS)
def test_probabilities_sum_to_one_and_live_on_the_kept_tokens(name, logits):
    step = apply(samplers.make(name), batch(logits))
    assert step.kept.any(-1).all()
    # 40 numbers in float64.
    assert torch.allclose(step.probs.sum(-1), torch.ones(2, dtype=torch.float64), atol=1e-12)
    assert (step.probs[~step.kept] == 0).all()
    assert all(each.shape == (2,) and each.isfinite().all() for each in step.details.values())


@pytest.mark.parametrize("name", KEEPS_THE_TOP)
@settings(deadline=None, max_examples=40)
@given(logits=LOGITS)
def test_the_most_likely_token_is_kept(name, logits):
    step = apply(samplers.make(name), batch(logits))
    assert step.kept.gather(-1, batch(logits).argmax(-1, keepdim=True)).all()


@pytest.mark.parametrize("name", NESTED)
@settings(deadline=None, max_examples=40)
@given(logits=LOGITS)
def test_a_looser_parameter_keeps_every_token_of_a_stricter_one(name, logits):
    parameter, values = NESTED[name]
    steps = [apply(samplers.make(name, **{parameter: value}), batch(logits)) for value in values]
    for strict, loose in pairwise(steps):
        assert (strict.kept <= loose.kept).all()
        mass = [(each.judged.probs * each.kept).sum(-1) for each in (strict, loose)]
        assert (mass[0] <= mass[1] + 1e-12).all()


@pytest.mark.parametrize("name", REFERENCES)
@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**6), size=st.integers(3, 300), spread=st.floats(0.2, 8))
def test_the_kept_set_is_that_of_the_reference(name, seed, size, spread):
    parameter, values, rule = REFERENCES[name]
    logits = random_logits(1, size, seed, spread)
    probs = reference.softmax(logits[0].numpy())
    for value in values:
        step = apply(samplers.make(name, **{parameter: value}), logits)
        assert set(kept_ids(step)) == rule(probs, value)


@pytest.mark.parametrize("sigma", ["population", "sample"])
@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), n=st.sampled_from([0.0, 0.7, 1.3, 4.1]))
def test_top_n_sigma_is_that_of_the_reference_at_every_temperature(sigma, seed, n):
    logits = random_logits(1, 200, seed)
    expected = reference.top_n_sigma(logits[0].numpy(), n, int(sigma == "sample"))
    for temperature in (0.3, 1.0, 4.0):
        sampler = samplers.make("top_n_sigma", n=n, sigma=sigma, temperature=temperature)
        assert set(kept_ids(apply(sampler, logits))) == expected


@pytest.mark.parametrize("renormalise", [False, True])
@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), size=st.integers(5, 400))
def test_top_h_of_the_two_codes_is_that_of_the_reference(renormalise, seed, size):
    logits = random_logits(1, size, seed)
    expected = reference.top_h_code(
        reference.softmax(logits[0].numpy()), 0.43, renormalise=renormalise
    )
    rule = "transformers" if renormalise else "author"
    assert set(kept_ids(apply(samplers.make("top_h", alpha=0.43, rule=rule), logits))) == expected


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), size=st.integers(110, 400), mu=st.floats(0.5, 9))
def test_mirostat_is_that_of_the_reference(seed, size, mu):
    logits = random_logits(1, size, seed)
    probs = reference.softmax(logits[0].numpy())
    state = {"mu": torch.tensor([mu], dtype=torch.float64)}
    second = samplers.make("mirostat_v2").filter(logits, state)
    assert set(kept_ids(second)) == reference.mirostat_v2(probs, mu)
    first = samplers.make("mirostat_v1", rule="llama_cpp").filter(logits, state)
    s_hat, k = reference.mirostat_v1_k(probs, mu, total=size, ratios=99)
    assert first.details["s_hat"].item() == pytest.approx(s_hat, rel=1e-9)
    # A raw k within rounding of a whole number may fall on either side.
    assert abs(first.kept.sum().item() - min(max(k, 1), size)) < 1 + 1e-6


@pytest.mark.parametrize("name", samplers.names())
def test_rows_do_not_see_each_other(name):
    logits = random_logits(5, 3000)
    together = apply(samplers.make(name), logits)
    for row in range(5):
        alone = apply(samplers.make(name), logits[row : row + 1])
        assert torch.equal(alone.kept[0], together.kept[row])
        assert torch.allclose(alone.probs[0], together.probs[row], atol=1e-15)


@pytest.mark.parametrize("name", samplers.names())
def test_half_precision_logits_are_computed_in_float32(name):
    logits = random_logits(2, 1000).bfloat16()
    step = apply(samplers.make(name), logits)
    assert step.probs.dtype == torch.float32
    assert torch.equal(step.kept, apply(samplers.make(name), logits.float()).kept)


@pytest.mark.parametrize("name", samplers.names())
def test_arguments_are_left_as_they_were(name):
    logits = random_logits(2, 1000)
    before = logits.clone()
    sampler = samplers.make(name)
    state = sampler.start(2)
    kept_state = {key: value.clone() for key, value in state.items()}
    sampler.observe(state, sampler.filter(logits, state), torch.tensor([0, 1]))
    assert torch.equal(logits, before)
    assert all(torch.equal(state[key], value) for key, value in kept_state.items())


@pytest.mark.parametrize("name", samplers.names())
def test_impossible_tokens_are_never_kept(name):
    logits = random_logits(2, 1000)
    logits[:, 3:] = -torch.inf
    step = apply(samplers.make(name), logits)
    assert not step.kept[:, 3:].any()
    assert step.probs.isfinite().all()


@pytest.mark.parametrize("name", samplers.names())
def test_a_single_certain_token_is_the_only_one_drawn(name):
    logits = torch.full((1, 500), -torch.inf)
    logits[0, 77] = 2.0
    assert apply(samplers.make(name), logits).probs[0, 77] == 1


@pytest.mark.parametrize("name", ["greedy", "top_k", "top_p", "tail_free", "top_h", "mirostat_v1"])
def test_of_equal_tokens_those_with_lower_ids_are_kept(name):
    logits = torch.zeros(1, 2000)
    ids = kept_ids(apply(samplers.make(name), logits))
    assert ids == list(range(len(ids)))


def test_ties_are_right_where_sorting_stops_early():
    logits = torch.zeros(1, 5000)
    logits[0, 4000:] = 1.0
    assert kept_ids(apply(samplers.make("top_k", 600), logits)) == list(range(4000, 4600))
    assert kept_ids(apply(samplers.make("top_k", 1003), logits)) == [0, 1, 2, *range(4000, 5000)]


@pytest.mark.parametrize("name", ["top_k", "top_n_sigma"])
@settings(deadline=None, max_examples=20)
@given(logits=LOGITS, temperature=st.floats(0.05, 10))
def test_these_sets_do_not_depend_on_temperature(name, logits, temperature):
    cold = apply(samplers.make(name, temperature=temperature), batch(logits))
    assert torch.equal(cold.kept, apply(samplers.make(name), batch(logits)).kept)


@pytest.mark.parametrize("rule", ["author", "transformers"])
def test_of_tokens_tied_at_the_hundredth_place_those_with_lower_ids_count(rule):
    # 90 tokens above 400 equal ones, whose ids come first: ten of these have a place.
    logits = torch.cat([torch.zeros(1, 400), torch.full((1, 90), 0.5)], -1).double()
    ids = kept_ids(apply(samplers.make("top_h", alpha=1.0, rule=rule), logits))
    assert ids == [*range(10), *range(400, 490)]


def test_top_h_of_a_nearly_certain_model_stays_small_in_float32():
    logits = torch.cat([torch.tensor([20.0]), torch.linspace(2.0, -4.0, 3000)])[None]
    exact = apply(samplers.make("top_h", alpha=0.4), logits.double())
    step = apply(samplers.make("top_h", alpha=0.4), logits)
    assert 1 < exact.kept.sum() < 3001
    # Float32 weights may move the last token of the prefix, no more.
    assert abs(int(step.kept.sum() - exact.kept.sum())) <= 1
    assert step.details["budget"].item() == pytest.approx(exact.details["budget"].item(), rel=1e-5)


def test_top_h_with_all_of_the_budget_keeps_everything():
    logits = random_logits(4, 800).float()
    assert apply(samplers.make("top_h", alpha=1.0), logits).kept.all()


def test_tail_free_counts_a_bend_at_the_edge_of_what_is_sorted():
    # The curve is level over the first 511 tokens and then falls to almost nothing: half of the
    # curvature lies just beyond the 512 tokens that are looked at first.
    weights = np.full(5000, 1e-9)
    weights[:511] = 1 + np.linspace(1e-7, 0, 511)
    logits = torch.from_numpy(weights / weights.sum()).log()[None]
    expected = reference.tail_free(weights / weights.sum(), 0.6)
    assert set(kept_ids(apply(samplers.make("tail_free", z=0.6), logits))) == expected


def test_entropix_never_cuts_deeper_than_half_the_mass_when_both_are_high():
    wild = torch.cat([torch.full((1, 1), 7.0), torch.linspace(1, -6, 4000)[None]], -1)
    adaptive = torch.tensor([[2.0, 1.0, 0.0, -1.0]])
    sampler = samplers.make("entropix", p=0.05)
    for logits, state, mass in ((wild, 3, 0.5), (adaptive, 4, 0.1)):
        details = apply(sampler, logits).details
        assert details["state"].item() == state
        assert details["top_p"].item() == pytest.approx(mass)


def test_the_paper_s_sigma_is_the_default_of_top_n_sigma():
    logits = random_logits(1, 50)
    found = apply(samplers.make("top_n_sigma", n=1.0), logits).details["sigma"].item()
    assert found == pytest.approx(logits.std().item())
    assert found != pytest.approx(logits.std(correction=0).item(), rel=1e-3)


def test_rows_share_views_that_were_computed_for_all():
    logits = random_logits(4, 500).float()
    whole = Distribution(logits).computed()
    for name in samplers.names():
        sampler = samplers.make(name)
        shared = sampler.judge(whole.rows(slice(1, 3)), sampler.start(2))
        alone = apply(sampler, logits[1:3])
        assert torch.equal(shared.kept, alone.kept), name
        assert torch.equal(shared.probs, alone.probs), name


@pytest.mark.parametrize("temperature", [0.01, 0.7, 1.0, 10.0])
@pytest.mark.parametrize("name", samplers.names())
def test_logits_at_the_end_of_float32_still_give_a_distribution(name, temperature):
    logits = torch.tensor([[3e38, -3e38, 0.0, 2.9e38], [-3e38, -3e38, -3.1e38, 0.0]])
    between = torch.linspace(-3e38, 2e38, 200, dtype=torch.float64).float()
    logits = torch.cat([logits, between.expand(2, -1)], -1)
    sampler = samplers.make(name, temperature=temperature)
    step = apply(sampler, logits)
    assert torch.allclose(step.probs.sum(-1).double(), torch.ones(2, dtype=torch.float64))
    assert all(each.isfinite().all() for each in step.details.values())
    assert torch.equal(step.kept, apply(sampler, logits.double()).kept)


@pytest.mark.parametrize("z", [0.3, 0.9, 0.95, 0.999])
def test_tail_free_keeps_in_float32_what_it_keeps_in_float64(z):
    logits = random_logits(40, 3000).float()
    sampler = samplers.make("tail_free", z=z)
    step, exact = apply(sampler, logits), apply(sampler, logits.double())
    assert torch.equal(step.kept, exact.kept)
    assert torch.allclose(step.probs.double(), exact.probs, atol=1e-6)
