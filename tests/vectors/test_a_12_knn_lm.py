"""kNN-LM: weights of neighbours, what they say together, and the mix with the model's own."""

from __future__ import annotations

import pytest
import torch

from backend.measures.neighbours import interpolated, nearest, neighbour_log_weights, retrieved
from tests.vectors.reading import EXACT, block, cases, doubles

BLOCK = block("a", "12_knn_lm")


def entropy(p):
    return float(torch.special.entr(p).sum())


def bound(found, case):
    share = BLOCK["lam"]
    return share * entropy(found) + (1 - share) * case["H_lm"]


@pytest.mark.parametrize("case", cases(BLOCK["rows"]))
def test_neighbours_speak_for_their_tokens_and_are_mixed_with_the_model(case):
    weights = neighbour_log_weights(doubles([BLOCK["squared_l2"]]), case["T"])
    own = doubles([BLOCK["p_lm"]])
    found = retrieved(weights, torch.tensor([BLOCK["neighbour_values"]]), own.shape[1])
    mix = interpolated(found.log(), own.log(), BLOCK["lam"]).exp()
    assert weights.exp()[0].tolist() == pytest.approx(case["weights"], abs=EXACT)
    assert found[0].tolist() == pytest.approx(case["p_knn"], abs=EXACT)
    assert mix[0].tolist() == pytest.approx(case["p_mix"], abs=EXACT)
    assert entropy(found) == pytest.approx(case["H_knn"], abs=EXACT)
    among = entropy(weights.exp())
    assert among == pytest.approx(case["H_weights_over_neighbours"], abs=EXACT)
    assert entropy(mix) == pytest.approx(case["H_mix"], abs=EXACT)
    assert entropy(own) == pytest.approx(case["H_lm"], abs=EXACT)
    assert bound(found, case) == pytest.approx(case["mix_entropy_lower_bound"], abs=EXACT)
    assert bound(found, case) <= entropy(mix)


def test_distances_that_are_not_squared_say_something_else():
    trap = doubles([BLOCK["squared_l2"]]).sqrt()
    values = torch.tensor([BLOCK["neighbour_values"]])
    found = retrieved(neighbour_log_weights(trap, 1.0), values, len(BLOCK["p_lm"]))
    assert found[0].tolist() == pytest.approx(BLOCK["sqrt_distance_trap"]["p_knn"], abs=EXACT)


def test_the_search_is_exact_and_finds_a_duplicate_at_0():
    luck = torch.Generator().manual_seed(0)
    keys = torch.randn(600, 8, generator=luck) * 30
    queries = torch.cat([keys[17:18], torch.randn(300, 8, generator=luck) * 30])
    distances, places = nearest(queries, keys, 5)
    every = torch.cdist(queries.double(), keys.double()).square()
    expected, where = every.topk(5, largest=False)
    assert distances[0, 0] == 0
    assert places[0, 0] == 17
    assert torch.equal(places, where)
    torch.testing.assert_close(distances.double(), expected, rtol=1e-5, atol=1e-3)


def test_weights_of_a_tiny_temperature_do_not_underflow():
    found = neighbour_log_weights(doubles([[40.0, 41.0, 90.0]]), 1e-3)
    assert torch.isfinite(found).all()
    assert found[0, 0] == 0


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_at_either_end_of_the_slider_one_speaks_alone(share):
    own, other = doubles([[0.5, 0.5]]).log(), doubles([[1.0, 0.0]]).log()
    assert torch.equal(interpolated(other, own, share), other if share else own)
