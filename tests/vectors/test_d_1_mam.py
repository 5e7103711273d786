"""Marginals of parts of pictures: the truth, both residuals, and what follows from marginals."""

from __future__ import annotations

import pytest
import torch

from backend.measures.marginals import (
    UNSEEN,
    exact_marginals,
    from_ratio,
    part_states,
    pixel_entropy,
    root_mean_square,
    step_residual,
    sum_residual,
)
from tests.vectors.reading import EXACT, block, doubles

CASES = block("d", "1_mam")["cases"]


def near(value):
    return pytest.approx(value, abs=EXACT)


def name(state):
    return "".join("01?"[each] for each in state.tolist())


def with_pixel(state, place, value):
    found = state.clone()
    found[place] = value
    return found


@pytest.fixture(params=CASES, ids=lambda case: case["name"])
def case(request):
    return request.param


@pytest.fixture
def found(case):
    """The marginals of a case, noise included, and the exact ones, by state."""
    states = part_states(case["D"])
    exact = exact_marginals(doubles(case["joint_c_order"]), states).tolist()
    truth = {name(state): value for state, value in zip(states, exact, strict=True)}
    noise = case["noise_added_to_f"]
    return states, truth, {each: value + noise.get(each, 0.0) for each, value in truth.items()}


def further(states):
    """Each state with each pixel of it that is not seen."""
    return [
        (state, place)
        for state in states
        for place in torch.nonzero(state == UNSEEN)[:, 0].tolist()
    ]


def test_marginals_of_every_part(case, found):
    states, _, marginals = found
    assert len(states) == case["states"]
    for each, value in case["log_marginals"].items():
        assert marginals[each] == near(value)


def test_the_sum_residual(case, found):
    states, _, marginals = found
    rows = [
        [
            marginals[name(each)]
            for each in (state, with_pixel(state, place, 0), with_pixel(state, place, 1))
        ]
        for state, place in further(states)
    ]
    residuals = sum_residual(*doubles(rows).T)
    assert len(residuals) == case["n_sum"]
    assert float(root_mean_square(residuals)) == near(case["rms_sum_residual"])
    assert float(residuals.abs().max()) == near(case["max_sum_residual"])


def test_the_step_residual(case, found):
    states, truth, marginals = found
    rows = []
    for state, place in further(states):
        for value in (0, 1):
            after = name(with_pixel(state, place, value))
            log_p = truth[after] - truth[name(state)]
            rows.append([marginals[name(state)], log_p, marginals[after]])
    residuals = step_residual(*doubles(rows).T)
    assert len(residuals) == case["n_step"]
    assert float(root_mean_square(residuals)) == near(case["rms_step_residual"])


def test_the_entropy_of_single_pixels(case, found):
    states, truth, _ = found
    known = {name(state): state for state in states}
    for each, entropies in case["pixel_conditional_entropy_exact"].items():
        for place, expected in enumerate(entropies):
            if expected is not None:
                p = doubles(truth[name(with_pixel(known[each], place, 1))] - truth[each]).exp()
                assert float(pixel_entropy(p)) == near(expected)
    joint = doubles(case["joint_c_order"])
    assert float(torch.special.entr(joint).sum()) == near(case["joint_entropy"])
    single = case["pixel_conditional_entropy_exact"]["?" * case["D"]]
    assert sum(single) == near(case["sum_of_pixel_entropies"])


def test_p_of_ink_from_two_marginals(case, found):
    states, _, marginals = found
    known = {name(state): state for state in states}
    for each, probabilities in case["p1_from_marginal_ratio"].items():
        for place, expected in enumerate(probabilities):
            if expected is not None:
                pair = [marginals[name(with_pixel(known[each], place, value))] for value in (0, 1)]
                assert float(from_ratio(*doubles(pair))) == near(expected)
