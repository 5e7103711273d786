"""Truncated entropies of queries, keys and values, and the check with repeated tokens."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import backend
from backend.errors import InputError, NotDefinedError
from backend.studies import heads
from backend.taps.maps import own_maps
from tests.studies.attention_models import eager_weights
from tests.studies.layer_models import TEXT, entropy, unit_rows

NAMES = ("query_entropy", "key_entropy", "value_entropy")


def truncated(vectors, kept):
    strengths = np.linalg.svd(unit_rows(vectors[1:]), compute_uv=False) ** 2
    parts = (strengths / strengths.sum())[:kept]
    return float(entropy(parts))


@pytest.mark.parametrize("family", ["llama", "qwen3", "gpt_oss"])
def test_heads_are_measured_before_positions_are_turned_in(family, tiny_model):
    model = tiny_model(family)
    run = backend.study_heads(model, TEXT, kept=3)
    assert not run.turned
    ids = torch.from_numpy(run.token_ids).long()[None]
    made = {}
    handles = [
        each.register_forward_hook(lambda _, __, out, at=(layer, n): made.update({at: out[0]}))
        for layer in range(3)
        for n, each in enumerate(own_maps(model, layer))
    ]
    model.hidden_states(ids)
    for handle in handles:
        handle.remove()
    for (layer, number), vectors in made.items():
        for head in range(4):
            group = head if number == 0 else head // 2
            expected = truncated(vectors.unflatten(1, (-1, 8))[:, group], 3)
            found = getattr(run, NAMES[number])[layer, head]
            assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox"])
def test_layers_with_one_map_for_all_are_measured_as_attention_takes_them(family, tiny_model):
    run = backend.study_heads(tiny_model(family), TEXT)
    assert run.turned
    for name in NAMES:
        assert np.isfinite(getattr(run, name)).all()


def test_a_family_that_shows_no_queries_and_keys_is_refused(tiny_model):
    with pytest.raises(NotDefinedError, match="no heads with queries, keys and values"):
        backend.study_heads(tiny_model("bloom"), TEXT)


@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_oss"])
def test_weight_on_what_followed_last_time_is_that_of_the_pattern(family, tiny_model, tiny_folder):
    model = tiny_model(family)
    ids = heads.repeated_ids(model)
    count = (len(ids) - 1) // 2
    np.testing.assert_array_equal(ids[1 : count + 1], ids[count + 1 :])
    if family == "gpt_oss":  # its first copy is outside of the windows of every other layer
        assert heads.repeat_mass(model).shape == (3, 4)
        return
    layers = eager_weights(tiny_folder(family), torch.from_numpy(ids).long()[None])
    again = [i for i in range(len(ids)) if np.any(ids[: max(i - 1, 0)] == ids[i])]
    for layer, weights in enumerate(layers):
        looked = [1 + max(j for j in range(i - 1) if ids[j] == ids[i]) for i in again]
        expected = weights[:, again, looked].mean(1)
        np.testing.assert_allclose(heads.repeat_mass(model)[layer], expected, atol=1e-4)


def test_the_check_is_read_once_for_a_model(tiny_model, monkeypatch):
    model = tiny_model("llama")
    first = heads.repeat_mass(model)
    monkeypatch.setattr(heads, "read", None)
    assert heads.repeat_mass(model) is first


def test_a_text_of_one_token_has_no_spectra(tiny_model):
    run = backend.study_heads(tiny_model("llama"), "a")
    run.check()
    assert np.isnan(run.query_entropy).all()
    assert np.isfinite(run.repeat_mass).all()


def test_no_directions_cannot_be_kept(tiny_model):
    with pytest.raises(InputError, match="at least 1"):
        backend.study_heads(tiny_model("llama"), TEXT, kept=0)


@pytest.mark.model
def test_eleven_heads_of_the_bundled_model_look_up_what_came_before(bundled_model):
    mass = heads.repeat_mass(bundled_model)
    layers, _ = np.nonzero(mass >= 0.2)
    assert len(layers) == 11
    assert layers.min() == 17
    assert layers.max() == 23
    assert mass.max() == pytest.approx(0.90, abs=0.01)
