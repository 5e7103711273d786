"""Spectral norms and the bound of attention entropy by them (vectors of A § 6)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from backend.derived.heads import entropy_bound
from backend.measures.distribution import entropy
from backend.measures.spectral import power_iteration, query_key_norm, sigma_reparam
from tests.vectors.reading import EXACT, FLOAT32, block, cases

BLOCK = block("a", "6_sigma_reparam")
bounds = pytest.mark.parametrize("case", cases(BLOCK["bound"]))
examples = pytest.mark.parametrize("case", cases(BLOCK["worked_example"]))
maps = pytest.mark.parametrize("case", cases(BLOCK["sigma_reparam"]))


def rows_of(case):
    """Return the scores X W_K W_Qᵀ Xᵀ, float64 [T, T]."""
    given, key, query = (np.array(case[name]) for name in ("X", "W_K", "W_Q"))
    return given @ key @ query.T @ given.T


@bounds
def test_the_bound_is_that_of_the_theorem(case):
    bound = entropy_bound(np.array(case["sigma"]), np.array(case["T"]))
    assert bound == pytest.approx(case["bound_nats"], rel=EXACT, abs=1e-10)
    assert np.log(case["T"]) == pytest.approx(case["log_T"], abs=EXACT)
    assert bound <= case["log_T"] + EXACT


@bounds
def test_one_high_score_and_the_rest_equal_attain_it(case):
    tokens, sigma = case["T"], case["sigma"]
    row = np.full(tokens, -sigma / np.sqrt(max(1, tokens * (tokens - 1))))
    row[0] = sigma * np.sqrt((tokens - 1) / tokens)
    found = entropy(torch.tensor(row)[None]).item()
    assert found == pytest.approx(case["extremal_row_entropy"], abs=FLOAT32)
    assert entropy_bound(np.linalg.norm(row), np.array(tokens)) == pytest.approx(
        case["extremal_row_entropy"], rel=EXACT, abs=1e-10
    )


@bounds
def test_random_rows_on_the_sphere_stay_above_it(case):
    bound = entropy_bound(np.array(case["sigma"]), np.array(case["T"]))
    # Six decimals in the files.
    assert bound <= case["min_over_3000_random_rows_on_sphere"] + 1e-6


def test_a_search_finds_nothing_below_it():
    found = float(BLOCK["numerical_min_T4_sigma4"])
    # Seven decimals in the files.
    assert entropy_bound(np.array(4.0), np.array(4)) == pytest.approx(found, abs=1e-7)


@examples
def test_norms_of_the_worked_example(case):
    # The vectors hold W with scores X W_K W_Qᵀ Xᵀ; linear maps store the transpose.
    query, key = (torch.tensor(case[name]).T[None] for name in ("W_Q", "W_K"))
    weights = query_key_norm(query, key).item()
    inputs = np.linalg.norm(np.array(case["X"]) @ np.array(case["X"]).T, 2)
    assert weights == pytest.approx(case["sigma_w"], rel=1e-6)
    assert inputs == pytest.approx(case["sigma_x"], rel=EXACT)
    assert weights * inputs == pytest.approx(case["sigma"], rel=1e-6)


@examples
def test_entropies_of_the_worked_example(case):
    np.testing.assert_allclose(rows_of(case), case["logits"], atol=EXACT)
    found = entropy(torch.from_numpy(rows_of(case)))
    np.testing.assert_allclose(found, case["row_entropies_nats"], atol=FLOAT32)
    assert found.mean().item() == pytest.approx(case["mean_entropy"], abs=FLOAT32)


@examples
def test_the_bound_of_the_worked_example_gets_tighter_with_what_is_known(case):
    scores, keys = rows_of(case), np.array(len(case["logits"]))
    theorem = entropy_bound(np.array(case["sigma"]), keys)
    matrix = entropy_bound(np.linalg.norm(scores, 2), keys)
    rows = entropy_bound(np.linalg.norm(scores - scores.mean(1, keepdims=True), axis=1), keys)
    assert theorem == pytest.approx(case["bound"], rel=EXACT, abs=1e-10)
    whole = case["bound_with_actual_logit_spectral_norm"]
    assert matrix == pytest.approx(whole, rel=EXACT, abs=1e-10)
    np.testing.assert_allclose(rows, case["bound_with_centred_row_norm"], rtol=EXACT, atol=1e-10)
    assert (rows <= np.array(case["row_entropies_nats"]) + EXACT).all()


@maps
def test_a_map_is_divided_by_its_norm(case):
    weight = torch.tensor(case["W"], dtype=torch.float64)
    singular = torch.linalg.svdvals(weight).tolist()
    assert singular == pytest.approx(case["svd_sigma"], abs=EXACT)
    np.testing.assert_allclose(sigma_reparam(weight), case["ref_normalised_W"], atol=EXACT)
    # In the published code γ starts at the norm itself, so that nothing changes at first.
    same = torch.allclose(sigma_reparam(weight, singular[0]), weight)
    assert same == case["check_sn_linear_init_equals_weight"]


@maps
def test_power_iteration_approaches_the_norm(case):
    weight = torch.tensor(case["W"], dtype=torch.float64)
    first = torch.eye(weight.shape[1], dtype=torch.float64)[0]
    expected = case["power_iteration_from_e1"]
    found = power_iteration(weight, first, len(expected))
    np.testing.assert_allclose(found, expected, atol=EXACT)
    assert (found <= case["svd_sigma"][0] + EXACT).all()
