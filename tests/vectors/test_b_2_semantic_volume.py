"""Semantic volume: the determinants of n × n and d × d, and the constant between them."""

from __future__ import annotations

import math

import pytest
import torch

from backend.measures.volume import EPSILON, added, log_volume, parallelepiped, spectrum
from tests.vectors.reading import EXACT, block, cases, doubles

# The vectors are determinants by LU, which loses digits at ε = 1e-10; eigenvalues do not.
BY_LU = 1e-6


@pytest.mark.parametrize("case", cases(block("b", "2_semantic_volume")["vectors"]))
def test_every_case(case):
    rows = doubles(case["rows"])
    count, width = rows.shape
    squares = spectrum(rows)
    whole = log_volume(squares, count)
    assert whole == pytest.approx(case["logdet_nxn"], abs=BY_LU)
    if "expected" in case:
        assert whole == pytest.approx(case["expected"], abs=EXACT)
    if "logdet_dxd" in case:
        narrow = log_volume(squares, width)
        assert narrow == pytest.approx(case["logdet_dxd"], abs=EXACT)
        assert whole - narrow == pytest.approx(case["difference"], abs=BY_LU)
        assert whole - narrow == pytest.approx((count - width) * case["log_eps"], abs=EXACT)
        assert math.log(EPSILON) == pytest.approx(case["log_eps"], abs=EXACT)


@pytest.mark.parametrize("count", [2, 5])
def test_equal_texts_have_one_direction(count):
    rows = torch.ones(count, 1).double() * doubles([[0.6, 0.8]])
    expected = math.log((count + EPSILON) * EPSILON ** (count - 1))
    assert log_volume(spectrum(rows), count) == pytest.approx(expected, abs=EXACT)
    assert parallelepiped(rows) == pytest.approx(0, abs=1e-7)


def test_texts_at_right_angles_have_no_less_than_all_volume():
    assert log_volume(spectrum(torch.eye(4)), 4) == pytest.approx(0, abs=1e-8)
    assert parallelepiped(torch.eye(3)) == pytest.approx(1)


def test_what_a_text_adds_is_its_distance_from_all_others():
    angle = 0.3
    rows = doubles([[1, 0, 0], [0, 1, 0], [math.cos(angle), 0, math.sin(angle)]])
    found = added(rows)
    assert float(found[2]) == pytest.approx(2 * math.log(math.sin(angle)), abs=1e-6)
    assert float(found[1]) == pytest.approx(0, abs=1e-6)


def test_kept_directions_are_the_largest():
    rows = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)).double()
    eigenvalues = torch.linalg.eigvalsh(rows.T @ rows).flip(0)
    assert spectrum(rows, 2).tolist() == pytest.approx(eigenvalues[:2].tolist())
