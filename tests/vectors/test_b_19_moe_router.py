"""Routers of mixtures of experts: numbers of transformers, and re-derived in NumPy."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch

from backend.measures.router import (
    balancing_loss,
    expert_information,
    expert_load,
    load_variation,
    router_entropy,
    router_probabilities,
    z_loss,
)
from tests.vectors.reading import block

float64 = partial(torch.tensor, dtype=torch.float64)

CASES = block("b", "19_moe_router")["vectors"]
LAYERS = [case for case in CASES if "layer1" in case]
BALANCE = [case for case in CASES if "perfectly_balanced_top2" in case]
ENTROPIES = [case for case in CASES if "router_entropy_per_token" in case]
FIRST = next((case["layer1"] for case in LAYERS), None)


def loss(logits, top=2):
    """Return the balancing loss of scores [T, E], all layers in one."""
    load = expert_load(logits.topk(top, -1).indices, logits.shape[-1])
    return float(balancing_loss(load, router_probabilities(logits)))


def test_every_case_is_read():
    assert len(LAYERS) + len(BALANCE) + len(ENTROPIES) == len(CASES)


@pytest.mark.parametrize("case", LAYERS, ids=lambda case: case["name"])
def test_balancing_loss_of_pooled_layers(case):
    both = [float64(case["layer1"]), float64(case["layer2"])]
    pooled = torch.cat(both)
    assert loss(pooled) == pytest.approx(case["aux_loss"], abs=1e-6)
    assert loss(pooled) == pytest.approx(case["own"], abs=1e-6)
    chosen = pooled.topk(2, -1).indices
    assert expert_load(chosen, 4).tolist() == pytest.approx(case["f"], abs=1e-6)
    mean = router_probabilities(pooled).mean(0)
    assert mean.tolist() == pytest.approx(case["P"], abs=1e-6)
    # The mask 1 1 0 leaves the last token of each layer out.
    masked = loss(torch.cat([each[:2] for each in both]))
    assert masked == pytest.approx(case["aux_loss_mask_110"], abs=1e-6)
    assert masked == pytest.approx(case["own_mask"], abs=1e-6)


@pytest.mark.parametrize("case", BALANCE, ids=lambda case: case["name"])
def test_balancing_loss_at_its_ends(case):
    def two(*experts):
        """Return scores that put all weight on these experts, two a token."""
        return torch.full((2, 4), -50.0).scatter(1, torch.tensor(experts), 50.0)

    balanced = two((0, 1), (2, 3))
    left, right = two((0, 1), (0, 1)), two((2, 3), (2, 3))
    assert loss(torch.zeros(3, 4)) == pytest.approx(case["uniform_logits_ties_top2"])
    assert loss(balanced) == pytest.approx(case["perfectly_balanced_top2"], abs=1e-6)
    assert loss(left) == pytest.approx(case["collapsed_on_two_experts"])
    pooled = loss(torch.cat([left, right]))
    assert pooled == pytest.approx(case["pooled_two_layers_each_collapsed"])
    assert (loss(left) + loss(right)) / 2 == pytest.approx(case["mean_of_per_layer"])


@pytest.mark.parametrize("case", ENTROPIES, ids=lambda case: case["name"])
def test_entropies_and_load_of_one_layer(case):
    logits = float64(FIRST)
    soft = router_probabilities(logits)
    load = expert_load(logits.topk(2, -1).indices, 4)
    top = router_probabilities(logits, "top_softmax", 2)
    found = {
        "router_entropy_per_token": router_entropy(soft),
        "normalised_by_log_E": router_entropy(soft) / math.log(4),
        "entropy_of_mean_distribution": router_entropy(soft.mean(0)),
        "mutual_information_expert_token": expert_information(soft),
        "top2_renormalised_entropy_gpt_oss_style": router_entropy(top),
        "sigmoid_normalised_entropy_deepseek_style": router_entropy(
            router_probabilities(logits, "sigmoid")
        ),
        "load_counts": load * len(logits),
        "load_cv": load_variation(load),
        "max_load_ratio": load.max() / load.mean(),
        "z_loss": z_loss(logits),
    }
    expected = {key: each for key, each in case.items() if key != "name"}
    assert expected.keys() <= found.keys()
    for key, value in expected.items():
        assert found[key].tolist() == pytest.approx(value, abs=2e-6), key
