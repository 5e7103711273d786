"""σReparam in training, and when a head has collapsed."""

from __future__ import annotations

import pytest
import torch

from backend.measures.collapse import collapsed_at, power_step, reparametrised, spectral_estimate
from tests.vectors.reading import block, doubles

CASES = block("e", "2_sigma_reparam_training")
MATRICES = [case for case in CASES if "W" in case]
SERIES = [case for case in CASES if "min_head_entropy" in case]


def test_every_case_is_read():
    assert len(MATRICES) + len(SERIES) == len(CASES)


@pytest.mark.parametrize("case", MATRICES, ids=lambda case: str(case["W"]))
def test_power_iteration_and_its_gradient(case):
    weight = doubles([case["W"]]).requires_grad_()
    gamma, right = doubles([case["gamma"]]), doubles([case["v0"]])
    sigma = float(torch.linalg.matrix_norm(weight[0], 2))
    assert sigma == pytest.approx(case["exact_sigma"], abs=1e-9)
    for step in case["steps"]:
        with torch.no_grad():
            left, right = power_step(weight, right)
        estimate = spectral_estimate(weight, left, right)
        assert float(estimate) == pytest.approx(step["sigma_estimate"], abs=1e-9)
        effective = reparametrised(weight, gamma, left, right)
        expected = doubles([step["effective"]])
        torch.testing.assert_close(effective.detach(), expected, atol=1e-9, rtol=0)
    (gradient,) = torch.autograd.grad(effective.sum(), weight)
    expected = doubles([case["grad_of_sum_of_effective_last_step"]])
    torch.testing.assert_close(gradient, expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize("case", SERIES, ids=lambda case: str(case["collapsed_at_step"]))
def test_collapse_is_told_when_it_holds(case):
    steps = [case["record_every"] * place for place in range(len(case["min_head_entropy"]))]
    found = collapsed_at(case["min_head_entropy"], steps, case["level"], case["hold"])
    assert found == case["collapsed_at_step"]
