"""Classic truncation and temperature keep what transformers and llama.cpp keep (A § 3)."""

from __future__ import annotations

import pytest
import torch

from backend import samplers
from backend.samplers.base import Distribution
from backend.samplers.temperature import dynamic_temperature
from tests.samplers.helpers import apply, kept_ids
from tests.vectors.reading import EXACT, block, cases, log_probs

BLOCK = block("a", "3_classic")
NAMES = {"typical_p": "typical", "epsilon_cutoff": "epsilon", "eta_cutoff": "eta"}


def kept(name, value, probs=BLOCK["p"], **parameters):
    return kept_ids(apply(samplers.make(name, value, **parameters), log_probs(probs)))


def test_the_entropy_of_the_common_distribution():
    found = Distribution(log_probs(BLOCK["p"])).entropy.item()
    assert found == pytest.approx(BLOCK["H_nats"], abs=EXACT)


@pytest.mark.parametrize("row", cases(BLOCK["rows"]))
def test_each_sampler_keeps_its_tokens(row):
    name = NAMES.get(row["sampler"], row["sampler"])
    found = kept(name, row["value"], row.get("p", BLOCK["p"]))
    assert found == row["keep"]
    assert found == row.get("numpy", row["keep"])


@pytest.mark.parametrize("case", cases(BLOCK["top_n_sigma"]))
def test_top_n_sigma(case):
    sigma = ("population", "sample")[case["ddof"]]
    sampler = samplers.make("top_n_sigma", n=case["n"], sigma=sigma)
    step = apply(sampler, torch.tensor([case["logits"]], dtype=torch.float64))
    assert kept_ids(step) == case["keep"]
    assert step.details["sigma"].item() == pytest.approx(case["sigma"], abs=EXACT)


@pytest.mark.parametrize("case", cases(BLOCK["tail_free"]))
def test_tail_free(case):
    assert len(kept("tail_free", case["z"], case.get("p", BLOCK["p"]))) == case["n_keep"]


@pytest.mark.parametrize("case", cases(BLOCK["order_matters"]))
def test_temperature_first_or_last_changes_the_set(case):
    heat = {"temperature": case["T"]}
    step = apply(samplers.make("temperature", case["T"]), log_probs(BLOCK["p"]))
    assert step.probs[0].tolist() == pytest.approx(case["p_tempered"], abs=EXACT)
    for name, first, last in (
        ("top_p", "hf_temp_first", "llamacpp_truncate_first"),
        ("min_p", "minp_temp_first", "minp_truncate_first"),
    ):
        assert kept(name, case[name], **heat, temperature_order="first") == case[first]
        assert kept(name, case[name], **heat, temperature_order="last") == case[last]


@pytest.mark.parametrize("case", cases(BLOCK["temperature"]))
def test_temperature(case):
    step = apply(samplers.make("temperature", case["T"]), log_probs(BLOCK["p"]))
    assert step.probs[0].tolist() == pytest.approx(case["p"], abs=EXACT)
    assert step.drawn.entropy.item() == pytest.approx(case["H_nats"], abs=EXACT)
    assert step.drawn.varentropy.item() == pytest.approx(case["varentropy_nats2"], abs=EXACT)
    slope = step.drawn.varentropy.item() / case["T"]
    assert slope == pytest.approx(case["dH_dT_exact"], abs=EXACT)


@pytest.mark.parametrize("case", cases(BLOCK["dynamic_temperature_llamacpp"]))
def test_dynamic_temperature(case):
    raw = Distribution(log_probs(BLOCK["p"]))
    assert raw.entropy.item() == pytest.approx(case["H_before"], abs=EXACT)
    used = dynamic_temperature(
        raw.entropy, len(BLOCK["p"]), case["T"], case["delta"], case["exponent"]
    )
    assert used.item() == pytest.approx(case["T_dyn"], abs=EXACT)
    assert raw.tempered(used.item()).entropy.item() == pytest.approx(case["H_after"], abs=EXACT)
