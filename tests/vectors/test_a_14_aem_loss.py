"""AEM: the loss of its authors' code, and its gradient."""

from __future__ import annotations

import math

import pytest
import torch

from backend.measures.multiple_instance import aem_loss, attention_entropy, cosine_weight
from tests.vectors.reading import block, doubles

BLOCK = block("a", "14_aem")
SCORES = doubles(BLOCK["attention_logits"])


def test_entropy_of_attention():
    assert torch.softmax(SCORES, -1).tolist() == pytest.approx(BLOCK["attention"], abs=1e-9)
    entropy = float(attention_entropy(SCORES))
    assert entropy == pytest.approx(BLOCK["entropy"], abs=1e-9)
    assert -entropy == pytest.approx(BLOCK["L_aem"], abs=1e-9)
    assert math.log(len(SCORES)) == pytest.approx(BLOCK["max_entropy"], abs=1e-9)


def test_heads_are_averaged():
    both = torch.stack([SCORES, torch.zeros_like(SCORES)])
    mean = -float(attention_entropy(both).mean())
    expected = BLOCK["multi_head_mean_two_heads_second_uniform"]
    assert mean == pytest.approx(expected, abs=1e-9)


def test_loss_with_its_bonus():
    loss = aem_loss(doubles(BLOCK["ce_example"]), SCORES, BLOCK["lam"])
    assert float(loss) == pytest.approx(BLOCK["total"], abs=1e-9)


def test_gradient():
    scores = SCORES.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(aem_loss(doubles(0.0), scores, 1.0), scores)
    assert gradient.tolist() == pytest.approx(BLOCK["grad_wrt_logits"], abs=1e-9)


@pytest.mark.parametrize("case", BLOCK["cosine_weight_annealing_assumed"], ids=str)
def test_weight_brought_down(case):
    weight = cosine_weight(BLOCK["lam"], case["t"], case["T"])
    assert weight == pytest.approx(case["lam"], abs=1e-9)
