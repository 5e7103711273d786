"""Numbers of distributions: exact over the full vocabulary, whatever the logits look like."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.measures.distribution import CURVE_EDGES, cumulative, entropy, measure, moments, top
from tests.apple_gpu import AppleGpu, on_gpu

# Promised in docs/measures.md for float32, in nats (nats² for varentropy).
TOLERANCE = 1e-4
INFINITE = float("inf")


def exact(logits: torch.Tensor, targets: torch.Tensor) -> dict[str, np.ndarray]:
    """The definitions of docs/measures.md, written down in float64."""
    log_p = torch.log_softmax(logits.double(), -1)
    p = log_p.exp()
    plog = torch.where(p > 0, p * log_p, 0.0)
    h = -plog.sum(-1)
    deviation = torch.where(p > 0, p * (log_p + h[:, None]) ** 2, 0.0)
    chosen = log_p.gather(-1, targets[:, None])
    score = logits.gather(-1, targets[:, None])
    before = torch.arange(logits.shape[-1]) < targets[:, None]
    rank = 1 + (logits > score).sum(-1) + ((logits == score) & before).sum(-1)
    return {
        "entropy": h.numpy(),
        "varentropy": deviation.sum(-1).numpy(),
        "surprisal": -chosen[:, 0].numpy(),
        "rank": rank.numpy(),
    }


def assert_exact(logits: torch.Tensor, targets: torch.Tensor) -> None:
    found = measure(logits, targets, top_k=5)
    for name, value in exact(logits.float(), targets).items():
        np.testing.assert_allclose(getattr(found, name), value, atol=TOLERANCE, err_msg=name)


def random_case(rows: int, size: int, spread: float, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(rows, size, generator=generator) * spread
    return logits, torch.randint(size, (rows,), generator=generator)


@pytest.mark.parametrize("spread", [0.0, 0.1, 1.0, 4.0, 30.0])
@pytest.mark.parametrize("size", [1, 2, 63, 64, 65, 1000, 50257])
def test_equals_the_definitions_in_float64(size, spread):
    assert_exact(*random_case(3, size, spread))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=200), st.data())
def test_equals_the_definitions_for_any_logits(logits, data):
    target = data.draw(st.integers(0, len(logits) - 1))
    found = measure(torch.tensor([logits]), torch.tensor([target]), 3)
    expected = exact(torch.tensor([logits]), torch.tensor([target]))
    assert found.rank[0] == expected["rank"][0]
    # Far-apart logits give surprisals of thousands of nats: those are exact to 7 digits.
    np.testing.assert_allclose(found.surprisal, expected["surprisal"], rtol=1e-6, atol=TOLERANCE)
    np.testing.assert_allclose(found.entropy, expected["entropy"], atol=TOLERANCE)
    np.testing.assert_allclose(found.varentropy, expected["varentropy"], atol=TOLERANCE)


@pytest.mark.parametrize("offset", [0.0, 4000.0, -4000.0])
def test_a_common_offset_costs_no_precision(offset):
    logits, targets = random_case(2, 50257, 3.0)
    assert_exact(logits + offset, targets)


def test_tokens_of_probability_zero_contribute_nothing():
    logits = torch.tensor([[1.0, -INFINITE, 2.0, -INFINITE]])
    masked = measure(logits, torch.tensor([0]), 4)
    alone = measure(torch.tensor([[1.0, 2.0]]), torch.tensor([0]), 2)
    assert masked.entropy == alone.entropy
    assert masked.varentropy == alone.varentropy
    assert masked.surprisal == alone.surprisal
    assert masked.top_ids.tolist() == [[2, 0, 1, 3]]
    assert masked.top_logprobs[0, 2:].tolist() == [-INFINITE, -INFINITE]


def test_an_impossible_token_has_infinite_surprisal_and_the_last_rank():
    found = measure(torch.tensor([[0.0, -INFINITE, 1.0]]), torch.tensor([1]), 1)
    assert found.surprisal.item() == INFINITE
    assert found.rank.item() == 3


def test_the_largest_floats_are_no_obstacle():
    most = torch.finfo(torch.float32).max
    found = measure(torch.tensor([[most, -most, most]]), torch.tensor([0]), 2)
    assert found.entropy.item() == pytest.approx(math.log(2), abs=1e-6)
    assert found.surprisal.item() == pytest.approx(math.log(2), abs=1e-6)


@pytest.mark.parametrize("row", [[-INFINITE, -INFINITE], [float("nan"), 0.0], [INFINITE, 0.0]])
def test_logits_that_are_no_distribution_give_nan(row):
    found = moments(torch.tensor([row]))
    assert found.entropy.isnan()
    assert found.varentropy.isnan()


def test_a_vocabulary_of_one_is_certain():
    found = measure(torch.tensor([[3.0]]), torch.tensor([0]), 5, curve=True)
    assert (found.entropy, found.varentropy, found.surprisal, found.rank) == (0, 0, 0, 1)
    assert found.top_ids.tolist() == [[0]]
    assert found.curve_counts is not None
    assert found.curve_counts[0].tolist() == [1] * CURVE_EDGES


def test_equal_logits_are_ordered_by_id():
    logits = torch.zeros(1, 300)
    assert measure(logits, torch.tensor([41]), 4).rank.item() == 42
    assert top(logits, 4).tolist() == [[0, 1, 2, 3]]


def test_minus_zero_equals_zero():
    assert top(torch.tensor([[-0.0, 0.0, -0.0]]), 3).tolist() == [[0, 1, 2]]


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 1500), st.integers(1, 40), st.integers(1, 30), st.integers(0, 2**31))
def test_top_is_a_stable_sort_even_with_many_ties(size, count, levels, seed):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randint(-levels, levels, (2, size), generator=generator).float() / 8
    order = logits.sort(dim=1, descending=True, stable=True).indices[:, :count]
    assert top(logits, count).tolist() == order.tolist()


def test_top_logprobs_are_log_probabilities():
    logits, targets = random_case(4, 5000, 3.0)
    found = measure(logits, targets, 7)
    expected = torch.log_softmax(logits.double(), -1).topk(7)
    assert found.top_ids.tolist() == expected.indices.tolist()
    np.testing.assert_allclose(found.top_logprobs, expected.values, atol=TOLERANCE)


def test_the_curve_counts_tokens_and_mass_exactly():
    logits, _ = random_case(3, 20_000, 4.0)
    counts, mass = cumulative(logits, moments(logits))
    surprisal = -torch.log_softmax(logits.double(), -1)
    for edge in range(CURVE_EDGES):
        within = surprisal <= edge
        # A token within rounding of an edge may fall on either side of it.
        unsure = ((surprisal - edge).abs() < 1e-5).sum(1)
        assert ((counts[:, edge] - within.sum(1)).abs() <= unsure).all()
        expected = torch.where(within, (-surprisal).exp(), 0.0).sum(1)
        near = unsure * math.exp(-edge)
        assert ((mass[:, edge] - expected).abs() <= near + 1e-5).all()


def test_the_curve_leaves_out_what_is_less_likely_than_its_last_edge():
    logits = torch.tensor([[0.0, -100.0, -INFINITE]])
    counts, mass = cumulative(logits, moments(logits))
    assert counts[0].tolist() == [1] * CURVE_EDGES
    assert mass[0].tolist() == [1.0] * CURVE_EDGES


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_logits_are_measured_in_float32(dtype):
    logits, targets = random_case(3, 5000, 3.0)
    assert_exact(logits.to(dtype), targets)


def test_the_parts_a_block_is_taken_in_do_not_show():
    logits, targets = random_case(70, 50257, 2.0)
    whole = measure(logits, targets, 5, curve=True)
    for row in (0, 20, 21, 69):
        alone = measure(logits[row : row + 1], targets[row : row + 1], 5, curve=True)
        for name in ("rank", "top_ids", "curve_counts"):
            assert getattr(whole, name)[row].tolist() == getattr(alone, name)[0].tolist()
        torch.testing.assert_close(whole.entropy[row], alone.entropy[0], rtol=0, atol=1e-5)


def test_the_logits_given_stay_as_they_are():
    logits, targets = random_case(3, 1000, 2.0)
    before = logits.clone()
    measure(logits, targets, 5, curve=True)
    assert torch.equal(logits, before)


def test_entropy_takes_any_leading_shape():
    logits, _ = random_case(6, 100, 2.0)
    stacked = entropy(logits.reshape(2, 3, 100))
    assert stacked.shape == (2, 3)
    torch.testing.assert_close(stacked.flatten(), moments(logits).entropy)


@pytest.mark.parametrize("size", [70, 20_000])
def test_an_apple_gpu_gives_the_same_numbers(size):
    logits, targets = random_case(6, size, 4.0)
    plain = measure(logits, targets, top_k=5, curve=True)
    with AppleGpu():
        there = measure(on_gpu(logits), on_gpu(targets), top_k=5, curve=True)
    for name, value in vars(plain).items():
        torch.testing.assert_close(getattr(there, name).as_subclass(torch.Tensor), value)


@pytest.mark.parametrize(
    "missing",
    [
        lambda numbers: numbers.double(),
        lambda numbers: numbers.cumsum(-1, dtype=torch.float64),
        lambda numbers: numbers.long().topk(2),
    ],
)
def test_the_pretended_apple_gpu_refuses_what_a_real_one_cannot_do(missing):
    with AppleGpu(), pytest.raises(TypeError):
        missing(on_gpu(torch.ones(2, 3)))
