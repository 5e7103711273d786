"""Information capacity: work a token as the authors count it and as it is, and what follows."""

from __future__ import annotations

import math

import pytest
import torch

from backend.measures.capacity import (
    Shape,
    fitted_bias,
    flops_per_token,
    information_capacity,
    text_size,
)
from tests.vectors.reading import block, cases

CASES = block("b", "8_information_capacity")["vectors"]


def shape(config):
    return Shape(
        config["num_hidden_layers"], config["hidden_size"], config["num_attention_heads"],
        config["num_key_value_heads"], config["intermediate_size"], config["vocab_size"],
        config.get("head_dim"),
    )  # fmt: skip


@pytest.mark.parametrize("case", cases(CASES))
def test_every_case(case):
    tried = 0
    if "flops_per_token" in case:
        found = flops_per_token(shape(case["config"]))
        assert found == case["flops_per_token"]
        assert math.log2(found) == pytest.approx(case["log2_flops"], abs=1e-10)
        assert flops_per_token(shape(case["config"]), head=False) == case["no_lm_head"]
        tried += 1
    if "ic" in case:
        bits = case["mean_bits_of_text_per_token"] - case["mean_nll_bits"]
        gain = torch.tensor([bits * math.log(2)], dtype=torch.float64)
        flops = torch.tensor([case["flops"]], dtype=torch.float64)
        with_bias = information_capacity(gain, flops, case["bias"])
        assert float(with_bias) == pytest.approx(case["ic"], abs=1e-10)
        plain = information_capacity(gain, flops)
        assert float(plain) == pytest.approx(case["ic_without_bias"], abs=1e-10)
        tried += 1
    if "flops_code" in case:
        own = shape(case["config"])
        assert flops_per_token(own.as_counted()) == case["flops_code"]
        assert flops_per_token(own) == case["flops_with_head_dim"]
        assert math.log2(case["flops_code"]) == pytest.approx(case["log2_code"], abs=1e-10)
        assert math.log2(flops_per_token(own)) == pytest.approx(case["log2_true"], abs=1e-10)
        tried += 1
    assert tried == 1, "a case of a kind that is not known here"


def test_size_of_a_text_is_eight_bits_a_byte():
    size = text_size(torch.tensor([12.0]), torch.tensor([3.0]))
    assert float(size) == pytest.approx(32 * math.log(2), abs=1e-12)


def test_the_fitted_bias_makes_capacities_of_a_line_equal():
    flops = torch.tensor([2.0**28, 2.0**30, 2.0**33], dtype=torch.float64)
    gain = (0.4 * flops.log2() + 18.7) * math.log(2)
    bias = fitted_bias(gain, flops)
    assert bias == pytest.approx(-18.7, abs=1e-9)
    found = information_capacity(gain, flops, bias)
    assert float(found.std()) < 1e-9
    assert math.isnan(fitted_bias(gain[:1], flops[:1]))
