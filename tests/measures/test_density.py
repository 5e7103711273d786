"""Density against a reference family, and how fast the densest grows."""

from __future__ import annotations

import math

import pytest
import torch

from backend.measures.density import Reference, fit_reference, growth, records


def test_a_family_is_as_large_as_it_is():
    law = Reference(0.6, -12.0, 0.25)
    sizes = torch.tensor([1e9, 7e9, 7e10], dtype=torch.float64)
    fit = fit_reference(sizes, law.score(sizes))
    assert (fit.slope, fit.shift) == pytest.approx((0.6, -12.0), abs=1e-9)
    assert fit.effective_size(law.score(sizes)).tolist() == pytest.approx(sizes.tolist(), rel=1e-9)


def test_a_score_of_guessing_has_no_size():
    found = Reference(0.6, -12.0, 0.25).effective_size(torch.tensor([0.25, 0.1, 1.0]))
    assert found.isnan().all()


def test_records_are_denser_than_all_before_and_on_their_day():
    days = torch.tensor([0, 10, 10, 20, 30])
    densities = torch.tensor([1.0, 3.0, 2.0, 2.5, torch.nan])
    assert records(days, densities).tolist() == [True, True, False, False, False]


def test_growth_is_that_of_the_records():
    days = torch.tensor([0.0, 50, 100, 100])
    densities = torch.tensor([1.0, math.exp(0.35), math.exp(0.7), 0.5])
    assert growth(days, densities) == pytest.approx((0.007, 0.0), abs=1e-6)
    assert all(map(math.isnan, growth(days[:1], densities[:1])))
