"""UNComp: truncated matrix entropy as its authors' code computes it."""

from __future__ import annotations

import json
import math
from functools import partial

import pytest
import torch

from backend.measures.spectrum import layer_groups, spectral_entropy, spectrum
from tests.vectors.reading import block

float64 = partial(torch.tensor, dtype=torch.float64)

BLOCK = block("a", "8_uncomp")
HEADS = BLOCK["input_heads_tokens_dims"]
GROUPINGS = {
    name: [json.loads(str(each).removeprefix("Indices: ")) for each in groups]
    for name, groups in BLOCK.items()
    if name.startswith("layer_groups")
}


@pytest.mark.parametrize("row", BLOCK["rows"], ids=lambda row: f"head {row['head']} k {row['k']}")
def test_truncated_matrix_entropy_of_a_head(row):
    eigenvalues = spectrum(float64(HEADS[row["head"]]))
    assert eigenvalues.tolist() == pytest.approx(row["eigenvalues"], abs=1e-9)
    entropy = float(spectral_entropy(eigenvalues, row["k"]))
    assert entropy == pytest.approx(row["H_k_nats"], abs=1e-7)
    assert math.exp(entropy) == pytest.approx(row["erank_k_paper"], abs=1e-7)
    share = entropy / math.log(len(HEADS[row["head"]][0]))
    assert share == pytest.approx(row["reference_normalised_Hk_over_logD"], abs=1e-7)


@pytest.mark.parametrize("groups", GROUPINGS.values(), ids=GROUPINGS)
def test_layers_part_where_effective_rank_falls(groups):
    # The block has no ranks: these rise within a group and fall where the next begins.
    ranks = [layer - 2 * number for number, group in enumerate(groups) for layer in group]
    assert layer_groups(float64(ranks), 0.3) == groups
    assert layer_groups(float64(ranks), 1.5) == [[layer for group in groups for layer in group]]
