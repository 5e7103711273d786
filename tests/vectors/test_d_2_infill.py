"""Holes: the share of every candidate with and without the right side, and what is not listed."""

from __future__ import annotations

import pytest
import torch

from backend.measures.infill import coverage, effective_count, entropy, information, shares
from tests.vectors.reading import block, doubles

BLOCK = block("d", "2_infill")
CASES = BLOCK["cases"]
LISTED = [case for case in CASES if "log_prior" in case]
DRAWN = [case for case in CASES if "ESS" in case]
WITHIN = 1e-8
"""The logarithms are printed with ten digits."""


def each(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda case: case["name"])


def near(value):
    return pytest.approx(value, abs=WITHIN)


def test_every_case_is_read():
    assert len(LISTED) + len(DRAWN) == len(CASES)


@each(LISTED)
def test_a_hole_with_and_without_its_right_side(case):
    prior, right = doubles(case["log_prior"]), doubles(case["log_right"])
    before, after = shares(prior, torch.zeros_like(right)), shares(prior, right)
    assert float(prior.exp().sum()) == near(case["mass"])
    assert before.tolist() == near(case["prior_renormalised"])
    assert after.tolist() == near(case["posterior"])
    assert float(entropy(before)) == near(case["H_prior_listed"])
    assert float(entropy(after)) == near(case["H_posterior_listed"])
    assert float(entropy(before) - entropy(after)) == near(case["drop"])
    joint = torch.logsumexp(prior + right, 0)
    assert float(joint) == near(case["log_right_given_left_listed"])
    least = coverage(prior, right)
    assert float(least) == near(case["coverage_if_no_unseen_explains_better"])
    assert (least * after).tolist() == near(case["posterior_lower_bound"])
    assert float(information(prior, right)) == near(case["KL_posterior_prior"])
    expected = (after * right).sum() - joint + torch.logsumexp(prior, 0)
    assert float(expected) == near(case["information_right_about_hole"])


@each(DRAWN)
def test_spans_that_were_drawn_have_the_weight_of_the_right_side(case):
    right = doubles(case["log_right"])
    weights = shares(torch.zeros_like(right), right)
    assert weights.tolist() == near(case["weights"])
    assert float(effective_count(weights)) == near(case["ESS"])
    assert float(entropy(weights)) == near(case["H_weights"])
