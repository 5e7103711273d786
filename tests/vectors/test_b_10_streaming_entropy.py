"""Entropy in one pass over the vocabulary, without cancellation (vectors of B § 10)."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from backend.measures.distribution import entropy, log_probabilities, measure, moments
from tests.vectors.reading import FLOAT32, block, cases

BLOCK = block("b", "10_streaming_entropy")
CASES = BLOCK["vectors"]
NOISE = re.compile(r"(\d+) logits ~ N\((-?[\d.]+),\s*([\d.]+)\^2\), default_rng\((\d+)\)")


def logits_of(case):
    """Return the logits of a case, [R, V]: given, or states times a classifier."""
    if "E" in case:
        return torch.tensor(case["E"]) @ torch.tensor(case["C"]).T
    return torch.tensor(case["logits"]).reshape(-1, np.shape(case["logits"])[-1])


@pytest.mark.parametrize("case", cases([each for each in CASES if "logits" in each]))
def test_the_numbers_of_rows_of_logits(case):
    logits = logits_of(case)
    torch.testing.assert_close(
        logits, torch.tensor(case["logits"]).reshape(logits.shape), atol=FLOAT32, rtol=0
    )
    found = moments(logits)
    lse = found.peak[:, 0] + found.log_sum
    numbers = {
        "lse": lse,
        "entropy_nats": found.entropy,
        "expected_logit": lse - found.entropy,
        "varentropy": found.varentropy,
    }
    for name in numbers.keys() & case.keys():
        np.testing.assert_allclose(numbers[name], np.ravel(case[name]), atol=FLOAT32)
    if "grad_entropy_wrt_logits" in case:
        log_p = log_probabilities(logits, torch.arange(logits.shape[1])[None], found)
        slope = -log_p.exp() * (log_p + found.entropy[:, None])
        np.testing.assert_allclose(slope[0], case["grad_entropy_wrt_logits"], atol=FLOAT32)


@pytest.mark.parametrize("case", cases([each for each in CASES if "logits" in each]))
def test_the_surprisal_of_any_target_is_what_is_missing_to_the_log_sum(case):
    logits = logits_of(case)
    for target in range(logits.shape[1]):
        found = measure(logits, torch.full((len(logits),), target), 1)
        expected = np.ravel(case["lse"]) - logits[:, target].numpy()
        np.testing.assert_allclose(found.surprisal, expected, atol=FLOAT32)


@pytest.mark.parametrize("case", cases([each for each in CASES if NOISE.search(each["name"])]))
def test_large_offsets_cost_no_precision(case):
    size, mean, spread, seed = NOISE.search(case["name"]).groups()
    noise = np.random.default_rng(int(seed))
    logits = torch.from_numpy(
        noise.normal(float(mean), float(spread), int(size)).astype(np.float32)
    )
    exact = case["entropy_float64_of_same_float32_logits"]
    log_p = logits.double().log_softmax(-1)
    assert -(log_p.exp() * log_p).sum().item() == pytest.approx(exact, abs=1e-9)
    found = entropy(logits[None]).item()
    assert found == pytest.approx(exact, abs=FLOAT32)
    assert found == pytest.approx(case["shifted_stream_float32"], abs=FLOAT32)
    assert abs(found - exact) <= max(1e-6, abs(case["naive_lse_minus_mean_float32"] - exact))


def test_every_case_is_one_of_these():
    assert all("logits" in each or NOISE.search(each["name"]) for each in CASES)
