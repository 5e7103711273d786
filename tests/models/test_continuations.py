"""Scoring many continuations at once gives what reading each by itself, token by token, gives."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from backend.errors import CancelledError, InputError, OverBudgetError
from backend.reading import continuations as module
from backend.reading.continuations import (
    behind,
    next_log_probabilities,
    score_continuations,
    score_ids,
)

# Longer than the sliding windows of the tiny models.
CONTEXT = "The quick brown fox jumps over the lazy dog by the sea shore. She sells"
# Different lengths, one token, the same twice, and prefixes of each other.
TEXTS = [" sea shells", " sea", " sea shells by the sea", "s", ".", " the dog", " sea", "\n\nfor i"]
FAMILIES = ["llama", "gpt2", "qwen3", "gemma3", "mistral", "bloom"]
# Each keeps what it has read in another way: states, modules, a cache of its own, or nothing.
RARE = [
    "mamba",
    "rwkv",
    "recurrent_gemma",
    "minimax",
    "openai-gpt",
    pytest.param("kimi_linear", marks=pytest.mark.slow),  # 15 seconds to build
]


@torch.inference_mode()
def one_by_one(model, context, continuation):
    """Return log p of every token: a forward pass of float64 weights for each."""
    exact = copy.deepcopy(model.torch_model).double()
    ids, found = list(context), []
    for token in continuation:
        logits = exact(torch.tensor([ids]), use_cache=False).logits[0, -1]
        found.append(float(logits.double().log_softmax(-1)[token]))
        ids.append(token)
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_scores_are_those_of_a_float64_pass_for_every_token(family, tiny_model):
    model = tiny_model(family)
    context = model.tokenizer.encode(CONTEXT).ids
    for text, found in zip(TEXTS, score_continuations(model, CONTEXT, TEXTS), strict=True):
        assert found.ids.tolist() == behind(model, text).tolist()
        # float32 of a random model of three layers.
        np.testing.assert_allclose(
            found.logprobs, one_by_one(model, context, found.ids), atol=2e-4, rtol=1e-4
        )
        assert found.total == pytest.approx(float(found.logprobs.sum()), abs=1e-5)
        assert found.mean == pytest.approx(found.total / len(found.ids))


@pytest.mark.parametrize("family", RARE)
def test_families_that_keep_what_they_read_in_their_own_way_give_the_same(family, rare_model):
    model = rare_model(family)
    context, rows = [5, 9, 30, 41, 12], [[77, 8, 50], [20], [20, 64, 33, 7], [77, 8]]
    expected = [_plain(model, context, each) for each in rows]
    for _ in range(2):  # nothing is left of the first time
        found = score_ids(model, context, rows)
        for own, wanted in zip(found, expected, strict=True):
            np.testing.assert_allclose(own.logprobs, wanted, atol=1e-3, rtol=1e-3)


@torch.inference_mode()
def _plain(model, context, row):
    logits = model.torch_model(torch.tensor([[*context, *row]]), use_cache=False).logits[0]
    logprobs = logits.double().log_softmax(-1)[len(context) - 1 : -1]
    return logprobs.gather(-1, torch.tensor(row)[:, None])[:, 0].numpy()


@pytest.mark.parametrize("family", ["llama", "gemma3", "gpt2"])
def test_batches_of_one_row_give_what_one_batch_gives(family, tiny_model, monkeypatch):
    model = tiny_model(family)
    together = score_continuations(model, CONTEXT, TEXTS)
    monkeypatch.setattr(module, "_PAST_BYTES", 1)
    for own, other in zip(score_continuations(model, CONTEXT, TEXTS), together, strict=True):
        np.testing.assert_allclose(own.logprobs, other.logprobs, atol=1e-4, rtol=1e-4)


def test_a_continuation_scores_the_same_whatever_stands_beside_it(tiny_model):
    model = tiny_model("qwen3")
    alone = score_continuations(model, CONTEXT, [" sea shells"])[0]
    beside = score_continuations(model, CONTEXT, TEXTS)[0]
    np.testing.assert_allclose(alone.logprobs, beside.logprobs, atol=1e-4, rtol=1e-4)


def test_the_context_is_read_once_and_every_continuation_once_behind_it(tiny_model, monkeypatch):
    model, read = tiny_model("llama"), []
    score_ids(model, [5], [[7, 8]])  # the model was tried
    plain = type(model).hidden_states

    def counted(self, ids, **given):
        read.append(tuple(ids.shape))
        return plain(self, ids, **given)

    monkeypatch.setattr(type(model), "hidden_states", counted)
    score_ids(model, range(5, 25), [[7, 8, 9], [7], [7, 8]])
    assert read == [(1, 20), (2, 2)]


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma3"])
def test_candidates_after_each_tail_have_the_probabilities_of_a_plain_pass(family, tiny_model):
    model, candidates = tiny_model(family), [3, 40, 77]
    context, tails = [5, 9, 30, 41, 12], [[77, 8, 50], [], [20]]
    found = next_log_probabilities(model, context, tails, candidates)
    assert found.shape == (3, 3)
    for row, tail in zip(found, tails, strict=True):
        expected = [_plain(model, [*context, *tail], [each])[0] for each in candidates]
        np.testing.assert_allclose(row, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("text", [" sea", "sea", " ", "\n", "：海", "A", " A", "  two"])
def test_tokens_behind_a_context_spell_the_text_and_nothing_more(family, text, tiny_model):
    model = tiny_model(family)
    whole = model.tokenizer.decode([*model.tokenizer.encode("x").ids, *behind(model, text)])
    assert whole == f"x{text}"


def test_the_context_has_the_tokens_of_its_own_text(tiny_model):
    model = tiny_model("qwen3")
    text = score_continuations(model, CONTEXT, [" sea"])[0]
    ids = score_continuations(model, model.tokenizer.encode(CONTEXT).ids, [" sea"])[0]
    assert np.array_equal(text.logprobs, ids.logprobs)


@pytest.mark.parametrize(
    ("context", "texts", "said"),
    [
        ("", [" a"], "context is empty"),
        ([], [" a"], "context has no token"),
        ("The", [], "nothing to score"),
        ("The", [" a", ""], "continuation is empty"),
    ],
)
def test_what_cannot_be_scored_is_refused_in_one_line(context, texts, said, tiny_model):
    with pytest.raises(InputError, match=said) as refusal:
        score_continuations(tiny_model("llama"), context, texts)
    assert "\n" not in str(refusal.value)


def test_more_than_the_model_reads_is_refused_with_both_numbers(tiny_model):
    with pytest.raises(OverBudgetError, match="510 tokens of context and 3 behind"):
        score_ids(tiny_model("llama"), [5] * 510, [[7, 8, 9, 10]])


def test_a_reader_can_stop_it_between_two_layers(tiny_model):
    model, heard = tiny_model("gpt2"), []

    def stop(progress):
        heard.append(progress)
        if progress.done == 4:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        score_continuations(model, CONTEXT, TEXTS, stop)
    assert [each.total for each in heard] == [6] * 4
