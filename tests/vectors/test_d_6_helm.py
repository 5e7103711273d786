"""Reliability, risk and coverage, temperature, and forms of one question."""

from __future__ import annotations

import pytest
import torch

from backend.measures.reliability import (
    area,
    binary_brier,
    brier,
    equal_mass,
    equal_width,
    error_auroc,
    excess_area,
    flip_rate,
    item_losses,
    risks,
    tempered,
    worst_case,
)
from tests.vectors.reading import block, doubles

BLOCK = block("d", "6_helm")
WITHIN = BLOCK["tolerance"]
CASES = BLOCK["cases"]
SURE = [case for case in CASES if "confidence" in case]
TEMPERED = [case for case in CASES if "logits" in case]
FORMS = [case for case in CASES if "correct_by_form" in case]


def each(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda case: case["name"])


def near(value):
    return pytest.approx(value, abs=WITHIN)


def test_every_case_is_read():
    assert len(SURE) + len(TEMPERED) + len(FORMS) == len(CASES)


@each(SURE)
def test_confidence_against_being_right(case):
    confidence, correct = doubles(case["confidence"]), doubles(case["correct"])
    bins = equal_mass(confidence, correct, case["bins"])
    assert bins.confidence.tolist() == near(case["bin_confidence"])
    assert bins.accuracy.tolist() == near(case["bin_accuracy"])
    assert bins.size.tolist() == case["bin_size"]
    assert float(bins.error()) == near(case["ece_equal_mass"])
    width = equal_width(confidence, correct, case["bins"], edges_above=True)
    assert float(width.error()) == near(case["ece_equal_width"])
    assert float(equal_mass(confidence, correct, 1).error()) == near(case["ece_1"])
    assert float(binary_brier(confidence, correct)) == near(case["brier_binary"])


@each(SURE)
def test_risk_by_coverage(case):
    confidence, correct = doubles(case["confidence"]), doubles(case["correct"])
    unsure = -confidence if case["uncertainty"] is None else doubles(case["uncertainty"])
    risk = risks(-confidence, correct)  # the block orders by confidence where it has another one
    assert risk.tolist() == near(case["risk_at_coverage"])
    assert float(area(risk)) == near(case["AURC"])
    assert float(excess_area(risk)) == near(case["E_AURC"])
    assert float(1 - area(risk)) == near(case["selective_accuracy_area"])
    assert float(error_auroc(unsure, correct)) == near(case["auroc_error"])


@each(TEMPERED)
def test_temperature(case):
    scores, gold = doubles(case["logits"]), torch.tensor(case["gold"])
    for at in case["at"]:
        probs = tempered(scores, at["T"])
        assert float(item_losses(probs, gold).mean()) == near(at["nll"])
        assert float(probs.amax(-1).mean()) == near(at["mean_conf"])
        assert float(torch.special.entr(probs).sum(-1).mean()) == near(at["mean_H"])
        assert float((probs.argmax(-1) == gold).double().mean()) == near(at["accuracy"])
        assert float(brier(probs, gold)) == near(at["brier"])


@each(FORMS)
def test_forms_of_one_question(case):
    correct = doubles(case["correct_by_form"])
    assert correct.mean(-1).tolist() == near(case["accuracy"])
    assert worst_case(correct) == near(case["worst_case"])
    assert flip_rate(correct) == near(case["flip_rate"])
