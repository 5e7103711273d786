"""Inverse entropy: both walks, all selections of answers, and when the measure is monotone."""

from __future__ import annotations

import math
import re

import pytest
import torch

from backend.measures.inverse_entropy import (
    Walks,
    bounds,
    drawn,
    selections,
    temperature_sensitivity,
    walk,
)
from tests.vectors.reading import EXACT, block, cases, doubles

CASES = block("b", "1_inv_entropy")["vectors"]


def walks(sim_x, sim_y) -> Walks:
    return Walks(walk(doubles(sim_x)), walk(doubles(sim_y)))


def alike(variants: int, different: float):
    """Return similarities that are all the same apart from the diagonal."""
    found = torch.full((variants, variants), 1 - different, dtype=torch.float64)
    return found.fill_diagonal_(1)


def even(variants: int, eps_x: float, eps_y: float) -> Walks:
    return Walks(walk(alike(variants, eps_x)), walk(alike(variants, eps_y)))


@pytest.mark.parametrize("case", cases(CASES))
def test_every_case(case):
    tried = 0
    if "sim_x" in case:
        found = walks(case["sim_x"], case["sim_y"])
        expected = {
            "diag": found.diagonal,
            "p_y": found.p_y,
            "p_x_total_probability": found.p_x,
            "p_x_as_printed_in_paper": found.printed_p_x,
            "inv_entropy_nats": found.entropy,
            "ni_entropy_nats": found.forward_entropy,
        }
        for name, value in expected.items():
            if name in case:
                assert value.tolist() == pytest.approx(case[name], abs=EXACT), name
                tried += 1
    if "answer_ids" in case:
        ids = torch.tensor(case["answer_ids"])
        similar = doubles(case["answer_sim"])[ids.ravel()][:, ids.ravel()]
        chosen = selections(len(ids), ids.shape[1], 10**6, seed=0)
        px = walk(doubles(case["sim_x_questions"]))
        found = Walks(px, walk(drawn(similar, chosen))).entropy
        assert sorted(found.tolist()) == pytest.approx(sorted(case["per_selection"]), abs=EXACT)
        assert float(found.mean()) == pytest.approx(case["mean_inv_entropy_nats"], abs=EXACT)
        tried += 1
    named = {name: float(value) for name, value in re.findall(r"(\w+)=([\d.]+)", case["name"])}
    if "p_ii" in case:
        found = even(int(named["n"]) + 1, named["eps_x"], named["eps_y"])
        assert found.diagonal.tolist() == pytest.approx([case["p_ii"]] * (int(named["n"]) + 1))
        assert float(found.entropy) == pytest.approx(case["inv_entropy_nats"], abs=EXACT)
        low, high = bounds(int(named["n"]) + 1)
        assert low == pytest.approx(case["all_same_log_n_plus_1"], abs=EXACT)
        assert high == pytest.approx(case["max_possible"], abs=EXACT)
        tried += 1
    if "eps_y_and_H" in case:
        variants = int(re.search(r"(\d+) variants", case["name"])[1])
        for eps, expected in case["eps_y_and_H"]:
            assert float(even(variants, named["eps_x"], eps).entropy) == pytest.approx(
                expected, abs=EXACT
            )
            tried += 1
    assert tried


def test_draws_are_different_and_no_more_than_there_are():
    assert len(selections(4, 1, 20, seed=0)) == 1
    found = selections(10, 5, 20, seed=3)
    assert len({tuple(each) for each in found.tolist()}) == 20
    assert found.min() >= 0
    assert found.max() < 5


def test_the_sensitivity_counts_questions_that_rise_at_every_step():
    rising = doubles([[1.0, 1.1, 1.2], [1.0, 1.2, 1.1]])
    assert temperature_sensitivity(rising) == 0.5
    assert temperature_sensitivity(doubles([[1.0, 1.0, 1.0]])) == 0


def test_no_return_counts_nothing():
    found = walks([[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]])
    assert float(found.entropy) == 0
    assert math.isfinite(float(found.entropy))
