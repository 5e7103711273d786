"""Corners of a simplex, compatibility of models, and the term that aligns them."""

from __future__ import annotations

import pytest
import torch

from backend.measures.compatibility import (
    alignment_loss,
    average_compatibility,
    compatible_pairs,
    simplex,
)
from tests.vectors.reading import block, doubles

CASES = block("e", "8_simplex")
MATRIX = "matrix_row_query_model_column_gallery_model"
KEYS = ("vectors", MATRIX, "loss_repository")


def with_key(key):
    """Return the cases that have a number of this name."""
    return pytest.mark.parametrize("case", [case for case in CASES if key in case], ids=str)


def test_every_case_is_read():
    assert all(sum(key in case for key in KEYS) == 1 for case in CASES)


@with_key("vectors")
def test_corners(case):
    corners = simplex(case["classes"])
    torch.testing.assert_close(corners, doubles(case["vectors"]), atol=1e-9, rtol=0)
    cosines = corners @ corners.T
    between = cosines[~torch.eye(case["classes"], dtype=torch.bool)]
    assert between.tolist() == pytest.approx([case["expected"]] * len(between), abs=1e-9)
    assert float(between[0]) == pytest.approx(case["cosine_between_two"], abs=1e-9)
    assert case["all_pairs_equal"]


@with_key(MATRIX)
def test_compatibility(case):
    assert compatible_pairs(case[MATRIX]) == case["compatible_below_diagonal"]
    found = average_compatibility(case[MATRIX])
    assert found == pytest.approx(case["average_compatibility"], abs=1e-9)


@with_key("loss_repository")
def test_alignment(case):
    new, old, labels = doubles(case["new"]), doubles(case["old"]), torch.tensor(case["labels"])
    found = alignment_loss(new, old, labels, case["mu"])
    assert float(found) == pytest.approx(case["loss_repository"], abs=1e-6)
    left_out = alignment_loss(new, old, labels, case["mu"], left_out=True)
    assert float(left_out) == pytest.approx(case["loss_same_class_left_out"], abs=1e-6)
