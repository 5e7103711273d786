"""Answers: groups of one meaning and every measure over them, by an independent float64 hand."""

from __future__ import annotations

import numpy as np
import pytest

from backend.derived.meanings import Meanings, by_leader, by_name, by_single_link, normalised
from backend.measures.conformal import conformal_place, conformal_set, conformal_threshold
from backend.measures.meanings import eigen_score, graph, jaccard, p_true, vendi, volume
from tests.vectors.reading import block, cases, doubles

BLOCK = block("d", "13_answers")
WITHIN = BLOCK["tolerance"]

OF_GROUPS = {
    "discrete_SE": "discrete", "nature_SE": "nature", "kuhn_SE": "kuhn",
    "kuhn_SE_unique": "kuhn_unique", "predictive_entropy": "predictive",
    "length_normalised": "length_normalised", "label_prob": "outside_largest",
    "miller_madow_SE": "corrected", "seen_probability_unique": "seen",
    "good_turing_unseen": "unseen",
}  # fmt: skip
OF_GRAPH = {
    "EigV": "number", "Deg": "distance", "Ecc": "eccentricity", "distance_to_cut": "to_cut",
}  # fmt: skip


def near(value):
    return pytest.approx(value, abs=WITHIN)


def check_answers(case):
    texts = case["texts"]
    groups = np.array(by_name([normalised(each) for each in texts]))
    assert groups.max() + 1 == len(set(groups.tolist()))
    found = Meanings(
        np.array(case["cluster"]), texts, np.array(case["sum_logprob"]), np.array(case["tokens"])
    )
    assert len(found.sizes) == case["clusters"]
    for name, attribute in OF_GROUPS.items():
        assert getattr(found, attribute) == near(case[name]), name
    similarity = jaccard(texts)
    assert similarity.numpy() == near(np.array(case["similarity"]))
    own = graph(similarity)
    for name, attribute in OF_GRAPH.items():
        assert getattr(own, attribute) == near(case[name]), name
    assert own.kept == case["kept_eigenvectors"]
    assert own.eigenvalues.numpy() == near(np.array(case["laplacian_eigenvalues"]))
    assert own.each.numpy() == near(np.array(case["ecc_per_answer"]))
    if "embeddings" in case:
        assert volume(doubles(case["embeddings"])) == near(case["gram_logdet_eps1e3"])
        assert vendi(doubles(case["embeddings"])) == near(case["vendi"])
        assert eigen_score(doubles(case["hidden"])) == near(case["eigenscore"])


@pytest.mark.parametrize("case", cases(BLOCK["cases"]))
def test_every_case(case):
    if "texts" in case:
        check_answers(case)
    elif "rule" in case:
        alike = np.array(case["similarity"]) >= case["threshold"]
        group = {"leader": by_leader, "single": by_single_link}[case["rule"]]
        assert group(alike) == case["labels"]
    elif "calibration_scores" in case:
        scores, alpha = case["calibration_scores"], case["alpha"]
        assert conformal_place(len(scores), alpha) == case["k"]
        assert conformal_threshold(scores, alpha) == near(case["threshold"])
        assert conformal_set(case["frequencies"], case["threshold"]) == case["set"]
    elif "log_true_forms" in case:
        yes, no = doubles(case["log_true_forms"]), doubles(case["log_false_forms"])
        share, mass = p_true(yes, no)
        assert (float(share), float(mass)) == (near(case["p_true"]), near(case["mass"]))
        # LM-Polygraph looks at the one form without a blank, and does not divide.
        assert -case["log_true_forms"][0] == near(case["lm_polygraph_score"])
    else:
        assert normalised(case["text"]) == case["normalised"]
