"""The engine's optimisers, one learning rate a copy."""

from __future__ import annotations

import pytest
import torch

from backend.trainings.engine.optimisers import Adam, Descent
from tests.vectors.reading import block, doubles

CASES = block("e", "1_engine")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind'][:4]} {case['lr']}")
def test_steps_on_a_bowl(case):
    momentum = 0.9 if case["kind"].startswith("sgd") else None
    optimiser = Adam() if momentum is None else Descent(momentum=momentum)
    rates, stretch = doubles(case["lr"]), doubles(case["c"])
    parameters = {"theta": doubles(case["theta0"]).repeat(len(rates), 1)}
    for expected in case["theta_after"]:
        optimiser.step(parameters, {"theta": stretch * parameters["theta"]}, rates)
        torch.testing.assert_close(parameters["theta"], doubles(expected), atol=1e-9, rtol=0)
