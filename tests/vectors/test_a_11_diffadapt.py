"""Difficulty by accuracy and entropy, and the probe that tells it (vectors of A § 11)."""

from __future__ import annotations

import math

import pytest
import torch

from backend.measures.difficulty import (
    LABELS,
    STRATEGIES,
    Probe,
    fit_probe,
    labelled,
    middle_drop,
    trace_entropy,
)
from tests.vectors.reading import EXACT, block, cases, doubles

every = pytest.mark.parametrize("case", cases(block("a", "11_diffadapt")))


@every
def test_questions_are_labelled_by_accuracy_and_entropy(case):
    accuracy = doubles([row["acc"] for row in case["rows"]])
    entropy = doubles([row["entropy"] for row in case["rows"]])
    found = labelled(accuracy, entropy, case["alpha"], case["beta"], case["gamma"])
    assert [LABELS[each] for each in found.tolist()] == [row["label"] for row in case["rows"]]


@every
def test_a_probe_is_two_layers_and_a_softmax(case):
    given = case["probe"]
    probe = Probe(*(doubles(given[name]) for name in ("W1", "b1", "W2", "b2")))
    torch.testing.assert_close(
        probe(doubles(given["h_L"])), doubles(given["probs"]), atol=EXACT, rtol=0
    )


@every
def test_a_strategy_has_its_temperature_and_share(case):
    found = {name: (each.temperature, each.share) for name, each in STRATEGIES.items()}
    for name, expected in case["strategies"].items():
        assert found[name] == (expected["temperature"], expected["max_frac"])


@every
def test_the_entropy_of_a_trace_is_the_mean_of_its_tokens(case):
    given = case["trace_entropy"]
    padded = doubles([*given["token_entropies"], math.nan])
    assert float(trace_entropy(padded)) == pytest.approx(given["trace_entropy"], abs=EXACT)


def test_right_and_sure_is_normal_even_where_the_limits_overlap():
    found = labelled(doubles([0.5]), doubles([0.1]), 0.4, 0.2, 0.9)
    assert LABELS[int(found)] == "Normal"


def test_a_limit_belongs_to_normal_whatever_the_numbers_are_stored_as():
    seven, sure = torch.tensor([0.7]), torch.tensor([0.3])  # one is below .7, one above .3
    assert seven.double() < 0.7
    assert sure.double() > 0.3
    assert LABELS[int(labelled(seven, sure, 0.7, 0.3, 0.7))] == "Normal"


def test_a_probe_learns_what_can_be_told_apart_and_is_the_same_for_one_seed():
    chance = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 3
    states = torch.randn(60, 8, generator=chance) * 0.3
    states[torch.arange(60), labels] += 3
    probe = fit_probe(states, labels, rounds=300)
    assert (probe(states).argmax(-1) == labels).double().mean() > 0.95
    assert torch.equal(probe(states), fit_probe(states, labels, rounds=300)(states))


def test_a_dip_is_measured_from_the_first_level():
    assert middle_drop(doubles([1.0, 0.9, 0.75, 1.2])) == pytest.approx(0.25)
    assert middle_drop(doubles([1.0, 1.5, 2.0])) == pytest.approx(-0.5)
    assert math.isnan(middle_drop(doubles([1.0, 2.0])))
