"""CRReLU: its value and slope, and what activations do to the entropy of a normal input."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from backend.measures.activations import activated_entropy, crrelu
from tests.vectors.reading import block, doubles

BLOCK = block("a", "15_crrelu")
ACTIVATIONS = {
    "gaussian_input": lambda x: x,
    "normal_cdf_WAFBC_range_0_1": torch.special.ndtr,
    "sigmoid": torch.sigmoid,
    "tanh_rescaled_to_0_1": lambda x: (torch.tanh(x) + 1) / 2,
    "leaky_relu_0_01": lambda x: F.leaky_relu(x, 0.01),
    "leaky_relu_0_25": lambda x: F.leaky_relu(x, 0.25),
}


def test_value():
    value = crrelu(doubles(BLOCK["x"]), BLOCK["eps"])
    assert value.tolist() == pytest.approx(BLOCK["crrelu"], abs=1e-9)


def test_slope_beside_the_jump_at_0():
    x = doubles([each for each in BLOCK["x"] if each]).requires_grad_()
    (slope,) = torch.autograd.grad(crrelu(x, BLOCK["eps"]).sum(), x)
    found = BLOCK["derivative_x_ne_0"]
    if len(found) == len(BLOCK["x"]):
        found = [each for at, each in zip(BLOCK["x"], found, strict=True) if at]
    assert slope.tolist() == pytest.approx(found, abs=1e-9)


def test_least_value_on_the_negative_side():
    case = BLOCK["min_negative_side"]
    x = torch.linspace(-4, 0, 4001, dtype=torch.float64)
    value = crrelu(x, BLOCK["eps"])
    assert float(x[value.argmin()]) == pytest.approx(case["x"], abs=1e-3)
    assert float(value.min()) == pytest.approx(case["value"], abs=1e-9)


CASES = BLOCK["differential_entropy_nats_of_activation_of_N01"]


@pytest.mark.parametrize("name", CASES)
def test_entropy_of_an_activated_normal_input(name):
    assert activated_entropy(ACTIVATIONS[name]) == pytest.approx(CASES[name], abs=1e-6)
