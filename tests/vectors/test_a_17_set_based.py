"""The mask and the positions of set-based prompting, as its authors' code makes them."""

from __future__ import annotations

import pytest

from backend.measures.set_based import set_mask, set_positions
from tests.vectors.reading import block, cases


@pytest.mark.parametrize("case", cases(block("a", "17_set_based")))
def test_every_case(case):
    parts = case["prefix"], case["options"], case["suffix"]
    assert set_positions(*parts).tolist() == case["position_ids"]
    assert set_mask(*parts).int().tolist() == case["mask_rows_query_cols_key"]
    longer = set_positions(case["prefix"], case["options"], case["suffix"] + 1)
    assert longer[-1] == case["next_generated_position_llama_code"]


def test_an_empty_set_is_a_plain_causal_text():
    assert set_positions(2, [], 3).tolist() == [0, 1, 2, 3, 4]
    assert set_mask(2, [], 3).sum() == 15
