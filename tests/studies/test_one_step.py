"""Samplers side by side on one distribution that no model made."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backend import samplers
from backend.decoding.one_step import apply_samplers, catalogue, temperature_sweep
from backend.errors import InputError
from backend.runs.trajectories import plans

P = np.array([0.42, 0.23, 0.12, 0.08, 0.06, 0.04, 0.03, 0.02])


def kept(name, **values):
    return np.flatnonzero(apply_samplers(P, plans([(name, values)]))[0].kept).tolist()


def test_the_catalogue_has_every_sampler_with_its_parameters():
    found = {each.name: each for each in catalogue()}
    assert sorted(found) == samplers.names()
    k = found["top_k"].parameters[0]
    assert (k.name, k.default, k.low, k.high, k.integer) == ("k", 50, 1, 200, True)
    rule = next(each for each in found["top_h"].parameters if each.name == "rule")
    assert rule.options == ("paper", "author", "transformers")


def test_temperature_first_or_last_changes_the_set():
    # The example of transformers against llama.cpp: T = 2.
    assert kept("top_p", p=0.9, temperature=2.0) == [0, 1, 2, 3, 4, 5, 6]
    assert kept("top_p", p=0.9, temperature=2.0, temperature_order="last") == [0, 1, 2, 3, 4]
    assert kept("min_p", min_p=0.2, temperature=2.0) == list(range(8))
    assert kept("min_p", min_p=0.2, temperature=2.0, temperature_order="last") == [0, 1, 2]


def test_without_temperature_the_divergence_is_minus_log_of_the_kept_mass():
    found = apply_samplers(P, plans([("top_k", {"k": 3})]))[0]
    assert found.kept_mass == pytest.approx(0.77)
    assert found.divergence == pytest.approx(-math.log(0.77))
    assert found.probs[:3].sum() == pytest.approx(1)
    q = P[:3] / 0.77
    assert found.entropy == pytest.approx(-(q * np.log(q)).sum())


def test_a_state_takes_the_place_of_the_first_step():
    # mirostat 2 keeps −log₂ p ≤ μ; −log₂ 0.23 = 2.12.
    low = apply_samplers(P, plans(["mirostat_v2"]), [{"mu": 2.2}])[0]
    assert np.flatnonzero(low.kept).tolist() == [0, 1]


def test_the_sweep_follows_the_tempered_softmax():
    entropy, count = temperature_sweep(P, plans(["temperature", ("top_k", {"k": 2})]), [0.5, 1, 2])
    for column, temperature in enumerate([0.5, 1.0, 2.0]):
        q = P ** (1 / temperature) / (P ** (1 / temperature)).sum()
        assert entropy[0, column] == pytest.approx(-(q * np.log(q)).sum())
    assert count.tolist() == [[8, 8, 8], [2, 2, 2]]


def test_tokens_of_probability_zero_are_never_kept():
    found = apply_samplers(np.array([0.5, 0.5, 0.0]), plans(["temperature", ("top_p", {"p": 1.0})]))
    assert [each.kept.tolist() for each in found] == [[True, True, False]] * 2


@pytest.mark.parametrize("probs", [[], [0.0, 0.0], [0.5, -0.1], [float("nan"), 1.0]])
def test_what_is_no_distribution_is_refused(probs):
    with pytest.raises(InputError, match="at least one token"):
        apply_samplers(np.array(probs), plans(["greedy"]))


def test_a_chain_is_applied_as_one():
    found = apply_samplers(P, plans([[("top_k", {"k": 4}), ("top_p", {"p": 0.7})]]))[0]
    # 0.42, 0.23, 0.12 of 0.85 are 0.49, 0.76: two tokens reach 0.7.
    assert np.flatnonzero(found.kept).tolist() == [0, 1]


def test_the_sweep_heats_a_chain_once():
    entropy, _ = temperature_sweep(P, plans([["temperature", ("top_k", {"k": 8})]]), [2.0])
    q = P**0.5 / (P**0.5).sum()
    assert entropy[0, 0] == pytest.approx(-(q * np.log(q)).sum())


def test_a_sweep_takes_the_place_of_a_temperature_by_any_name():
    by_alias, _ = temperature_sweep(P, plans([("top_p", {"T": 3.0})]), [0.5, 2])
    plain, _ = temperature_sweep(P, plans(["top_p"]), [0.5, 2])
    assert (by_alias == plain).all()
