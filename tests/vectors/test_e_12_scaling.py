"""A source of known entropy, the fit of a law, and what a network stores."""

from __future__ import annotations

import pytest
import torch

from backend.measures.scaling import (
    bits_stored,
    entropy_floor,
    fit_power_law,
    quantised,
    zipf,
)
from tests.vectors.reading import block, doubles

CASES = block("e", "12_scaling")
KEYS = ("irreducible_nats", "L_inf", "bits_stored", "quantised")


def with_key(key):
    """Return the cases that have a number of this name."""
    return pytest.mark.parametrize("case", [case for case in CASES if key in case], ids=str)


def test_every_case_is_read():
    assert all(sum(key in case for key in KEYS) == 1 for case in CASES)


@with_key("irreducible_nats")
def test_the_floor_of_a_source(case):
    floor = entropy_floor(case["items"], case["zipf"], case["classes"], case["noise"])
    assert floor == pytest.approx(case["irreducible_nats"], abs=1e-9)
    shares = zipf(case["items"], case["zipf"])
    entropy = float(torch.special.entr(shares).sum())
    assert entropy == pytest.approx(case["item_entropy_nats"], abs=1e-9)
    assert float(shares[:10].sum()) == pytest.approx(case["mass_of_first_10"], abs=1e-9)


@with_key("L_inf")
def test_a_fit_recovers_its_law(case):
    law = fit_power_law(doubles(case["N"]), doubles(case["loss"]))
    assert law.floor == pytest.approx(case["L_inf"], abs=1e-4)
    assert law.exponent == pytest.approx(case["alpha"], abs=1e-4)
    assert law.scale == pytest.approx(case["N0"], rel=1e-4)


@with_key("bits_stored")
def test_bits_a_network_stores(case):
    bits = float(bits_stored(case["facts"], case["values"], doubles(case["loss_nats"])))
    assert bits == pytest.approx(case["bits_stored"], abs=1e-9)
    assert bits / case["parameters"] == pytest.approx(case["bits_per_parameter"], abs=1e-9)


@with_key("quantised")
def test_rounding(case):
    weights = doubles([case["weights"]])
    assert case["rounding"] == "half to even"
    found = quantised(weights, case["bits"])
    torch.testing.assert_close(found[0], doubles(case["quantised"]), atol=1e-9, rtol=0)
    scale = float(weights.abs().max()) / (2 ** (case["bits"] - 1) - 1)
    assert scale == pytest.approx(case["scale"], abs=1e-9)
