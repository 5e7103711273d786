"""Published numbers: kept sets and feedback of the sources' own code."""

from __future__ import annotations

import pytest
import torch

from backend import samplers
from tests.samplers.helpers import VECTORS, apply, kept, kept_ids, zipf

TOP_H, MIROSTAT, CLASSIC = VECTORS["1_top_h"], VECTORS["2_mirostat"], VECTORS["3_classic"]
PARAMETER = {"top_k": "k", "top_p": "p", "min_p": "min_p", "typical_p": "mass"}
RULES = {
    "paper": "paper_keep",
    "author": "author_code_keep",
    "transformers": "transformers_5_23_keep",
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("case", TOP_H["small"], ids=lambda case: f"{case['p'][0]}-{case['alpha']}")
def test_top_h_keeps_what_each_of_its_three_rules_says(case, rule):
    assert kept("top_h", case["p"], alpha=case["alpha"], rule=rule) == case[RULES[rule]]


@pytest.mark.parametrize(("rule", "count"), [("paper", 31), ("author", 17), ("transformers", 18)])
def test_top_h_on_a_heavy_tail(rule, count):
    assert len(kept("top_h", zipf(5000, 1.1, 2.7), alpha=0.5, rule=rule)) == count


@pytest.mark.parametrize("case", TOP_H["small"], ids=lambda case: f"{case['p'][0]}-{case['alpha']}")
def test_top_h_tells_its_budget(case):
    step = apply(
        samplers.make("top_h", alpha=case["alpha"]), torch.tensor([case["p"]]).double().log()
    )
    assert step.details["budget"].item() == pytest.approx(case["budget"], abs=1e-6)
    assert step.details["used"].item() <= case["budget"] + 1e-6


@pytest.mark.parametrize("row", CLASSIC["rows"], ids=lambda row: f"{row['sampler']}-{row['value']}")
def test_classic_rules(row):
    name = row["sampler"].replace("typical_p", "typical")
    found = kept(name, CLASSIC["p"], **{PARAMETER[row["sampler"]]: row["value"]})
    assert found == row["keep"]


@pytest.mark.parametrize("case", CLASSIC["tail_free"], ids=lambda case: str(case["z"]))
def test_tail_free(case):
    assert len(kept("tail_free", CLASSIC["p"], z=case["z"])) == case["n_keep"]


@pytest.mark.parametrize("case", CLASSIC["top_n_sigma"], ids=lambda c: f"{c['n']}-{c['ddof']}")
def test_top_n_sigma(case):
    sigma = ("population", "sample")[case["ddof"]]
    sampler = samplers.make("top_n_sigma", n=case["n"], sigma=sigma)
    step = apply(sampler, torch.tensor([case["logits"]], dtype=torch.float64))
    assert kept_ids(step) == case["keep"]
    assert step.details["sigma"].item() == pytest.approx(case["sigma"], abs=1e-9)


def test_temperature_first_or_last_changes_the_set():
    case = CLASSIC["order_matters"]
    for name, first, last in [
        ("top_p", "hf_temp_first", "llamacpp_truncate_first"),
        ("min_p", "minp_temp_first", "minp_truncate_first"),
    ]:
        given = {"temperature": case["T"], name: case[name]}
        assert kept(name, CLASSIC["p"], **given, temperature_order="first") == case[first]
        assert kept(name, CLASSIC["p"], **given, temperature_order="last") == case[last]


@pytest.mark.parametrize("case", CLASSIC["temperature"], ids=lambda case: str(case["T"]))
def test_temperature(case):
    logits = torch.tensor([CLASSIC["p"]], dtype=torch.float64).log()
    step = apply(samplers.make("temperature", temperature=case["T"]), logits)
    assert step.probs[0].tolist() == pytest.approx(case["p"], abs=1e-9)
    assert step.judged.entropy.item() == pytest.approx(case["H_nats"], abs=1e-9)
    slope = step.judged.varentropy.item() / case["T"]
    assert slope == pytest.approx(case["dH_dT_exact"], abs=1e-8)


@pytest.mark.parametrize("rule", ["author", "llama_cpp"])
@pytest.mark.parametrize("case", MIROSTAT["khat"], ids=lambda c: f"{c['dist']}-{c['exponent']}")
def test_mirostat_v1_fits_the_exponent_and_chooses_k(case, rule):
    probs = zipf(case["V"], case["exponent"], 0 if case["dist"] == "pure_zipf" else 2.7)
    ratios, count = {
        "author": ("s_hat_author_100_ratios", "author_int_round_plus1"),
        "llama_cpp": ("s_hat_llamacpp_99_ratios", "llamacpp_int"),
    }[rule]
    for mu, expected in case["k"].items():
        sampler = samplers.make("mirostat_v1", rule=rule)
        state = {"mu": torch.tensor([float(mu)], dtype=torch.float64)}
        step = sampler.filter(torch.from_numpy(probs).log()[None], state)
        assert step.details["s_hat"].item() == pytest.approx(case[ratios], abs=1e-8)
        assert step.kept.sum().item() == expected[count]


FEEDBACK = {
    "author_v1_eta1": ("mirostat_v1", {"eta": 1.0}),
    "llamacpp_v1_eta01": (
        "mirostat_v1",
        {"eta": 0.1, "rule": "llama_cpp", "surprise": "truncated"},
    ),
    "llamacpp_v1_eta1": ("mirostat_v1", {"eta": 1.0, "rule": "llama_cpp", "surprise": "truncated"}),
    "v2_original_surprise_eta1": ("mirostat_v2", {"eta": 1.0}),
    "v2_llamacpp_renormalised_eta1": ("mirostat_v2", {"eta": 1.0, "surprise": "truncated"}),
}


@pytest.mark.parametrize("name", FEEDBACK)
def test_mirostat_steers_mu_like_its_source(name):
    sampler_name, parameters = FEEDBACK[name]
    sampler = samplers.make(sampler_name, tau=3.0, **parameters)
    logits = torch.from_numpy(zipf(1000, 1.1, 2.7)).log()[None]
    state = sampler.start(1)
    for row in MIROSTAT["feedback"][name]:
        assert state["mu"].item() == pytest.approx(row["mu"], abs=1e-6)
        step, chosen = sampler.filter(logits, state), torch.tensor([row["rank"]])
        assert step.kept.sum().item() == row["k"]
        surprise = sampler.outcome(step, chosen)["surprise"].item()
        assert surprise == pytest.approx(row["surprise_bits"], abs=1e-6)
        state = sampler.observe(state, step, chosen)
        assert state["mu"].item() == pytest.approx(row["mu_next"], abs=1e-6)


@pytest.mark.parametrize(
    "case", VECTORS["16_entropix"]["quadrants"], ids=lambda case: f"{case['H']}-{case['V']}"
)
def test_entropix_names_the_state_its_first_version_would(case):
    bit = torch.log(torch.tensor(2.0, dtype=torch.float64))
    entropy, varentropy = case["H"] * bit[None], case["V"] * bit[None] ** 2
    state = int(samplers.make("entropix").state_of(entropy, varentropy))
    assert case["v9702669"].startswith(("LELV", "HELV", "LEHV", "HEHV", "adaptive")[state])
