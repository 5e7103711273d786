"""Scaling laws on their published constants, and on made-up ones where the block says so."""

from __future__ import annotations

import pytest
import torch

from backend.measures.scaling import (
    Densing,
    PowerLaw,
    doubling_time,
    encoder_share,
    translation_loss,
)
from tests.vectors.reading import block

CASES = block("b", "14_scaling")["vectors"]
IMAGES = PowerLaw(3.12, 8.0e1, 0.24)
LANGUAGE = PowerLaw(0.0, 1.47e14, 0.070)
VIDEO = PowerLaw(1.01, 3.7e4, 0.24)
LANGUAGE_COMPUTE = PowerLaw(0.0, 3.47e8, 0.048)


def with_key(key):
    """Return the cases that have a number of this name."""
    found = [case for case in CASES if key in case]
    return pytest.mark.parametrize("case", found, ids=lambda case: case["name"])


KEYS = ("image8x8_N1e9", "language_C3640", "L_Ne2_Nd1", "density_for_2p4B_model")


def test_every_case_is_read():
    assert all(any(key in case for key in KEYS) for case in CASES)


@with_key("image8x8_N1e9")
def test_loss_of_a_size(case):
    assert IMAGES.loss(1e9) == pytest.approx(case["image8x8_N1e9"], abs=1e-9)
    assert IMAGES.reducible(1e9) == pytest.approx(case["reducible"], abs=1e-9)
    assert LANGUAGE.loss(1.75e11) == pytest.approx(case["language_N_1p75e11"], abs=1e-9)
    assert VIDEO.loss(1e8) == pytest.approx(case["video_N1e8"], abs=1e-9)
    size = IMAGES.size_for(0.1)
    assert size == pytest.approx(case["size_for_0p1_nat_reducible_8x8"], rel=1e-9)


@with_key("language_C3640")
def test_loss_of_a_budget(case):
    assert LANGUAGE_COMPUTE.loss(3640) == pytest.approx(case["language_C3640"], abs=1e-9)
    best = (1 / 3.3e-13) ** 0.73
    assert best == pytest.approx(case["N_opt_language_C1_params"], rel=1e-9)


@with_key("L_Ne2_Nd1")
def test_translation(case):
    powers = (0.2, 0.3)
    loss = translation_loss(2.0, 1.0, 0.5, powers, 1.5)
    assert loss == pytest.approx(case["L_Ne2_Nd1"], abs=1e-9)
    assert encoder_share(powers) == pytest.approx(case["analytic"], abs=1e-9)
    shares = torch.linspace(0.01, 0.99, 9801).tolist()
    best = min(shares, key=lambda each: translation_loss(each, 1 - each, 0.5, powers, 1.5))
    assert best == pytest.approx(case["optimal_encoder_share"], abs=1e-3)


@with_key("density_for_2p4B_model")
def test_density(case):
    law = Densing(
        case["a"], case["alpha"], case["b"], case["beta"], case["c"], case["gamma"], case["l"],
        case["d"], case["D0"],
    )  # fmt: skip
    score = law.score(7e9)
    assert score == pytest.approx(case["score_of_7B_reference"], abs=1e-9)
    assert law.loss_of(score) == pytest.approx(case["recovered_loss"], abs=1e-9)
    assert law.effective_size(score) == pytest.approx(case["effective_params"], rel=1e-9)
    assert law.density(score, 2.4e9) == pytest.approx(case["density_for_2p4B_model"], rel=1e-9)
    days = doubling_time(0.007)
    assert days == pytest.approx(case["doubling_days_for_A_0p007"], abs=1e-9)
    assert days / 30.44 == pytest.approx(case["months_30p44"], abs=1e-9)
