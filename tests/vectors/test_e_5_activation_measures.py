"""Histograms of activations, and CRReLU with the ε that it learns."""

from __future__ import annotations

import math

import pytest
import torch

from backend.measures.activations import (
    bin_counts,
    binned_entropy,
    crrelu,
    dead_neurons,
    near_zero_share,
)
from backend.measures.neurons import share_entropy
from tests.vectors.reading import block, doubles

CASES = block("e", "5_activation_measures")
ACTIVATIONS = [case for case in CASES if "activations" in case]
CURVES = [case for case in CASES if "x" in case]


def test_every_case_is_read():
    assert len(ACTIVATIONS) + len(CURVES) == len(CASES)


@pytest.mark.parametrize("case", ACTIVATIONS, ids=lambda case: case["bins"])
def test_activations(case):
    values, bins, ends = doubles(case["activations"]), case["bins"], case["range"]
    low, high = (doubles([end]) for end in ends)
    counts = bin_counts(values.reshape(1, -1), bins, low, high)
    assert counts[0].tolist() == case["counts"]
    entropy = float(binned_entropy(values[None], bins, tuple(ends)))
    assert entropy == pytest.approx(case["histogram_entropy"], abs=1e-9)
    silent = float(near_zero_share(values[None], case["threshold"]))
    assert silent == pytest.approx(case["sparsity"], abs=1e-9)
    shares = share_entropy(values)  # float32
    assert shares.tolist() == pytest.approx(case["normalised"], abs=1e-6)
    whole = (shares * math.log(values.shape[1])).tolist()
    assert whole == pytest.approx(case["neuron_share_entropy_per_token"], abs=1e-6)
    assert int(dead_neurons(values)) == case["dead_neurons"]


@pytest.mark.parametrize("case", CURVES, ids=lambda case: case["eps"])
def test_crrelu_and_its_slopes(case):
    x = doubles(case["x"]).requires_grad_()
    epsilon = doubles(case["eps"]).expand(len(x)).clone().requires_grad_()
    value = crrelu(x, epsilon)
    assert value.tolist() == pytest.approx(case["value"], abs=1e-9)
    by_x, by_epsilon = torch.autograd.grad(value.sum(), (x, epsilon))
    assert by_epsilon.tolist() == pytest.approx(case["d_d_eps"], abs=1e-9)
    assert by_x.tolist() == pytest.approx(case["d_d_x"], abs=1e-9)
