"""Divergences are those of the two models' own logits, and only asked where they make sense."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import backend
from backend.engine import Engine
from backend.errors import InputError, OverBudgetError
from backend.models import weight_bytes
from backend.models.language import LanguageModel
from backend.runs import DivergenceRequest, ModelSpec
from backend.settings import Settings
from backend.storage.files import dump_run, parse_run
from backend.studies.base import ignore
from backend.studies.divergence import DivergenceStudy, divergences

TEXT = "The cat sat on the mat. " * 6


def study(model, other, text=TEXT, **fields):
    request = DivergenceRequest(model=model.spec, other=other, text=text, **fields)
    return backend.study(model, request)


def test_divergences_equal_those_of_the_whole_logits(tiny_model):
    model = tiny_model("llama")
    run = study(model, replace(model.spec, dtype="bfloat16"))
    other = backend.load_model(replace(model.spec, dtype="bfloat16"))
    ids = torch.from_numpy(run.token_ids).long()[None]
    with torch.inference_mode():
        log_a, log_b = (
            each.torch_model(ids).logits[0, :-1].double().log_softmax(-1) for each in (model, other)
        )
    expected = (log_a.exp() * (log_a - log_b)).sum(-1)
    np.testing.assert_allclose(run.kl_ab[1:], expected, atol=1e-5)
    assert run.kl_ab[1:].max() > 0
    assert np.isnan([run.kl_ab[0], run.kl_ba[0], run.js[0]]).all()


def test_a_model_is_not_apart_from_itself(tiny_model):
    model = tiny_model("llama")
    run = study(model, model.spec, add_bos=True)
    for name in ("kl_ab", "kl_ba", "js"):
        np.testing.assert_allclose(getattr(run, name)[1:], 0, atol=1e-6)


@given(seed=st.integers(0, 10_000), spread=st.floats(0, 30))
@settings(max_examples=40, deadline=None)
def test_divergences_keep_their_bounds_and_swap_with_their_arguments(seed, spread):
    noise = torch.Generator().manual_seed(seed)
    a, b = torch.randn(2, 5, 40, generator=noise) * spread
    kl_ab, kl_ba, js = divergences(a, b)
    assert (kl_ab >= 0).all()
    assert (js >= 0).all()
    assert (js <= np.log(2) + 1e-6).all()  # float32 sums
    assert torch.equal(divergences(b, a)[0], kl_ba)


@pytest.mark.parametrize("noise", [1e-4, 1e-2, 1.0, 5.0])
@pytest.mark.parametrize("size", [50, 5000, 151_936])
@pytest.mark.parametrize("offset", [0, 4000])
def test_divergences_are_exact_however_near_two_models_are(noise, size, offset):
    generator = torch.Generator().manual_seed(size)
    a = torch.randn(2, size, generator=generator) * 3 + offset
    b = a + torch.randn(2, size, generator=generator) * noise
    p, q = a.double().log_softmax(-1), b.double().log_softmax(-1)
    middle = torch.stack([p, q]).logsumexp(0) - np.log(2)
    expected = torch.stack(
        [
            (p.exp() * (p - q)).sum(-1),
            (q.exp() * (q - p)).sum(-1),
            ((p.exp() * (p - middle)) + (q.exp() * (q - middle))).sum(-1) / 2,
        ]
    )
    assert expected.min() > 0
    # What is stored is float32: 1.2e-7 of a number, however small it is.
    np.testing.assert_allclose(divergences(a, b), expected, rtol=1e-6)


def test_what_one_model_rules_out_makes_one_direction_infinite():
    a, b = torch.zeros(1, 2), torch.tensor([[0.0, -torch.inf]])
    kl_ab, kl_ba, js = divergences(a, b)
    assert kl_ab.item() == np.inf
    assert kl_ba.item() == pytest.approx(np.log(2))
    assert np.isfinite(js.item())


def test_models_that_cut_a_text_differently_are_refused(tiny_model):
    with pytest.raises(InputError, match="divergence needs"):
        study(tiny_model("llama"), tiny_model("gpt2").spec)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_size_of_a_model_is_known_before_it_is_loaded(tiny_model, dtype):
    spec = replace(tiny_model("llama").spec, dtype=dtype)
    model = backend.load_model(spec)
    assert weight_bytes(spec) == sum(each.nbytes for each in model.torch_model.parameters())


def test_a_large_second_model_is_refused_before_it_is_loaded(tiny_model, tmp_path):
    model = tiny_model("llama")
    config = model.torch_model.config.to_dict() | {"hidden_size": 32_768, "head_dim": 8_192}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes(b"")
    request = DivergenceRequest(
        model=model.spec, other=ModelSpec(str(tmp_path), device="cpu"), text=TEXT
    )
    engine = Engine(limits=Settings(work_bytes=1_000_000_000))
    with pytest.raises(OverBudgetError, match=r"needs about [\d.]+ GB .* may use 1\.0 GB"):
        engine.submit(request).result(60)
    engine.close()


def test_rows_that_pad_one_vocabulary_are_left_out(tiny_model):
    model = tiny_model("llama")
    fresh = backend.load_model(model.spec)
    size = model.facts.vocab_size + 8
    fresh.torch_model.resize_token_embeddings(size)
    padded = LanguageModel(
        fresh.torch_model, fresh.tokenizer, fresh.spec, replace(fresh.facts, vocab_size=size)
    )
    request = DivergenceRequest(model=model.spec, other=padded.spec, text=TEXT)
    run = DivergenceStudy().compare(model, padded, request, ignore)
    np.testing.assert_allclose(run.kl_ab[1:], 0, atol=1e-6)
    np.testing.assert_allclose(run.js[1:], 0, atol=1e-6)


def test_a_divergence_run_survives_its_file(tiny_model):
    model = tiny_model("llama")
    run = study(model, replace(model.spec, dtype="bfloat16"))
    back = parse_run(dump_run(run), "x")
    assert back.other_model == run.other_model
    np.testing.assert_array_equal(back.kl_ba, run.kl_ba)
