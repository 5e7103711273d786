"""The weights behind queries and keys, held against the queries and keys of the model itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import backend
from backend.models.projections import query_key_weights
from backend.models.taps import attention_tap
from tests.studies.attention_models import Collector, build

_SHAPE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "pad_token_id": 0,
}
_GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64}
_FALCON = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "bias": True}
_OPT = {"hidden_size": 32, "ffn_dim": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
_LAYOUTS = {
    "llama": ("LlamaConfig", {**_SHAPE, "num_key_value_heads": 2}),
    "mistral": ("MistralConfig", {**_SHAPE, "num_key_value_heads": 1}),
    "granite": ("GraniteConfig", {**_SHAPE, "attention_multiplier": 0.3}),
    "gpt2": ("GPT2Config", _GPT),
    "gpt2 with a scale per layer": (
        "GPT2Config",
        {**_GPT, "scale_attn_by_inverse_layer_idx": True},
    ),
    "gpt_neox": ("GPTNeoXConfig", _SHAPE),
    "phi": ("PhiConfig", _SHAPE),
    "phi3": ("Phi3Config", {**_SHAPE, "num_key_value_heads": 2}),
    "opt": ("OPTConfig", {**_OPT, "word_embed_proj_dim": 32}),
    "gpt_bigcode": ("GPTBigCodeConfig", {**_GPT, "multi_query": True}),
    "gpt_bigcode, a key for every head": ("GPTBigCodeConfig", {**_GPT, "multi_query": False}),
    "falcon": ("FalconConfig", _FALCON),
    "falcon, a key for every head": ("FalconConfig", {**_FALCON, "multi_query": False}),
    "falcon, shared keys": (
        "FalconConfig",
        {**_FALCON, "new_decoder_architecture": True, "num_kv_heads": 2},
    ),
}
layouts = pytest.mark.parametrize("family", _LAYOUTS)


def read_first_token(model):
    """Return what the attention of layer 1 is given for one token, and what it makes of it."""
    inputs = []
    attention = next(
        part for part in model.layers[1].modules() if type(part).__name__.endswith("Attention")
    )
    for name, bias in attention.named_parameters():
        if name.endswith("bias"):
            bias.data.zero_()
    handle = attention.register_forward_pre_hook(
        lambda _, args, kwargs: inputs.append(args[0] if args else kwargs["hidden_states"]),
        with_kwargs=True,
    )
    collector = Collector()
    with attention_tap(model, collector):
        model.hidden_states(torch.tensor([[7]]))
    handle.remove()
    return inputs[0][0, 0], next(each for each in collector.calls if each.layer == 1)


@layouts
def test_the_weights_give_the_scores_of_the_model(family, tmp_path):
    """At position 0 nothing turns, so a score is exactly that of the two weights."""
    name, arguments = _LAYOUTS[family]
    model = build(tmp_path, name, **arguments)
    given, call = read_first_token(model)
    facts = model.facts
    pair = query_key_weights(model.layers[1], facts.heads, facts.kv_heads, call.scaling)
    assert pair is not None
    query, key = (weight.detach() @ given for weight in pair)
    found = (query * key.repeat_interleave(facts.heads // facts.kv_heads, 0)).sum(-1)
    theirs = call.key[0, :, 0].repeat_interleave(facts.heads // call.key.shape[1], 0)
    exact = (call.query[0, :, 0] * theirs).sum(-1) * call.scaling
    assert exact.abs().min() > 1e-4
    torch.testing.assert_close(found, exact, rtol=1e-4, atol=1e-6)


@layouts
def test_no_score_exceeds_the_norm_of_its_head(family, tmp_path):
    name, arguments = _LAYOUTS[family]
    model = build(tmp_path, name, **arguments)
    given, call = read_first_token(model)
    theirs = call.key[0, :, 0].repeat_interleave(model.facts.heads // call.key.shape[1], 0)
    scores = ((call.query[0, :, 0] * theirs).sum(-1) * call.scaling).abs().numpy()
    norms = backend.study_attention(model, "a b").spectral_norm[1]
    assert (scores <= norms * given.norm().item() ** 2 * 1.001).all()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Qwen3Config", {**_SHAPE, "head_dim": 8, "num_key_value_heads": 2}),
        ("CodeGenConfig", {**_GPT, "rotary_dim": 4}),
        ("BloomConfig", {"hidden_size": 32, "n_layer": 2, "n_head": 4}),
    ],
)
def test_where_no_known_product_scores_there_is_no_norm(name, arguments, tmp_path):
    model = build(tmp_path, name, **arguments)
    assert np.isnan(backend.study_attention(model, "a b").spectral_norm).all()
