"""Head entropies, their quarters and the regulariser (vectors of A § 7)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from backend.derived.heads import flag_heads
from backend.measures.distribution import entropy
from backend.measures.regulariser import entropy_deviation, entropy_regulariser, penalties
from tests.runs.attention_runs import head_means, make_run
from tests.vectors.reading import EXACT, block, cases

BLOCK = block("a", "7_entropy_guided_attention")
# The published code adds 1e-9 to every weight before the logarithm.
THEIRS = 2e-8
SETTINGS = [BLOCK, *(BLOCK[name] for name in BLOCK if name.endswith("_case"))]
settings = pytest.mark.parametrize("case", cases(SETTINGS))


def row_entropies():
    """Return the entropy of every row, float64 [B, H, T]."""
    weights = torch.tensor(BLOCK["attention"], dtype=torch.float64)
    return torch.special.entr(weights).sum(-1)


def test_the_entropy_of_every_query():
    weights = torch.tensor(BLOCK["attention"], dtype=torch.float64)
    found = entropy(weights.log())[0]
    np.testing.assert_allclose(found, BLOCK["entropy_per_query"], atol=1e-6)
    np.testing.assert_allclose(row_entropies()[0], BLOCK["entropy_per_query"], atol=THEIRS)


def test_the_entropy_of_every_head():
    np.testing.assert_allclose(row_entropies()[0].mean(-1), BLOCK["entropy_per_head"], atol=THEIRS)
    tokens = len(BLOCK["attention"][0][0])
    assert np.log(tokens) == pytest.approx(BLOCK["E_max"], abs=EXACT)


@settings
def test_how_far_heads_are_from_their_target(case):
    heads = row_entropies()[0].mean(-1)
    theta = torch.tensor(case["theta"], dtype=torch.float64)
    found = entropy_deviation(heads, theta, BLOCK["E_max"])
    np.testing.assert_allclose(found, case["deviation_per_head"], atol=THEIRS)
    if "tol" in case:
        assert case["gamma"] * BLOCK["E_max"] == pytest.approx(case["tol"], abs=EXACT)


@settings
def test_the_loss_of_the_paper(case):
    heads = row_entropies()[0].mean(-1)
    theta = torch.tensor(case["theta"], dtype=torch.float64)
    found = entropy_regulariser(heads, theta, BLOCK["E_max"], case["gamma"]).item()
    assert found == pytest.approx(case["loss_paper_algorithm1"], abs=THEIRS)


@settings
@pytest.mark.parametrize("batch", [1, 2])
def test_the_loss_of_the_code_adds_queries_and_texts_up(batch, case):
    key = "loss_reference_code" if batch == 1 else "loss_reference_code_batch_duplicated"
    rows = row_entropies().repeat(batch, 1, 1)
    theta = torch.tensor(case["theta"], dtype=torch.float64)[:, None]
    off = penalties(entropy_deviation(rows, theta, BLOCK["E_max"]), case["gamma"] * BLOCK["E_max"])
    expected = case.get(key, batch * case["loss_reference_code"])
    assert off.sum((0, 2)).mean().item() == pytest.approx(expected, abs=THEIRS)


def test_the_regulariser_can_be_differentiated():
    heads = row_entropies()[0].mean(-1).requires_grad_()
    entropy_regulariser(heads, torch.tensor([0.9, 0.6]), BLOCK["E_max"]).backward()
    assert (heads.grad < 0).all()  # more entropy would cost less


@pytest.mark.parametrize("case", cases(BLOCK["bins"]))
def test_quarters_are_those_of_the_highest_observed_head(case):
    # Rows long enough that no head has more than ln of what it sees.
    flags = flag_heads(make_run(head_means(*case["head_entropies"], tokens=100)))
    assert flags.scale == pytest.approx(case["max_observed"])
    counts = np.bincount(flags.quarter[0], minlength=4).tolist()
    assert counts == case["counts_0_quarter_half_threequarter_max"]
