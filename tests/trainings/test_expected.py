"""Every experiment shows what it is expected to show."""

from __future__ import annotations

import pytest

from backend.trainings import EXPERIMENTS, names, run

_TWO = "activations collapse experts guided_attention ladder spectral_entropy"
SEEDS = dict.fromkeys(_TWO.split(), (0, 1))
"""Where two seeds are enough; the others take their own."""

CASES = [
    pytest.param(name, marks=[pytest.mark.model] if name == "hyperfitting" else [])
    for name in names()
]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", CASES)
def test_an_experiment_shows_what_is_expected(name):
    found = run(name, seeds=SEEDS.get(name, EXPERIMENTS[name].seeds))
    assert {each.name: each.found for each in found.figures if not each.holds} == {}
    assert (found.diverged < 0).all()


@pytest.mark.slow
def test_the_entropy_of_attention_harms_where_one_digit_is_all_the_evidence():
    found = run("bags", seeds=(0, 1, 2, 3), scenario="one clean zero")
    assert {each.name: each.found for each in found.figures if not each.holds} == {}
