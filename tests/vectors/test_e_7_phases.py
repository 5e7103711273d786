"""Similarity of two networks, the way between them, sharpness, and the phase they are in."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from backend.measures.phases import (
    barrier,
    bezier,
    linear_cka,
    mode_connectivity,
    phase,
    top_eigenvalue,
)
from tests.vectors.reading import block, doubles

CASES = block("e", "7_phases")
KEYS = ("linear_cka", "losses_along_path", "bend", "largest_eigenvalue", "phase")


def with_key(key):
    """Return the cases that have a number of this name."""
    return pytest.mark.parametrize("case", [case for case in CASES if key in case], ids=str)


def test_every_case_is_read():
    assert all(sum(key in case for key in KEYS) == 1 for case in CASES)


@with_key("linear_cka")
def test_similarity(case):
    found = float(linear_cka(doubles(case["X"]), doubles(case["Y"])))
    if case["linear_cka"] is None:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(case["linear_cka"], abs=1e-9)


@with_key("losses_along_path")
def test_the_way_between(case):
    losses = doubles(case["losses_along_path"])
    assert float(mode_connectivity(losses)) == pytest.approx(case["mode_connectivity"], abs=1e-9)
    assert float(barrier(losses)) == pytest.approx(case["barrier"], abs=1e-9)


@with_key("bend")
def test_a_point_of_the_curve(case):
    start, bend, end = ({"w": doubles(case[key])} for key in ("theta1", "bend", "theta2"))
    bend["w"].requires_grad_()
    point = bezier(start, bend, end, case["u"])["w"]
    assert point.tolist() == pytest.approx(case["point"], abs=1e-9)
    (slope,) = torch.autograd.grad(point.sum(), bend["w"])
    assert slope.tolist() == pytest.approx([case["d_point_d_bend"]] * len(slope), abs=1e-9)


@with_key("largest_eigenvalue")
def test_sharpness(case):
    # The block gives no labels; the Hessian of a softmax's cross-entropy does not depend on them.
    rows, weights = doubles(case["X"]), {"w": doubles([case["W"]])}
    labels = torch.zeros(len(rows), dtype=torch.long)

    def loss(at):
        return F.cross_entropy(rows @ at["w"][0], labels)[None]

    generator = torch.Generator().manual_seed(0)
    found = float(top_eigenvalue(loss, weights, 200, generator))
    assert found == pytest.approx(case["largest_eigenvalue"], abs=1e-9)
    whole = torch.autograd.functional.hessian(lambda w: loss({"w": w[None]}).sum(), weights["w"][0])
    size = weights["w"][0].numel()
    trace = float(whole.reshape(size, size).trace())
    assert trace == pytest.approx(case["trace"], abs=1e-9)


@with_key("phase")
def test_phase(case):
    limits = (case["loss_limit"], case["connectivity_limit"], case["cka_limit"])
    found = phase(case["train_loss"], case["mode_connectivity"], case["cka"], *limits)
    assert found == case["phase"]
