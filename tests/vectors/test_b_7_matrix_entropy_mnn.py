"""Matrix entropy and Matrix Nuclear-Norm as their authors' code computes them."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch

from backend.measures.spectrum import matrix_entropy, matrix_nuclear_norm, nuclear_norm, unit_rows
from tests.vectors.reading import block

float64 = partial(torch.tensor, dtype=torch.float64)

CASES = block("b", "7_matrix_entropy_mnn")["vectors"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_matrix_entropy_and_nuclear_norm(case):
    vectors = float64(case["R"])
    tokens, size = vectors.shape
    rows, entropy = unit_rows(vectors), float(matrix_entropy(vectors))
    columns, whole = rows.norm(dim=0), float(matrix_nuclear_norm(vectors))
    found = {
        "R_normalised": rows.flatten().tolist(),
        "column_norms": columns.tolist(),
        "column_norms_sorted": columns.sort(descending=True).values.tolist(),
        "mnn": whole,
        "mnn_per_token": whole / tokens,
        "full_L12": float(columns.sum()),
        "true_nuclear_norm": float(nuclear_norm(vectors)),
        "matrix_entropy_nats": entropy,
        "matrix_entropy_normalised_by_log_d": entropy / math.log(size),
        "erank": math.exp(entropy),
        "rank": int(float64(rows.tolist()).svd().S.gt(1e-9).sum()),
        "max_normalised_entropy_possible": math.log(tokens - 1) / math.log(size),
    }
    expected = {key: each for key, each in case.items() if key not in ("name", "R")}
    if "R_normalised" in expected:
        expected["R_normalised"] = float64(expected["R_normalised"]).flatten().tolist()
    assert expected.keys() <= found.keys()
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, abs=1e-9), key
    assert entropy <= math.log(tokens - 1) + 1e-12
