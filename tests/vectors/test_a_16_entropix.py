"""Entropy and varentropy in bits and nats, and the corners of Entropix (vectors of A § 16).

Versions that look at attention, and the accidents of the published sampler, are not rebuilt.
"""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch

from backend import samplers
from backend.measures.distribution import entropy, measure
from backend.runs.token_numbers import ENTROPY, VARENTROPY
from backend.samplers.base import Distribution
from tests.vectors.reading import FLOAT32, block, cases, log_probs

BLOCK = block("a", "16_entropix")
BIT = math.log(2)
STATES = ("LELV", "HELV", "LEHV", "HEHV", "adaptive")
# Thresholds of the versions that judge by logits alone, in their own units.
VERSIONS = {
    "v9702669": ((0.1, 3, 5, 0.1, 5), BIT),
    "cceeb84": ((0.1, 5, 5, 0.1, 5), BIT),
    "HEAD": ((0.3, 2.5, 2.5, 1.2, 2.5), 1.0),
}
NAMES = ("low_entropy", "high_entropy", "split_entropy", "low_varentropy", "high_varentropy")


def probabilities(name):
    """Return the distribution that a name of the files stands for."""
    even = re.fullmatch(r"uniform(\d+)", name)
    if even:
        return [1 / int(even[1])] * int(even[1])
    return {
        "one_hot_ish": [0.999, 0.001],
        "two_way": [0.5, 0.5],
        "half_quarter": [0.5, *[0.125] * 4],
        "peak_plus_flat_tail": [0.5, *[0.0005] * 1000],
    }[name]


def moments(log_p):
    """Return entropy and varentropy in nats and nats², float64, as samplers see them."""
    found = Distribution(log_p)
    return found.entropy.item(), found.varentropy.item()


def check(log_p, bits, squared, nats, nats_squared):
    found = moments(log_p)
    assert found == pytest.approx((nats, nats_squared), abs=1e-8)
    assert ENTROPY.shown(np.array(found[0]), "bits") == pytest.approx(bits, abs=1e-8)
    assert VARENTROPY.shown(np.array(found[1]), "bits") == pytest.approx(squared, abs=1e-8)
    stored = measure(log_p, torch.tensor([0]), 1)
    assert stored.entropy.item() == pytest.approx(nats, abs=FLOAT32)
    assert stored.varentropy.item() == pytest.approx(nats_squared, abs=2 * FLOAT32)


def test_the_moments_of_the_common_distribution():
    check(
        log_probs(BLOCK["logits_log_p"]),
        BLOCK["entropy_bits"],
        BLOCK["varentropy_bits2"],
        BLOCK["entropy_nats"],
        BLOCK["varentropy_nats2"],
    )
    assert BLOCK["varentropy_numpy"] == pytest.approx(BLOCK["varentropy_bits2"], abs=1e-8)


@pytest.mark.parametrize("case", cases(BLOCK["distributions"]))
def test_the_moments_of_a_distribution_in_both_units(case):
    log_p = log_probs(probabilities(case["dist"]))
    check(log_p, case["H_bits"], case["V_bits2"], case["H_nats"], case["V_nats2"])


@pytest.mark.parametrize("name", [name for name in BLOCK if name.startswith("metrics_")])
def test_every_version_measures_logits_and_scores_like_us(name):
    case = BLOCK[name]
    nats = moments(log_probs(BLOCK["logits_log_p"]))
    assert nats[0] / BIT == pytest.approx(case["logits_entropy"], abs=1e-8)
    assert nats[1] / BIT**2 == pytest.approx(case["logits_varentropy"], abs=1e-8)
    scores = torch.tensor(BLOCK["attention_scores"], dtype=torch.float64)[0, :, -1]
    slots = re.search(r"unfilled_cache_(\d+)", name)
    if slots:
        scores = torch.nn.functional.pad(scores, (0, int(slots[1]) - scores.shape[-1]))
    heads = entropy(scores) / BIT
    assert heads.mean().item() == pytest.approx(case["attn_entropy"], abs=5 * FLOAT32)
    if "first_version" not in name:  # that one took the variance over an axis of length 1
        spread = heads.var(correction=0).item()
        assert spread == pytest.approx(case["attn_varentropy"], abs=5 * FLOAT32)


@pytest.mark.parametrize("case", cases(BLOCK["quadrants"]))
@pytest.mark.parametrize("version", VERSIONS)
def test_the_corner_is_that_of_each_version(version, case):
    thresholds, unit = VERSIONS[version]
    units = (unit, unit, unit, unit**2, unit**2)
    values = [each * factor for each, factor in zip(thresholds, units, strict=True)]
    sampler = samplers.make("entropix", **dict(zip(NAMES, values, strict=True)))
    given = torch.tensor([[case["H"] * unit], [case["V"] * unit**2]], dtype=torch.float64)
    state = STATES[int(sampler.state_of(*given))]
    if version == "HEAD":
        # There the largest of four flags is taken: without any it reads LELV.
        assert (state != "adaptive") == case["HEAD_any_flag"]
        state = "LELV" if state == "adaptive" else state
    assert case[version].startswith(state)


@pytest.mark.parametrize("case", cases(BLOCK["sampler_bug_monte_carlo_1500"]))
def test_unlike_in_the_published_sampler_a_small_top_p_keeps_the_most_likely_token(case):
    sampler = samplers.make("entropix", p=0.5, k=case["top_k"])
    step = sampler.filter(log_probs(case["p"]), {})
    assert step.kept[0, int(np.argmax(case["p"]))]
