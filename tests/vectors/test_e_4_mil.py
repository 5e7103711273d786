"""Attention over a bag: its entropy, where it lies, and the loss with the bonus."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from backend.measures.multiple_instance import (
    aem_loss,
    attention_entropy,
    attention_share,
    witness_mass,
)
from tests.vectors.reading import block, doubles


@pytest.mark.parametrize("case", block("e", "4_mil"), ids=lambda case: case["lam"])
def test_a_bag(case):
    scores = doubles(case["scores"])
    attention = torch.softmax(scores, -1)
    assert attention.tolist() == pytest.approx(case["attention"], abs=1e-9)
    assert float(attention_entropy(scores)) == pytest.approx(case["entropy"], abs=1e-9)
    assert float(attention_share(scores)) == pytest.approx(case["entropy_over_ln_n"], abs=1e-9)
    mass = witness_mass(attention, doubles(case["witness"]))
    assert float(mass) == pytest.approx(case["witness_mass"], abs=1e-9)
    assert float(attention.max()) == pytest.approx(case["largest"], abs=1e-9)
    loss = F.cross_entropy(doubles(case["bag_logits"]), torch.tensor(case["label"]))
    total = aem_loss(loss, scores, case["lam"])
    assert float(total) == pytest.approx(case["loss"], abs=1e-9)


def test_a_single_instance_has_no_entropy():
    assert float(attention_share(doubles([2.0]))) == 0
