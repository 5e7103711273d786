"""Speculative sampling (vectors of A § 5)."""

from __future__ import annotations

import pytest
import torch

from backend.measures.distribution import entropy
from backend.measures.speculative import (
    acceptance,
    output,
    overlap,
    pinsker_bound,
    residual,
    speed_up,
    tokens_a_pass,
    total_variation,
)
from tests.vectors.reading import EXACT, FLOAT32, block, cases, doubles

every = pytest.mark.parametrize("case", cases(block("a", "5_speculative")["cases"]))


def _pair(case):
    return doubles(case["p_target"]), doubles(case["q_draft"])


@every
def test_a_draft_is_kept_or_replaced_as_published(case):
    p, q = _pair(case)
    assert acceptance(p, q).tolist() == pytest.approx(case["accept_each"], abs=EXACT)
    assert float(overlap(p, q)) == pytest.approx(case["alpha"], abs=EXACT)
    assert float(total_variation(p, q)) == pytest.approx(case["TV"], abs=EXACT)
    assert residual(p, q).tolist() == pytest.approx(case["residual"], abs=EXACT)
    assert output(p, q).tolist() == pytest.approx(case["output_dist"], abs=EXACT)


@every
def test_the_overlap_is_bounded_by_the_divergence(case):
    p, q = _pair(case)
    kl = (torch.special.xlogy(p, p) - torch.special.xlogy(p, q)).sum()
    assert float(kl) == pytest.approx(case["KL_pq"], abs=EXACT)
    assert float(pinsker_bound(kl)) == pytest.approx(case["pinsker_lower_bound_alpha"], abs=EXACT)
    for of, name in ((p, "H_p"), (q, "H_q")):
        assert float(entropy(of.log()[None])[0]) == pytest.approx(case[name], abs=FLOAT32)


@every
def test_tokens_a_pass_grow_with_the_drafts(case):
    alpha = doubles(case["alpha"])
    for drafted, tokens in case["exp_tokens"].items():
        assert float(tokens_a_pass(alpha, int(drafted))) == pytest.approx(tokens, abs=EXACT)
    for drafted, faster in case["speedup_c005"].items():
        assert float(speed_up(alpha, int(drafted), 0.05)) == pytest.approx(faster, abs=EXACT)


@every
def test_what_transformers_draws_is_the_target_too(case):
    drawn = case.get("transformers_monte_carlo_40000")
    if drawn is None:
        drawn = {"first_token_freq": case["output_dist"], "accept_rate": case["alpha"]}
    p, q = _pair(case)
    found = torch.tensor(drawn["first_token_freq"], dtype=torch.float64)
    # Four standard deviations of 40,000 draws, and four decimals.
    assert ((found - output(p, q)).abs() < 4 * (p * (1 - p) / 40_000).sqrt() + 1e-4).all()
    assert drawn["accept_rate"] == pytest.approx(float(overlap(p, q)), abs=0.01)
