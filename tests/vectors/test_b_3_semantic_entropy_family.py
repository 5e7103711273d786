"""Semantic entropies: what the code of LM-Polygraph and of Farquhar et al. gives for them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from backend.derived.meanings import Meanings, by_leader
from backend.measures.meanings import equivalent, kernel_language_entropy
from tests.vectors.reading import EXACT, block, cases, doubles

VECTORS = block("b", "3_semantic_entropy_family")["vectors"]

NAMES = {
    "predictive_entropy_sum": "predictive",
    "length_normalised_predictive_entropy": "length_normalised",
    "regular_entropy_jlko": "length_normalised",
    "semantic_entropy_polygraph_sum_mean": "kuhn",
    "semantic_entropy_polygraph_unique_mean": "kuhn_unique",
    "semantic_entropy_polygraph_frequency_mean": "discrete",
    "semantic_entropy_polygraph_frequency_direct": "direct",
    "semantic_entropy_jlko_rao": "nature",
    "discrete_semantic_entropy": "discrete",
}


def near(value):
    return pytest.approx(value, abs=EXACT)


def meanings(token_logprobs, groups):
    """Return answers whose texts are equal where their log-probabilities are."""
    return Meanings(
        np.array(groups),
        [str(each) for each in token_logprobs],
        np.array([sum(each) for each in token_logprobs]),
        np.array([len(each) for each in token_logprobs]),
    )


@pytest.mark.parametrize("case", cases(VECTORS))
def test_every_case(case):
    if "token_logprobs" in case:
        found = meanings(case["token_logprobs"], case["semantic_ids"])
        for name, attribute in NAMES.items():
            assert getattr(found, attribute) == near(case[name]), name
        assert found.weights.tolist() == near(case["cluster_probs_jlko"])
        assert len(found.sizes) == case["num_semantic_sets"]
    elif "value" in case:
        assert meanings([[np.log(0.9)]] * 3, [0, 0, 0]).kuhn == near(case["expected"])
    elif "jlko_ids" in case:
        alike = np.array([[True, False, True], [False, True, True], [True, True, True]])
        assert by_leader(alike) == case["polygraph_ids"]
        assert by_leader(alike, last=True) == case["jlko_ids"]
    elif "table" in case:
        for pair, wanted in case["table"].items():
            there, back = map(int, pair.split(","))
            found = {rule: equivalent(there, back, rule) for rule in ("strict", "lenient")}
            assert found == wanted, pair
    else:
        entail, contradict = doubles(case["entail"]), doubles(case["contra"])
        weights = entail + entail.T + 0.5 * (2 - entail - entail.T - contradict - contradict.T)
        assert weights.numpy() == near(np.array(case["weights"]))
        assert kernel_language_entropy(entail, contradict) == near(case["vne_scaled"])
        one, none = torch.ones(3, 3), torch.zeros(3, 3)
        assert kernel_language_entropy(one, none) == near(case["all_entail"])
        assert kernel_language_entropy(none, one) == near(case["all_contradict"])


def test_a_kernel_of_one_answer_is_no_number():
    assert np.isnan(kernel_language_entropy(torch.ones(1, 1), torch.zeros(1, 1)))
