"""Every part of a model, and what it wrote for the token that came: exact in sum and by part."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import backend
from backend.errors import NotDefinedError
from backend.models import load_model
from tests.studies.attention_models import eager_weights
from tests.studies.layer_models import TEXT, states_of
from tests.taps.conftest import model_of  # noqa: F401

FAMILIES = (
    "llama",
    "gpt2",
    "qwen3",
    "mistral",
    "mixtral",
    "gpt_neox",
    "cohere",
    "granite",
    "gpt_oss",
    "opt",
    "phi",
    "shared expert",
)


def total(run):
    return run.embedding + run.constant + run.mlps.sum(0) + run.heads.sum((0, 1))


@pytest.mark.parametrize("family", FAMILIES)
def test_all_parts_sum_to_the_lead_of_the_token_that_came(family, model_of):  # noqa: F811
    model = model_of(family)
    run = backend.study_attribution(model, TEXT)
    logits = model.unembed(model.hidden_states(torch.from_numpy(run.token_ids).long()[None]))
    rows = logits[0, :-1].double().numpy()
    places, came = np.arange(len(rows)), run.token_ids[1:]
    others = rows.copy()
    others[places, came] = -np.inf
    np.testing.assert_array_equal(run.runner_up[1:], others.argmax(1))
    lead = rows[places, came] - others.max(1)
    np.testing.assert_allclose(run.difference[1:], lead, atol=1e-4)
    np.testing.assert_allclose(total(run)[1:], lead, atol=1e-3)
    assert run.largest_error < 1e-3


def test_a_head_writes_what_it_found_times_its_map(tiny_model, tiny_folder):
    model = tiny_model("llama")
    run = backend.study_attribution(model, TEXT)
    ids = torch.from_numpy(run.token_ids).long()[None]
    weights = eager_weights(tiny_folder("llama"), ids)
    states = states_of(model, run)
    last = states[-1][:-1].double()
    norm = model.torch_model.model.norm
    scale = (last.square().mean(-1, keepdim=True) + norm.variance_epsilon).sqrt()
    head = model.torch_model.lm_head.weight.double()
    wanted = head[ids[0, 1:]] - head[torch.from_numpy(run.runner_up[1:]).long()]
    along = wanted * norm.weight.double() / scale
    layer, own = 1, model.layers[1].self_attn
    normed = model.layers[layer].input_layernorm(states[layer])
    values = own.v_proj(normed).double().unflatten(1, (2, 8))
    output = own.o_proj.weight.double().unflatten(1, (4, 8))
    for number in range(4):
        each = (values[:, number // 2] @ output[:, number].T) @ along.T  # [source, row]
        taken = (weights[layer][number][:-1].T * each).T.detach().numpy()
        np.testing.assert_allclose(run.heads[layer, number, 1:], taken.sum(1), atol=1e-4)
        sources = np.argsort(-np.abs(taken), 1)[:, : run.sources.shape[-1]]
        for row in range(4, len(taken)):  # the first rows see fewer
            found = run.from_sources[layer, number, row + 1]
            np.testing.assert_allclose(found, taken[row, sources[row]], atol=1e-4)
            assert set(run.sources[layer, number, row + 1]) == set(sources[row])
    mlp = model.layers[layer].mlp(
        model.layers[layer].post_attention_layernorm(states[layer] + own_output(model, run, layer))
    )[:-1]
    np.testing.assert_allclose(
        run.mlps[layer, 1:], (mlp.double() * along).sum(1).detach(), atol=1e-3
    )


def own_output(model, run, layer):
    """Return what the attention of a layer writes, [T, D]."""
    seen = []
    handle = model.layers[layer].self_attn.o_proj.register_forward_hook(
        lambda _, __, output: seen.append(output[0])
    )
    model.hidden_states(torch.from_numpy(run.token_ids).long()[None])
    handle.remove()
    return seen[0]


def test_what_a_head_took_from_few_tokens_is_all_it_wrote(tiny_model):
    run = backend.study_attribution(tiny_model("gpt2"), TEXT)
    for token in range(1, 5):  # rows that see one to four tokens
        taken = np.nansum(run.from_sources[:, :, token], -1)
        np.testing.assert_allclose(taken, run.heads[:, :, token], atol=1e-5)
        assert run.sources[:, :, token].max() == token - 1
    assert (run.sources[:, :, 1, 1:] == -1).all()


def test_a_family_that_shows_no_queries_and_keys_is_refused(tiny_model):
    with pytest.raises(NotDefinedError, match="no attention that can be split by heads"):
        backend.study_attribution(tiny_model("bloom"), TEXT)


@pytest.mark.parametrize("family", ["gemma2", "gemma3"])
def test_a_family_that_normalises_what_its_parts_write_is_refused(family, tiny_model):
    with pytest.raises(NotDefinedError, match="cannot be split exactly"):
        backend.study_attribution(tiny_model(family), TEXT)


def test_half_precision_splits_to_its_own_rounding(tiny_folder):
    model = load_model(str(tiny_folder("llama")), device="cpu", dtype="bfloat16")
    run = backend.study_attribution(model, TEXT)
    np.testing.assert_allclose(total(run)[1:], run.difference[1:], atol=0.2)


def test_one_token_has_nothing_to_split(tiny_model):
    run = backend.study_attribution(tiny_model("gpt2"), "a")
    run.check()
    assert np.isnan(run.heads).all()
    assert run.runner_up.tolist() == [-1]


@pytest.mark.model
def test_the_bundled_model_is_split_to_a_thousandth(bundled_model):
    run = backend.study_attribution(bundled_model, TEXT * 3)
    np.testing.assert_allclose(total(run)[1:], run.difference[1:], atol=1e-3)
