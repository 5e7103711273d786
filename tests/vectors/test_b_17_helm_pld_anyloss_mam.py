"""HELM's calibration, traps included; a list-wise loss and metrics as losses once more."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from backend.measures.anyloss import amplified, confusion
from backend.measures.list_wise import list_wise_loss, remaining_surprisals, teacher_order
from backend.measures.reliability import (
    area,
    binary_brier,
    equal_mass,
    equal_width,
    risks,
    selective_accuracy,
    selective_accuracy_of_helm,
)
from tests.vectors.reading import EXACT, block, doubles

CASES = block("b", "17_helm_pld_anyloss_mam")["vectors"]
CALIBRATION = [case for case in CASES if "ece_1_bin" in case]
SELECTIVE = [case for case in CASES if "code_value" in case]
ORDERS = [case for case in CASES if "teacher" in case]
METRICS = [case for case in CASES if "soft_confusion" in case]


def each(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda case: case["name"])


def near(value):
    return pytest.approx(value, abs=EXACT)


def test_every_case_is_read():
    assert len(CALIBRATION) + len(SELECTIVE) + len(ORDERS) + len(METRICS) == len(CASES)


@each(CALIBRATION)
def test_calibration(case):
    confidence, correct = doubles(case["probs"]), doubles(case["correct"])
    for bins, name in ((10, "ece_10_equal_mass"), (5, "ece_5_equal_mass"), (1, "ece_1_bin")):
        assert float(equal_mass(confidence, correct, bins).error()) == near(case[name])
    assert float(equal_width(confidence, correct, 5).error()) == near(case["ece_5_equal_width"])
    assert float(binary_brier(confidence, correct)) == near(case["brier"])
    risk = risks(-confidence, correct)
    assert (1 - risk).tolist() == near(case["coverage_accuracy_curve"])
    assert float(1 - area(risk)) == near(case["selective_cov_acc_area"])
    code = float(selective_accuracy_of_helm(risk, 0.1))
    assert code == near(case["selective_acc_at_10_percent_code"])
    strict = float(selective_accuracy(risk, 0.1))
    assert strict == near(case["accuracy_of_strict_top_1_of_10"])


@each(SELECTIVE)
def test_the_code_of_helm_takes_one_item_more(case):
    risk = risks(-doubles(case["probs"]), doubles(case["correct"]))
    assert float(selective_accuracy_of_helm(risk, 0.1)) == near(case["code_value"])
    assert float(selective_accuracy(risk, 0.1)) == near(case["strict_top_10_percent"])


@each(ORDERS)
def test_order_of_a_teacher(case):
    student, teacher = doubles([case["student"]]), doubles([case["teacher"]])
    labels = torch.tensor([case["label"]])
    order = teacher_order(teacher, labels)
    assert order[0].tolist() == case["permutation"]
    assert torch.softmax(teacher, -1)[0].tolist() == near(case["teacher_softmax"])
    terms = remaining_surprisals(student, order)[0]
    assert terms.tolist() == near(case["unweighted_terms"])
    assert float(terms.sum()) == near(case["listmle"])
    assert float(list_wise_loss(student, teacher, labels, 1.0)) == near(case["pld"])
    assert float(F.cross_entropy(student, labels)) == near(case["ce"])


@each(METRICS)
def test_metrics_as_losses(case):
    found = confusion(amplified(doubles(case["p"]), 73.0), doubles(case["y"]))
    counts = {
        "TP": found.true_positive,
        "FP": found.false_positive,
        "FN": found.false_negative,
        "TN": found.true_negative,
    }
    for name, count in counts.items():
        assert float(count) == near(case["soft_confusion"][name])
    assert amplified(doubles(case["p"]), 73.0).tolist() == near(case["A"])
    assert float(1 - found.f1) == near(case["loss_f1"])
    total = sum(counts.values())
    accuracy = (counts["TP"] + counts["TN"]) / total
    assert float(1 - accuracy) == near(case["loss_accuracy"])
    assert float(1 - found.g_mean) == near(case["loss_gmean"])
