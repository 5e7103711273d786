"""Families whose attention does not run through a function that can be replaced."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import backend
from backend.derived.heads import entropy_floor, normalised
from backend.errors import NotDefinedError
from backend.models import load_model
from backend.models.taps import attention_tap
from tests.studies.attention_models import (
    TEXT,
    Collector,
    build,
    eager_weights,
    exact_entropy,
    ids_of,
    padded,
    watched,
)

_FALCON = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
SELF_MADE = {
    "bloom": ("BloomConfig", {"hidden_size": 32, "n_layer": 2, "n_head": 4}),
    "mpt": ("MptConfig", {"d_model": 32, "n_heads": 4, "n_layers": 2, "max_seq_len": 512}),
    "gpt_neo": (
        "GPTNeoConfig",
        {
            "hidden_size": 32,
            "num_layers": 2,
            "num_heads": 4,
            "attention_types": [[["global", "local"], 1]],
            "window_size": 16,
            "max_position_embeddings": 512,
        },
    ),
    "xglm": (
        "XGLMConfig",
        {"d_model": 32, "num_layers": 2, "attention_heads": 4, "ffn_dim": 64},
    ),
    "openai-gpt": (
        "OpenAIGPTConfig",
        {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 512},
    ),
    "falcon": ("FalconConfig", _FALCON),
    "falcon, a key for every head": ("FalconConfig", {**_FALCON, "multi_query": False}),
    "falcon, shared keys": (
        "FalconConfig",
        {**_FALCON, "new_decoder_architecture": True, "num_kv_heads": 2},
    ),
    "falcon, ALiBi": ("FalconConfig", {**_FALCON, "alibi": True}),
}
# Falcon's eager function rounds its ALiBi elsewhere than the kernel that it runs with.
with_eager = pytest.mark.parametrize(
    ("family", "dtype"),
    [
        # XGLM's own code does not run in float64.
        (family, torch.float32 if family == "xglm" else torch.float64)
        for family in SELF_MADE
        if family != "falcon, ALiBi"
    ],
)
every = pytest.mark.parametrize("family", SELF_MADE)


@with_eager
@pytest.mark.parametrize(("seed", "repeats"), [(1, 2), (2, 1), (3, 4)])
def test_entropy_and_masses_are_those_of_the_eager_model(family, dtype, seed, repeats, tmp_path):
    name, arguments = SELF_MADE[family]
    run = backend.study_attention(build(tmp_path, name, seed=seed, **arguments), TEXT * repeats)
    place = np.arange(len(run))
    for layer, weights in enumerate(eager_weights(tmp_path, ids_of(run), dtype)):
        table = weights.double().numpy()
        # Scores are small differences of float32 products: 1e-4 nats is the promise.
        np.testing.assert_allclose(run.entropy[layer], exact_entropy(weights), atol=1e-4)
        np.testing.assert_allclose(run.first_mass[layer], table[..., 0], atol=1e-4)
        own = table.diagonal(axis1=1, axis2=2)
        np.testing.assert_allclose(run.self_mass[layer], own, atol=1e-4)
        np.testing.assert_allclose(run.distance[layer], place - table @ place, atol=1e-2)


@every
def test_watching_does_not_change_the_model(family, tmp_path):
    name, arguments = SELF_MADE[family]
    model = build(tmp_path, name, **arguments)
    ids = torch.arange(3, 100)[None]
    untouched = model.hidden_states(ids)
    torch.testing.assert_close(watched(model, ids)[1], untouched, atol=2e-5, rtol=2e-5)
    assert torch.equal(model.hidden_states(ids), untouched)


@every
def test_left_padding_changes_nothing_in_a_batch(family, tmp_path):
    name, arguments = SELF_MADE[family]
    model = build(tmp_path, name, **arguments)
    alone = backend.study_attention(model, TEXT)
    found = padded(model, alone, 5)
    for name in ("entropy", "first_mass", "self_mass", "distance", "score_spread"):
        np.testing.assert_allclose(found[name][..., 5:], getattr(alone, name), atol=2e-4, rtol=1e-4)
        assert np.isnan(found[name][..., :5]).all()
    np.testing.assert_allclose(found["max_entropy"][:, 5:], alone.max_entropy, atol=1e-6)


@pytest.mark.parametrize("family", ["openai-gpt", "bloom", "xglm"])
def test_what_lies_ahead_is_no_key_however_a_family_hides_it(family, tmp_path):
    name, arguments = SELF_MADE[family]
    run = backend.study_attention(build(tmp_path, name, **arguments), TEXT)
    visible = np.arange(1, len(run) + 1)
    np.testing.assert_allclose(np.exp(run.max_entropy), np.tile(visible, (2, 1)), rtol=1e-5)
    expected = run.entropy[:, :, 1:] / np.log(visible[1:])
    np.testing.assert_allclose(normalised(run)[:, :, 1:], expected, rtol=1e-5)
    assert run.score_spread.max() < 1000  # the first GPT hides a key by −10,000
    # The bound is worth something only where just the visible scores are spread.
    assert (entropy_floor(run) <= run.entropy + 1e-3).all()
    assert entropy_floor(run)[:, :, 1:].mean() > 0.1


def test_a_layer_that_weighs_summaries_of_several_tokens_is_refused_with_the_reason(rare_model):
    model = rare_model("deepseek_v4")
    run = backend.study_attention(model, TEXT[:40])
    tokens = len(run)
    assert list(run.reasons) == ["3"]
    assert "summaries of several" in run.reasons["3"]
    assert f"keys for {tokens} tokens" in run.reasons["3"]
    assert np.isnan(run.entropy[3]).all()
    np.testing.assert_allclose(run.max_entropy[0], np.log(np.arange(1, tokens + 1)), atol=1e-6)
    with pytest.raises(NotDefinedError, match="summaries of several"):
        backend.attention_pattern(model, TEXT[:40], 3, 0)


def test_watching_a_layer_with_summaries_leaves_the_model_as_it_is(rare_model):
    model = rare_model("deepseek_v4")
    alone = backend.study_text(model, TEXT[:40])
    text, attention = backend.study_many(model, TEXT[:40], ["text", "attention"])
    np.testing.assert_allclose(text.entropy, alone.entropy, atol=1e-4)
    weights = eager_weights(Path(model.spec.source), ids_of(attention), torch.float32)
    for layer in range(3):
        np.testing.assert_allclose(
            attention.entropy[layer], exact_entropy(weights[layer]), atol=1e-4
        )


def test_the_local_layers_of_gpt_neo_see_their_window(tmp_path):
    name, arguments = SELF_MADE["gpt_neo"]
    run = backend.study_attention(build(tmp_path, name, **arguments), TEXT * 2)
    visible = np.arange(1, len(run) + 1)
    np.testing.assert_allclose(run.max_entropy[0], np.log(visible), atol=1e-6)
    np.testing.assert_allclose(run.max_entropy[1], np.log(np.minimum(visible, 16)), atol=1e-6)
    assert (run.first_mass[1, :, 16:] == 0).all()


@with_eager
def test_the_pattern_of_a_head_is_exact(family, dtype, tmp_path):
    name, arguments = SELF_MADE[family]
    model = build(tmp_path, name, **arguments)
    run = backend.study_attention(model, TEXT)
    exact = eager_weights(tmp_path, ids_of(run), dtype)[1][3].numpy()
    np.testing.assert_allclose(
        backend.attention_pattern(model, TEXT, 1, 3), exact, atol=1e-5, rtol=1e-4
    )


@every
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_in_half_precision_the_scores_are_measured_before_the_weights_are_rounded(
    family, dtype, tmp_path
):
    name, arguments = SELF_MADE[family]
    model = build(tmp_path, name, dtype=dtype, **arguments)
    run = backend.study_attention(model, TEXT * 2)
    collector = Collector()
    with attention_tap(model, collector):
        model.hidden_states(ids_of(run))
    for call in collector.calls:
        scores = call.query.double() @ call.key.double().mT * call.scaling
        if call.bias is not None:
            scores = scores + call.bias.double()
        past = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
        shown = past if call.visible is None else call.visible
        exact = exact_entropy(scores.masked_fill(~shown, -torch.inf).softmax(-1)[0])
        np.testing.assert_allclose(run.entropy[call.layer], exact, atol=1e-3)


@every
def test_in_half_precision_the_model_keeps_its_own_output(family, tmp_path):
    name, arguments = SELF_MADE[family]
    model = build(tmp_path, name, dtype="bfloat16", **arguments)
    ids = torch.arange(3, 100)[None]
    untouched = model.hidden_states(ids)
    assert torch.equal(watched(model, ids)[1], untouched)


def test_the_bound_of_a_row_is_known_where_the_scores_are(tmp_path):
    name, arguments = SELF_MADE["mpt"]
    run = backend.study_attention(build(tmp_path, name, **arguments), TEXT)
    assert np.isfinite(run.score_spread).all()


@pytest.mark.parametrize("family", ["bloom", "llama"])
def test_a_softmax_outside_attention_is_not_taken_for_one(family, tiny_folder):
    model = load_model(str(tiny_folder(family)), device="cpu")
    ids = torch.arange(3, 40)[None]
    collector = Collector()
    with attention_tap(model, collector):
        torch.randn(5, 5).softmax(-1)
        model.hidden_states(ids)
    assert [each.layer for each in collector.calls] == [0, 1, 2]
