"""Spectra of the states of every depth, against NumPy in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import backend
from backend.errors import InputError
from backend.studies import spectra
from tests.studies.layer_models import TEXT, entropy, states_of, unit_rows


def shares_of(states):
    strengths = np.linalg.svd(unit_rows(states), compute_uv=False) ** 2
    return strengths / strengths.sum()


@pytest.mark.parametrize("family", ["llama", "gpt2", "mixtral"])
def test_every_depth_is_measured_without_the_first_token(family, tiny_model):
    model = tiny_model(family)
    run = backend.study_spectra(model, TEXT)
    for depth, states in enumerate(states_of(model, run)):
        shares = shares_of(states[1:])
        assert run.matrix_entropy[depth] == pytest.approx(entropy(shares), abs=1e-5)
        assert run.with_first[depth] == pytest.approx(entropy(shares_of(states)), abs=1e-5)
        rows = unit_rows(states[1:])
        columns = np.sort(np.linalg.norm(rows, axis=0))[::-1][: min(rows.shape)]
        assert run.nuclear_norm[depth] == pytest.approx(columns.sum() / len(rows), abs=1e-5)
        kept = run.eigenvalues[depth, : len(shares)]
        np.testing.assert_allclose(kept, shares[: len(kept)], atol=1e-6)
        norms = states.double().norm(dim=-1)
        assert run.norm[depth] == pytest.approx(float(norms[1:].mean()), rel=1e-5)
        assert run.first_norm[depth] == pytest.approx(float(norms[0]), rel=1e-5)
    assert run.measured == run.diffused == len(run) - 1
    assert set(run.seconds_of) == {"matrix_entropy", "nuclear_norm", "diffusion_entropy"}


def test_diffusion_entropy_is_that_of_a_walk_of_the_median_distance(tiny_model):
    model = tiny_model("llama")
    run = backend.study_spectra(model, TEXT)
    states = states_of(model, run)[2][1:].double().numpy()
    distances = np.linalg.norm(states[:, None] - states[None], axis=-1)
    # torch's median is the lower of two.
    between = np.sort(distances[np.triu_indices(len(states), 1)])
    sigma = between[(len(between) - 1) // 2]
    kernel = np.exp(-(distances**2) / (2 * sigma**2))
    values = np.abs(np.linalg.eigvals(kernel / kernel.sum(1, keepdims=True)))
    assert run.diffusion_entropy[2] == pytest.approx(entropy(values / values.sum()), abs=1e-5)


def test_a_long_text_is_measured_at_tokens_evenly_spaced(tiny_model, monkeypatch):
    model = tiny_model("llama")
    monkeypatch.setattr(spectra, "DIFFUSED", 4)
    run = backend.study_spectra(model, TEXT, most=8)
    assert (run.measured, run.diffused) == (8, 4)
    states = states_of(model, run)[1]
    places = np.round(np.linspace(1, len(run) - 1, 8)).astype(int)
    expected = entropy(shares_of(states[torch.from_numpy(places)]))
    assert run.matrix_entropy[1] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("text", ["a", "ab", "abc"])
def test_too_few_tokens_have_no_spectrum(text, tiny_model):
    run = backend.study_spectra(tiny_model("gpt2"), text)
    assert len(run) == len(text)
    run.check()
    assert np.isnan(run.matrix_entropy).all() == (len(text) < 3)
    assert np.isnan(run.norm).all() == (len(text) < 2)
    if len(text) == 3:  # two opposite rows: one direction
        np.testing.assert_allclose(run.matrix_entropy, 0, atol=1e-6)
        assert (run.diffusion_entropy <= math.log(2) + 1e-6).all()


def test_fewer_than_two_tokens_cannot_be_asked_for(tiny_model):
    with pytest.raises(InputError, match="at least 2"):
        backend.study_spectra(tiny_model("gpt2"), TEXT, most=1)


@pytest.mark.model
def test_the_first_token_alone_pulls_the_middle_layers_down(bundled_model):
    run = backend.study_spectra(bundled_model, TEXT * 8)
    assert run.first_norm[15] > 50 * run.norm[15]
    assert run.matrix_entropy[15] - run.with_first[15] > 0.5
    assert run.matrix_entropy[30] < run.matrix_entropy[20] - 0.3
