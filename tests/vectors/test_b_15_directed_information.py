"""Directed information: expected flows of small channels, and what a wrong marginal adds (B § 15).

The vectors name their channels: two uses of a binary symmetric one that errs one time in ten, with
inputs that are tossed, or whose second is the first output.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from backend.derived.flow import flow, mixture, total
from backend.runs.flow import FlowRun
from tests.runs.declared_runs import Wish, declared_run
from tests.vectors.reading import EXACT, FLOAT32, block, cases

CASES = block("b", "15_directed_information")["vectors"]
ERRS = 0.1


def having(key):
    return pytest.mark.parametrize("case", cases([each for each in CASES if key in each]))


def channel(*, feedback):
    """Return p of x1, y1, x2, y2, float64 [2, 2, 2, 2]."""
    joint = np.zeros((2, 2, 2, 2))
    for x1, y1, x2, y2 in itertools.product((0, 1), repeat=4):
        coming = [ERRS if x != y else 1 - ERRS for x, y in ((x1, y1), (x2, y2))]
        second = float(x2 == y1) if feedback else 0.5
        joint[x1, y1, x2, y2] = 0.5 * second * math.prod(coming)
    return joint


def information(joint, a, b, given=()):
    """Return I(a; b | given) in bits, by entropies of the axes."""

    def entropy(axes):
        others = tuple(each for each in range(joint.ndim) if each not in axes)
        p = joint.sum(others).ravel()
        return -float((p[p > 0] * np.log2(p[p > 0])).sum())

    a, b, given = set(a), set(b), set(given)
    parts = entropy(a | given), entropy(b | given), entropy(a | b | given), entropy(given)
    return parts[0] + parts[1] - parts[2] - parts[3]


def flow_run(alone, whole) -> FlowRun:
    run = declared_run("flow", Wish(tokens=len(alone)))
    assert isinstance(run, FlowRun)
    run.alone[:], run.whole[:] = alone, whole
    return run


@having("directed_information_bits")
def test_expected_flow_of_a_channel_is_its_directed_information(case):
    joint = channel(feedback="WITH" in case["name"])
    y1, y2 = joint.sum((0, 2, 3)), joint.sum((0, 2))
    expected = 0.0
    for x1, a, x2, b in np.argwhere(joint > 0).tolist():
        first = joint[x1, a].sum() / joint[x1].sum()
        second = joint[x1, a, x2, b] / joint[x1, a, x2].sum()
        run = flow_run(np.log([y1[a], y2[a, b] / y1[a]]), np.log([first, second]))
        expected += joint[x1, a, x2, b] * total(run) / math.log(2)
    assert expected == pytest.approx(case["directed_information_bits"], abs=FLOAT32)
    mutual = information(joint, (0, 2), (1, 3))
    assert mutual == pytest.approx(case["mutual_information_bits"], abs=EXACT)
    # Conservation: what is left is what earlier outputs tell about the next input.
    reverse = information(joint, (1,), (2,), (0,))
    assert reverse == pytest.approx(case["reverse_bits"], abs=EXACT)
    assert expected + reverse == pytest.approx(mutual, abs=FLOAT32)


@having("r_y")
def test_a_wrong_marginal_adds_its_divergence_and_the_mixture_does_not(case):
    p, weights = np.array(case["p_y_given_x"]), np.array(case["p_x"])
    right = np.concatenate([mixture(np.log(p[:, [y]]), weights) for y in range(p.shape[1])])
    mean = weights[:, None] * p
    assert (mean * (np.log(p) - right)).sum() == pytest.approx(case["true_mi"], abs=EXACT)
    wrong = np.log(case["r_y"])
    inflated = (mean * (np.log(p) - wrong)).sum()
    assert inflated == pytest.approx(case["estimate_with_r"], abs=EXACT)
    assert inflated - case["true_mi"] == pytest.approx(case["kl"], abs=EXACT)


@having("per_token")
def test_the_flow_of_every_token_and_of_the_answer(case):
    run = flow_run(case["logp_uncond_nats"], case["logp_cond_nats"])
    np.testing.assert_allclose(flow(run), case["per_token"], atol=FLOAT32)
    assert total(run) == pytest.approx(case["total_nats"], abs=FLOAT32)
    assert total(run) / math.log(2) == pytest.approx(case["total_bits"], abs=FLOAT32)
