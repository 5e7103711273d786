"""Mirostat fits, cuts and steers like its sources (vectors of A § 2)."""

from __future__ import annotations

import re

import pytest
import torch

from backend import samplers
from backend.samplers.mirostat_v1 import compute_k, estimate_s
from tests.samplers.helpers import zipf
from tests.vectors.reading import EXACT, block, cases

BLOCK = block("a", "2_mirostat")
FEEDBACK = BLOCK["feedback"]
# How the sources count: rule of the sampler, ratios, and the names of s and k in the files.
SOURCES = {
    "author": (100, "s_hat_author_100_ratios", "raw_author_N50000", "author_int_round_plus1"),
    "llama_cpp": (99, "s_hat_llamacpp_99_ratios", "raw_llamacpp_NV", "llamacpp_int"),
}
every = pytest.mark.parametrize("case", cases(BLOCK["khat"]))
sources = pytest.mark.parametrize("rule", SOURCES)


def distribution(case):
    """Return the distribution of a case: "pure_zipf", or "shifted_2.7" for (i + 2.7)^−s."""
    shift = re.fullmatch(r"shifted_([\d.]+)", case["dist"])
    return zipf(case["V"], case["exponent"], float(shift[1]) if shift else 0.0)


@every
@sources
def test_the_exponent_is_fitted_through_so_many_ratios(rule, case):
    ratios, name, _, _ = SOURCES[rule]
    log_p = torch.from_numpy(distribution(case)).log()[None]
    assert estimate_s(log_p, ratios).item() == pytest.approx(case[name], abs=EXACT)


@every
@sources
def test_k_follows_from_the_exponent_and_mu(rule, case):
    _, name, raw, _ = SOURCES[rule]
    exponent = torch.tensor([case[name]], dtype=torch.float64)
    total = 50_000 if rule == "author" else case["V"]
    for mu, expected in case["k"].items():
        k = compute_k(exponent, torch.tensor([float(mu)], dtype=torch.float64), total)
        # The exponent has ten decimals; k is up to a few hundred.
        assert k.item() == pytest.approx(expected[raw], rel=1e-7)


@every
@sources
def test_the_sampler_keeps_so_many_tokens(rule, case):
    _, name, _, whole = SOURCES[rule]
    log_p = torch.from_numpy(distribution(case)).log()[None]
    for mu, expected in case["k"].items():
        state = {"mu": torch.tensor([float(mu)], dtype=torch.float64)}
        step = samplers.make("mirostat_v1", rule=rule).filter(log_p, state)
        assert step.details["s_hat"].item() == pytest.approx(case[name], abs=EXACT)
        assert int(step.kept.sum()) == min(expected[whole], case["V"])


def made(name, rows):
    """Return the sampler of a feedback table such as "llamacpp_v1_eta01"."""
    version = re.search(r"v([12])", name)[1]
    ours = "llamacpp" in name
    given = {"tau": FEEDBACK["tau"], "surprise": "truncated" if ours else "full"}
    if version == "1":
        given["rule"] = "llama_cpp" if ours else "author"
    moved = next(row for row in rows if abs(row["surprise_bits"] - FEEDBACK["tau"]) > 1e-3)
    eta = (moved["mu"] - moved["mu_next"]) / (moved["surprise_bits"] - FEEDBACK["tau"])
    return samplers.make(f"mirostat_v{version}", eta=round(eta, 6), **given)


TABLES = [name for name, rows in FEEDBACK.items() if re.search(r"v[12]", name) and len(rows)]


@pytest.mark.parametrize("name", TABLES)
def test_mu_is_steered_like_by_its_source(name):
    numbers = re.fullmatch(r"p_i ~ 1/\(i\+([\d.]+)\)\^([\d.]+), V=(\d+)", FEEDBACK["p"])
    shift, exponent, size = numbers.groups()
    log_p = torch.from_numpy(zipf(int(size), float(exponent), float(shift))).log()[None]
    rows = FEEDBACK[name]
    sampler = made(name, rows)
    state = sampler.start(1)
    for row, forced in zip(rows, FEEDBACK["forced_ranks"], strict=False):
        assert state["mu"].item() == pytest.approx(row["mu"], abs=1e-6)
        step = sampler.filter(log_p, state)
        assert int(step.kept.sum()) == row["k"]
        assert row["rank"] == min(forced, row["k"] - 1)
        chosen = torch.tensor([row["rank"]])
        surprise = sampler.outcome(step, chosen)["surprise"].item()
        assert surprise == pytest.approx(row["surprise_bits"], abs=1e-6)
        state = sampler.observe(state, step, chosen)
        assert state["mu"].item() == pytest.approx(row["mu_next"], abs=1e-6)
