"""What goes on inside MLPs, and between experts."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import backend
from backend.errors import NotDefinedError
from tests.studies.layer_models import TEXT, entropy
from tests.taps.conftest import model_of  # noqa: F401


@pytest.mark.parametrize("family", ["llama", "gpt2", "opt"])
def test_neurons_are_what_goes_into_the_last_map_of_an_mlp(family, tiny_model):
    model = tiny_model(family)
    run = backend.study_neurons(model, TEXT)
    seen = []
    names = {"llama": "down_proj", "gpt2": "c_proj", "opt": "fc2"}
    handles = [
        part.register_forward_pre_hook(lambda _, args: seen.append(args[0].reshape(len(run), -1)))
        for layer in model.layers
        for name, part in layer.named_modules()
        if name.endswith(names[family]) and "attn" not in name
    ]
    model.hidden_states(torch.from_numpy(run.token_ids).long()[None])
    for handle in handles:
        handle.remove()
    assert len(seen) == 3
    for layer, rows in enumerate(seen):
        values = rows.double().numpy()
        silent = (np.abs(values) < 0.05).mean(1)
        np.testing.assert_allclose(run.silent[layer], silent, atol=1e-6)
        strength = np.abs(values)
        shares = strength / np.maximum(strength.sum(1, keepdims=True), 1e-300)
        even = entropy(shares) / math.log(values.shape[1])
        np.testing.assert_allclose(run.share_entropy[layer], even, atol=1e-5)
        counts, _ = np.histogram(np.clip(values[1:], -8, 8), 128, (-8, 8))
        expected = entropy(counts / counts.sum())
        assert run.histogram_entropy[layer] == pytest.approx(expected, abs=1e-3)
        assert run.neurons[layer] == values.shape[1]


def test_layers_with_experts_have_no_plain_mlp(model_of):  # noqa: F811
    run = backend.study_neurons(model_of("shared expert"), TEXT)
    assert np.isnan(run.silent[[0, 2]]).all()
    assert np.isfinite(run.silent[1]).all()
    assert run.neurons.tolist() == [0, 64, 0]
    with pytest.raises(NotDefinedError, match="experts take its place"):
        backend.study_neurons(model_of("mixtral"), TEXT)


@pytest.mark.parametrize(
    ("family", "layers"),
    [("mixtral", [0, 1, 2]), ("gpt_oss", [0, 1, 2]), ("shared expert", [0, 2])],
)
def test_router_numbers_are_those_of_the_scores_the_model_reports(family, layers, model_of):  # noqa: F811
    model = model_of(family)
    run = backend.study_router(model, TEXT)
    ids = torch.from_numpy(run.token_ids).long()[None]
    with torch.inference_mode():
        own = model.torch_model(ids, output_router_logits=True, use_cache=False).router_logits
    assert run.weighing == ("top_softmax" if family == "gpt_oss" else "softmax")
    for layer, logits in zip(layers, own, strict=True):
        scores = logits.view(len(run), -1).double()
        chosen = scores.topk(2).indices
        if family == "gpt_oss":
            lowest = scores.topk(2).values[:, 1:]
            scores = scores.masked_fill(scores < lowest, -torch.inf)
        weights = scores.softmax(-1).numpy()
        found = run.router_entropy[layer]
        np.testing.assert_allclose(found, entropy(weights), atol=1e-5)
        load = np.bincount(chosen.flatten().numpy(), minlength=4) / len(run)
        np.testing.assert_allclose(run.load[layer], load, atol=1e-6)
        np.testing.assert_array_equal(run.experts[layer], chosen.numpy())
        np.testing.assert_allclose(run.probability[layer], weights.mean(0), atol=1e-5)
        told = entropy(weights.mean(0)) - entropy(weights).mean()
        assert run.information[layer] == pytest.approx(told, abs=1e-5)
        balance = 4 * (load * weights.mean(0)).sum() / 2
        assert run.balance[layer] == pytest.approx(balance, abs=1e-5)
    missing = set(range(3)) - set(layers)
    assert all(np.isnan(run.load[each]).all() for each in missing)
    run.check()


def test_a_model_without_experts_says_so(tiny_model):
    with pytest.raises(NotDefinedError, match="no experts to choose among"):
        backend.study_router(tiny_model("llama"), TEXT)
    with pytest.raises(NotDefinedError, match="no experts to choose among"):
        backend.study_many(tiny_model("llama"), TEXT, ["text", "router"])
