"""The term that AEM adds to a loss (vectors of A § 14)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from backend.derived.heads import attention_regulariser
from backend.measures.distribution import entropy
from tests.runs.attention_runs import head_means, make_run
from tests.vectors.reading import FLOAT32, block, cases

every = pytest.mark.parametrize("case", cases(block("a", "14_aem")))


@every
def test_the_entropy_of_the_weights(case):
    logits = torch.tensor([case["attention_logits"]])
    np.testing.assert_allclose(logits.softmax(-1)[0], case["attention"], atol=FLOAT32)
    assert entropy(logits).item() == pytest.approx(case["entropy"], abs=FLOAT32)
    assert np.log(len(case["attention"])) == pytest.approx(case["max_entropy"], abs=1e-8)


@every
def test_the_regulariser_is_minus_the_mean_entropy_of_heads(case):
    alone = make_run(head_means(case["entropy"]))
    assert attention_regulariser(alone) == pytest.approx(case["L_aem"], abs=FLOAT32)
    both = make_run(head_means(case["entropy"], case["max_entropy"]))
    assert attention_regulariser(both) == pytest.approx(
        case["multi_head_mean_two_heads_second_uniform"], abs=FLOAT32
    )
    total = case["ce_example"] + case["lam"] * attention_regulariser(alone)
    assert total == pytest.approx(case["total"], abs=FLOAT32)


@every
def test_its_slope_is_that_of_the_entropy(case):
    weights = np.array(case["attention"])
    slope = weights * (np.log(weights) + entropy(torch.tensor(weights).log()[None]).item())
    np.testing.assert_allclose(slope, case["grad_wrt_logits"], atol=FLOAT32)
