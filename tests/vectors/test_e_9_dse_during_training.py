"""Spectral entropy with a σ that follows the distances, the same for the classes."""

from __future__ import annotations

import math

import pytest
import torch

from backend.measures.diffusion import diffusion_spectral_entropy, median_distance
from backend.trainings.spectral_entropy import within_classes
from tests.vectors.reading import block, doubles


@pytest.mark.parametrize(
    "case", block("e", "9_dse_during_training"), ids=lambda c: str(c["labels"])
)
def test_information_on_labels(case):
    vectors, labels = doubles([case["X"]]), torch.tensor(case["labels"])
    sigma = case["sigma_factor"] * median_distance(vectors)
    assert float(sigma) == pytest.approx(case["sigma"], abs=1e-9)
    whole = float(diffusion_spectral_entropy(vectors, sigma)) / math.log(2)
    assert whole == pytest.approx(case["dse_bits"], abs=1e-9)
    within = float(within_classes(vectors, labels, sigma)) / math.log(2)
    assert within == pytest.approx(case["conditional_bits"], abs=1e-9)
    assert whole - within == pytest.approx(case["dsmi_bits"], abs=1e-9)
    counts = torch.bincount(labels).double() / len(labels)
    label_entropy = float(torch.special.entr(counts).sum()) / math.log(2)
    assert label_entropy == pytest.approx(case["label_entropy_bits"], abs=1e-9)
