"""A router in training: whom it chooses, how even that is, and how it is balanced."""

from __future__ import annotations

import math

import pytest
import torch

from backend.measures.router import router_entropy
from backend.measures.routing import (
    balanced_bias,
    balancing,
    choose,
    class_information,
    class_shares,
    dead_experts,
    load_entropy,
)
from tests.vectors.reading import block, doubles


@pytest.mark.parametrize("case", block("e", "11_moe"), ids=lambda c: str(c["selection_bias"]))
def test_a_router(case):
    shares = torch.softmax(doubles(case["router_logits"]), -1)
    bias, top = doubles(case["selection_bias"]), case["top_k"]
    experts = shares.shape[-1]
    ranked = (shares + bias).topk(top, -1).indices
    assert ranked.tolist() == case["chosen"]
    chosen = choose(shares, bias, top)
    assert all(
        sorted(row.nonzero()[:, 0].tolist()) == sorted(expected)
        for row, expected in zip(chosen, case["chosen"], strict=True)
    )
    load = chosen.mean(0)
    assert load.tolist() == pytest.approx(case["load"], abs=1e-9)
    assert float(load_entropy(load)) == pytest.approx(case["load_entropy_over_ln_e"], abs=1e-9)
    mean = float(router_entropy(shares).mean()) / math.log(experts)
    assert mean == pytest.approx(case["token_entropy_over_ln_e"], abs=1e-9)
    assert int(dead_experts(load)) == case["dead_below_1_percent"]
    uneven = float(balancing(load, shares.mean(0), top))
    assert uneven == pytest.approx(case["aux_divided_by_k"], abs=1e-9)
    labels = torch.tensor(case["class_of_token"])
    joint = class_shares(chosen, labels, int(labels.max()) + 1)
    information = float(class_information(joint))
    assert information == pytest.approx(case["expert_class_information"], abs=1e-9)
    after = balanced_bias(bias, load, case["update"])
    assert after.tolist() == pytest.approx(case["bias_after_update"], abs=1e-9)
