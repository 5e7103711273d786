"""The map of states is the plane that principal components give, and every depth drawn into it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import backend
from backend.errors import InputError
from backend.measures.spectrum import principal_plane
from tests.studies.layer_models import TEXT, states_of


@pytest.mark.parametrize("depth", [0, 2, None])
def test_places_are_along_the_two_strongest_directions_of_one_depth(depth, tiny_model):
    model = tiny_model("llama")
    run = backend.study_states(model, TEXT, depth=depth)
    chosen = 1 if depth is None else depth
    assert run.depth == chosen
    cut = [
        each.double() / (each.double().square().mean(-1, keepdim=True) + 1e-6).sqrt()
        for each in states_of(model, run)
    ]
    rows = cut[chosen][1:].numpy()
    mean = rows.mean(0)
    _, strengths, directions = np.linalg.svd(rows - mean, full_matrices=False)
    explained = strengths[:2] ** 2 / (strengths**2).sum()
    np.testing.assert_allclose(run.explained, explained, atol=1e-5)
    for each, states in enumerate(cut):
        expected = (states.numpy() - mean) @ directions[:2].T
        for axis in range(2):  # a direction and its opposite are one
            sign = np.sign(run.places[chosen, 1, axis] * ((rows[0] - mean) @ directions[axis]))
            np.testing.assert_allclose(
                run.places[each, :, axis], sign * expected[:, axis], atol=1e-3
            )


def test_entropy_is_that_of_a_text_run(tiny_model):
    model = tiny_model("gpt2")
    expected = backend.study_text(model, TEXT).entropy
    np.testing.assert_allclose(backend.study_states(model, TEXT).entropy, expected, atol=1e-5)


@pytest.mark.parametrize("text", ["a", "ab", "abc"])
def test_few_tokens_lie_on_a_line_or_on_one_point(text, tiny_model):
    run = backend.study_states(tiny_model("gpt2"), text)
    run.check()
    spread = np.abs(run.places[run.depth, 1:]).max(initial=0)
    assert (spread > 1e-6) == (len(text) > 2)


def test_wide_and_tall_clouds_have_one_plane():
    rows = torch.randn(5, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    mean, directions, shares = principal_plane(rows)
    again = principal_plane(torch.cat([rows, rows, rows]))
    torch.testing.assert_close(again[0], mean)
    torch.testing.assert_close(again[1], directions)
    torch.testing.assert_close(again[2], shares)
    torch.testing.assert_close(directions.T @ directions, torch.eye(2, dtype=torch.float64))


def test_a_depth_the_model_does_not_have_is_refused(tiny_model):
    with pytest.raises(InputError, match="0 to 3"):
        backend.study_states(tiny_model("llama"), TEXT, depth=4)
