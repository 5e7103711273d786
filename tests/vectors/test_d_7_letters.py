"""Multiple choice: letters in one form and in both, their pull, and three rules for texts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backend.derived import letters as measure
from tests.vectors.reading import block, cases

BLOCK = block("d", "7_letters")
WITHIN = 1e-8


@pytest.mark.parametrize("case", cases(BLOCK["cases"]))
def test_every_case(case):
    if "tokens" in case:
        total, alone = (
            np.array(case[name]) for name in ("sum_logprob", "sum_logprob_without_question")
        )
        found = {
            "sum": measure.by_sum(total),
            "mean": measure.by_mean(total, np.array(case["tokens"])),
            "pmi": measure.by_gain(total, alone),
        }
        for name, p in found.items():
            assert p == pytest.approx(case[f"p_{name}"], abs=WITHIN)
            assert measure.entropy(p) == pytest.approx(case[f"H_{name}"], abs=WITHIN)
            assert p.argmax() == case[f"choice_{name}"]
        return
    logprobs = np.stack(
        [measure.merged([row[form] for form in case["forms"]]) for row in case["log_probs"]]
    )
    p, gold = measure.shares_among(logprobs), ["ABCD".index(each) for each in case["gold"]]
    for place, item in enumerate(case["items"]):
        assert p[place] == pytest.approx(item["p"], abs=WITHIN)
        assert np.exp(logprobs[place]).sum() == pytest.approx(item["mass"], abs=WITHIN)
        entropy = float(measure.entropy(p[place]))
        assert entropy == pytest.approx(item["H"], abs=WITHIN)
        assert entropy / math.log(4) == pytest.approx(item["H_share"], abs=WITHIN)
        assert measure.margin(p[place]) == pytest.approx(item["margin"], abs=WITHIN)
        assert "ABCD"[p[place].argmax()] == item["choice"]
    assert (p.argmax(1) == gold).mean() == case["accuracy"]
    right = p[np.arange(len(gold)), gold].mean()
    assert right == pytest.approx(case["mean_p_gold"], abs=WITHIN)
    prior = measure.letter_prior(p)
    assert prior == pytest.approx(case["letter_prior"], abs=WITHIN)
    assert measure.entropy(prior) == pytest.approx(case["H_letter_prior"], abs=WITHIN)
    by_domain = measure.mean_by(measure.entropy(p), case["domains"])
    assert by_domain == pytest.approx(case["mean_H_by_domain"], abs=WITHIN)


def test_dividing_by_the_prior_leaves_no_letter_ahead_of_the_others():
    pull = np.array([0.1, 0.2, 0.6, 0.1])
    p = np.stack([pull, pull])
    assert measure.without_prior(p, measure.letter_prior(p)) == pytest.approx(np.full((2, 4), 0.25))
