"""Layers of a model: lens, linear lens, spectra and the repeated-text check, the long way."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from backend.measures.lens import LinearFit, divergence, unit_mean_square
from backend.measures.spectrum import matrix_entropy
from backend.taps.attention import after_last_occurrence
from tests.vectors.reading import block

float64 = partial(torch.tensor, dtype=torch.float64)

CASES = block("e", "13_layers")
LENSES = [case for case in CASES if "unembedding" in case]
FITS = [case for case in CASES if "map_and_bias" in case]
CLOUDS = [case for case in CASES if "matrix_entropy_all" in case]
REPEATS = [case for case in CASES if "induction_mass" in case]


def test_every_case_is_read():
    assert len(LENSES) + len(FITS) + len(CLOUDS) + len(REPEATS) == len(CASES)


@pytest.mark.parametrize("case", LENSES)
def test_logit_lens(case):
    hidden, head = float64(case["hidden_layers_x_tokens_x_d"]), float64(case["unembedding"])
    gain, eps = float64(case["gain"]), case["eps"]
    normed = gain * hidden / (hidden.square().mean(-1, keepdim=True) + eps).sqrt()
    logits = normed @ head.T
    end = logits[-1].softmax(-1)
    end_entropy = torch.special.entr(end).sum(-1)
    for depth, layer in enumerate(logits):
        entropy = torch.special.entr(layer.softmax(-1)).sum(-1)
        assert entropy.tolist() == pytest.approx(case["entropy"][depth], abs=1e-9)
        found = divergence(end, end_entropy, layer, layer.logsumexp(-1))
        assert found.tolist() == pytest.approx(case["kl_final_to_layer"][depth], abs=1e-6)
        agrees = layer.argmax(-1) == end.argmax(-1)
        assert agrees.tolist() == case["agrees"][depth]
    bare = torch.special.entr((hidden @ head.T).softmax(-1)).sum(-1)
    assert bare.flatten().tolist() == pytest.approx(
        float64(case["entropy_without_final_norm"]).flatten().tolist(), abs=1e-9
    )


@pytest.mark.parametrize("case", FITS)
def test_linear_lens(case):
    inputs, outputs = (unit_mean_square(float64(case[name])) for name in ("h_layer", "h_last"))
    fit = LinearFit(inputs.shape[1], dtype=torch.float64)
    fit.add(0, inputs[:1], outputs[:1])
    fit.add(0, inputs[1:], outputs[1:])
    weight, bias = fit.solve(0, case["lam"])
    found = torch.cat([weight, bias[None]])
    expected = float64(case["map_and_bias"])
    torch.testing.assert_close(found, expected, atol=1e-9, rtol=1e-9)
    error = (inputs @ weight + bias - outputs).square().mean()
    assert float(error) == pytest.approx(case["fit_mse"], abs=1e-9)
    assert float((inputs - outputs).square().mean()) == pytest.approx(case["mse_of_identity"])


@pytest.mark.parametrize("case", CLOUDS)
def test_spectra_with_and_without_the_first_token(case):
    hidden = float64(case["hidden"])
    assert float(matrix_entropy(hidden)) == pytest.approx(case["matrix_entropy_all"], abs=1e-9)
    without = float(matrix_entropy(hidden[1:]))
    assert without == pytest.approx(case["matrix_entropy_without_first"], abs=1e-9)
    assert hidden.norm(dim=-1).tolist() == pytest.approx(case["norms"])


@pytest.mark.parametrize("case", REPEATS)
def test_weight_on_the_token_after_the_last_occurrence(case):
    places = after_last_occurrence(torch.tensor(case["tokens"]))
    again = (places >= 0).nonzero()[:, 0]
    weights = float64(case["attention"])[again, places[again]]
    assert len(again) == case["positions"]
    assert float(weights.mean()) == pytest.approx(case["induction_mass"])
