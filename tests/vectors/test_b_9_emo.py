"""EMO: the cost of moving a prediction to what came, and a bound of it between distributions."""

from __future__ import annotations

import pytest
import torch

from backend.measures.earth_mover import mover_bound, mover_cost, unit_rows
from tests.vectors.reading import EXACT, block, doubles

CASES = block("b", "9_emo")["vectors"]
ONE_HOT = [case for case in CASES if "target" in case]
SOFT = [case for case in CASES if "p" in case]
TABLE = ONE_HOT[0]["embeddings"]
"""Soft cases name none of their own: they are over the same tokens."""


def each(found):
    return pytest.mark.parametrize("case", found, ids=lambda case: case["name"])


def rows_of(case):
    return unit_rows(doubles(case.get("embeddings", TABLE)))


def test_every_case_is_read():
    assert len(ONE_HOT) + len(SOFT) == len(CASES)


@each(ONE_HOT)
def test_the_cost_of_what_came_is_the_exact_distance_and_its_gradient_follows(case):
    rows, came = rows_of(case), torch.tensor([case["target"]])
    logits = doubles([case["q"]]).log().requires_grad_()
    q = logits.softmax(-1)
    cost = mover_cost(q, rows, came)
    cost.sum().backward()
    assert cost.item() == pytest.approx(case["demd"], abs=EXACT)
    assert cost.item() == pytest.approx(case["exact_emd_lp"], abs=EXACT)
    assert logits.grad is not None
    assert logits.grad[0].tolist() == pytest.approx(case["grad_logits"], abs=EXACT)
    patched = case["value_in_emo_patch_with_detached_target_mass"]
    assert cost.item() + q[0, came].item() == pytest.approx(patched, abs=EXACT)
    surprisal = -q[0, came].log().item()
    assert surprisal == pytest.approx(case["mle_nats"], abs=EXACT)
    assert surprisal / cost.item() == pytest.approx(case["dynamic_weight_demd"], abs=EXACT)
    assert surprisal / patched == pytest.approx(case["dynamic_weight_code"], abs=EXACT)


@each(SOFT)
def test_between_distributions_it_is_an_upper_bound(case):
    rows = rows_of(case)
    p, q = doubles([case["p"]]), doubles([case["q"]])
    assert mover_bound(p, q, rows).item() == pytest.approx(case["demd_upper_bound"], abs=EXACT)
    assert mover_bound(p, p, rows).item() == pytest.approx(case["self_bound_p_equals_q"], abs=EXACT)
    assert case["exact_emd_lp"] <= mover_bound(p, q, rows).item()


def test_a_token_without_an_embedding_costs_1_and_no_nan():
    rows = unit_rows(doubles([[0.0, 0.0], [3.0, 4.0]]))
    cost = mover_cost(doubles([[0.25, 0.75]]), rows, torch.tensor([1]))
    assert cost.item() == pytest.approx(0.25, abs=EXACT)
