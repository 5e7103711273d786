"""A loss on a teacher's order, and metrics as losses."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from backend.measures.anyloss import amplified, binary_entropy, confusion
from backend.measures.list_wise import list_wise_loss, remaining_surprisals, teacher_order
from tests.vectors.reading import block, doubles

CASES = block("e", "10_pld_anyloss")
ORDERS = [case for case in CASES if "teacher" in case]
METRICS = [case for case in CASES if "soft_confusion" in case]


def test_every_case_is_read():
    assert len(ORDERS) + len(METRICS) == len(CASES)


@pytest.mark.parametrize("case", ORDERS, ids=lambda case: f"tau {case['tau']}")
def test_order_of_a_teacher(case):
    student, teacher = doubles([case["student"]]), doubles([case["teacher"]])
    labels, tau = torch.tensor([case["label"]]), case["tau"]
    order = teacher_order(teacher, labels)
    assert order[0].tolist() == case["order"]
    weights = torch.softmax(teacher / tau, -1).gather(-1, order)
    assert weights[0].tolist() == pytest.approx(case["weights"], abs=1e-9)
    terms = remaining_surprisals(student, order)[0].tolist()
    assert terms == pytest.approx(case["terms"], abs=1e-9)
    loss = float(list_wise_loss(student, teacher, labels, tau))
    assert loss == pytest.approx(case["pld"], abs=1e-9)
    assert float(F.cross_entropy(student, labels)) == pytest.approx(case["ce"], abs=1e-9)
    entropy = float(torch.special.entr(torch.softmax(teacher / tau, -1)).sum())
    assert entropy == pytest.approx(case["teacher_entropy"], abs=1e-9)


@pytest.mark.parametrize("case", METRICS, ids=lambda case: f"L {case['L']}")
def test_metrics_as_losses(case):
    logits, labels = doubles(case["logits"]).requires_grad_(), doubles(case["y"])
    shares = torch.sigmoid(logits)
    sharp = amplified(shares, case["L"])
    assert sharp.tolist() == pytest.approx(case["A"], abs=1e-9)
    found, expected = confusion(sharp, labels), case["soft_confusion"]
    counts = (
        found.true_positive, found.false_positive, found.false_negative, found.true_negative,
    )  # fmt: skip
    for count, name in zip(counts, ("TP", "FP", "FN", "TN"), strict=True):
        assert float(count.detach()) == pytest.approx(expected[name], abs=1e-9)
    assert float(1 - found.f1) == pytest.approx(case["loss_f1"], abs=1e-9)
    balanced = float(1 - found.balanced_accuracy)
    assert balanced == pytest.approx(case["loss_balanced_accuracy"], abs=1e-9)
    assert float(1 - found.g_mean) == pytest.approx(case["loss_gmean_with_root"], abs=1e-9)
    assert float(binary_entropy(shares).mean()) == pytest.approx(case["entropy_p"], abs=1e-9)
    assert float(binary_entropy(sharp).mean()) == pytest.approx(case["entropy_A"], abs=1e-9)
    (gradient,) = torch.autograd.grad(1 - found.f1, logits)
    assert gradient.tolist() == pytest.approx(case["grad_loss_f1_wrt_logits"], abs=1e-9)
