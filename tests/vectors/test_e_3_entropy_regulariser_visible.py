"""The penalty on heads outside their band, with entropies as shares of ln(visible keys)."""

from __future__ import annotations

import pytest
import torch

from backend.measures.collapse import (
    entropy_penalty,
    head_entropy,
    quarter_shares,
    row_entropy,
)
from tests.vectors.reading import block, doubles


@pytest.mark.parametrize(
    "case", block("e", "3_entropy_regulariser_visible"), ids=lambda c: c["gamma"]
)
def test_penalty_of_a_layer(case):
    attention = doubles(case["attention"])
    rows = row_entropy(attention)
    torch.testing.assert_close(rows, doubles(case["row_entropy"]), atol=1e-9, rtol=0)
    heads = head_entropy(rows)
    assert heads.tolist() == pytest.approx(case["normalised_head_entropy"], abs=1e-9)
    target = doubles(case["theta"])
    assert (heads - target).tolist() == pytest.approx(case["deviation"], abs=1e-9)
    penalty = entropy_penalty(heads[None, None], target[None, None], case["gamma"])
    assert float(penalty) == pytest.approx(case["penalty"], abs=1e-9)
    counts = quarter_shares(heads[None])[0] * len(heads)
    assert counts.round().int().tolist() == case["quarter_bins_of_ln_visible"]
