"""Diffusion spectral entropy as its authors' package computes it, and as their paper defines it."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch

from backend.measures.diffusion import (
    diffusion_kernel,
    diffusion_mutual_information,
    diffusion_spectral_entropy,
    diffusion_spectrum,
)
from tests.vectors.reading import block

float64 = partial(torch.tensor, dtype=torch.float64)

CASES = block("b", "6_dse_dsmi")["vectors"]
CLOUDS = [case for case in CASES if "X" in case]
LIMITS = [case for case in CASES if "coincident" in case]
SPECTRA = {0.0: "eigs_used_by_code", 0.5: "eigs_of_P_as_in_paper"}
ENTROPIES = {0.0: "dse_code_bits", 0.5: "dse_paper_alpha_half_bits"}


def name(case):
    return case["name"]


def bits(nats):
    return float(nats) / math.log(2)


def test_every_case_is_read():
    assert len(CLOUDS) + len(LIMITS) == len(CASES)


@pytest.mark.parametrize("alpha", SPECTRA)
@pytest.mark.parametrize("case", CLOUDS, ids=name)
def test_spectrum_and_entropy_of_the_walk(case, alpha):
    vectors, sigma = float64(case["X"]), case["sigma"]
    found = diffusion_spectrum(vectors, sigma, alpha)
    assert found.tolist() == pytest.approx(case[SPECTRA[alpha]], abs=1e-9)
    entropy = diffusion_spectral_entropy(vectors, sigma, steps=case["t"], alpha=alpha)
    assert bits(entropy) == pytest.approx(case[ENTROPIES[alpha]], abs=1e-9)


@pytest.mark.parametrize("case", CLOUDS, ids=name)
def test_entropy_of_the_entries_of_the_walk(case):
    kernel = diffusion_kernel(float64(case["X"]), case["sigma"], 0.5)
    walk = kernel / kernel.sum(1, keepdim=True)
    entropy = torch.special.entr(walk / walk.sum()).sum()
    assert bits(entropy) == pytest.approx(case["matrix_entry_entropy_bits"], abs=1e-9)


@pytest.mark.parametrize("case", LIMITS, ids=name)
def test_limits(case):
    together, apart = torch.ones(4, 3), 1e3 * torch.eye(4)
    assert bits(diffusion_spectral_entropy(together, 1.0)) == pytest.approx(case["coincident"])
    assert bits(diffusion_spectral_entropy(apart, 1.0)) == pytest.approx(case["far"])


def test_two_clean_clusters_tell_one_bit_of_their_labels():
    # Equation 7 of the paper; its package has 0.645 here.
    vectors = torch.cat([torch.zeros(3, 2), torch.full((3, 2), 100.0)])
    labels = torch.tensor([0, 0, 0, 1, 1, 1])
    assert bits(diffusion_mutual_information(vectors, labels, 1.0)) == pytest.approx(1)
