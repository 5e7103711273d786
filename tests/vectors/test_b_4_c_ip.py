"""C-IP: the right quantile, the one of the code and the printed one, and both bounds."""

from __future__ import annotations

import math

import pytest
import torch

from backend.measures.pursuit import (
    coded_bound,
    coded_threshold,
    conformal_rank,
    entropy_bound,
    in_set,
    printed_threshold,
    surplus,
    threshold,
)
from tests.vectors.reading import EXACT, block, cases, doubles

VECTORS = block("b", "4_c_ip")["vectors"]
SETS = [each for each in VECTORS if "cal_true_class_probs" in each]
THRESHOLDS = {"correct": threshold, "code": coded_threshold, "printed": printed_threshold}


@pytest.mark.parametrize("case", cases(SETS))
def test_every_threshold_and_the_sets_it_makes(case):
    true, alpha = doubles(case["cal_true_class_probs"]), case["alpha"]
    assert len(true) == case["N_cal"]
    assert conformal_rank(alpha, len(true)) == case["rank_k"]
    probs, labels = doubles(case["test_probs"]), torch.tensor(case["labels"])
    for name, expected in case["results"].items():
        tau = THRESHOLDS[name](true, alpha)
        assert float(tau) == pytest.approx(expected["tau"], abs=EXACT)
        found = in_set(probs, tau.expand(len(probs)))
        assert found.sum(-1).tolist() == expected["sizes"]
        assert found.gather(1, labels[:, None])[:, 0].tolist() == expected["covered"]


@pytest.mark.parametrize("case", cases([each for each in VECTORS if "paper_bound" in each]))
def test_every_bound_in_bits(case):
    alpha, labels, count = case["alpha"], case["num_classes"], case["N_cal"]
    bits = 1 / math.log(2)
    assert alpha - 1 / (count + 1) == pytest.approx(case["alpha_N"], abs=EXACT)
    assert surplus(alpha, labels, count) * bits == pytest.approx(case["lambda_alpha"], abs=EXACT)
    found = entropy_bound(case["mean_set_size"], alpha, labels, count) * bits
    assert found == pytest.approx(case["paper_bound"], abs=EXACT)
    assert math.log2(case["mean_set_size"]) == pytest.approx(
        case["ranking_key_log2_mean_size"], abs=EXACT
    )
    # The code's bound and the entropy are of the sets of the first block.
    sets = next(each for each in SETS if len(each["test_probs"][0]) == labels)
    sizes = doubles(sets["results"]["correct"]["sizes"])
    covered = torch.tensor(sets["results"]["correct"]["covered"])
    found = coded_bound(sizes, covered, alpha, labels) * bits
    # The authors' code computes it in float32.
    assert found == pytest.approx(case["code_bound_alphaN_from_5_samples"], abs=1e-7)
    entropy = float(torch.special.entr(doubles(sets["test_probs"])).sum(-1).mean())
    assert entropy * bits == pytest.approx(case["mean_entropy_of_P"], abs=EXACT)
    assert math.log2(labels) == pytest.approx(case["log2_Y"], abs=EXACT)


def test_too_few_items_of_calibration_let_every_label_in():
    assert float(threshold(doubles([0.4, 0.5]), 0.1)) == 0


def test_sets_that_are_all_empty_bound_nothing():
    assert math.isnan(entropy_bound(0, 0.1, 4, 19))


@pytest.mark.parametrize("alpha", [0.1, 0.3])
def test_the_right_quantile_covers_what_was_asked_and_the_printed_one_does_not(alpha):
    chance = torch.Generator().manual_seed(0)
    true = torch.rand(4000, 99, generator=chance, dtype=torch.float64)
    new = torch.rand(4000, generator=chance, dtype=torch.float64)
    # 3 standard errors of 4,000 draws are .015 at .9 and .022 at .7.
    assert float((new >= threshold(true, alpha)).double().mean()) == pytest.approx(
        1 - alpha, abs=0.025
    )
    assert float((new >= printed_threshold(true, alpha)).double().mean()) < alpha + 0.025
