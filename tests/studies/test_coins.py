"""Coins: exact shares, streams whose every probability is that of their own text, and refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import backend
from backend.derived import number
from backend.errors import InputError, OverBudgetError
from backend.reading.choices import word_forms
from backend.storage.examples import EXAMPLES
from backend.storage.files import load_run

ASKED = {"prompt": "She sells:", "words": ("a", "b"), "decisions": 10, "streams": 3}


@torch.inference_mode()
def logprobs_after(model, ids):
    return model.torch_model(torch.tensor([list(ids)])).logits[0, -1].double().log_softmax(-1)


def single(model, word):
    ids = [model.tokenizer.encode(each).ids for each in word_forms(word)]
    return sorted({int(each[0]) for each in ids if len(each) == 1})


@pytest.mark.parametrize("family", ["gpt2", "qwen3", "gemma3"])
def test_every_probability_is_that_of_the_text_so_far(family, tiny_model):
    model = tiny_model(family)
    run = backend.study_coins(model, **ASKED)
    assert run.fed_back.shape == (3, 10)
    read = model.tokenizer.encode
    for stream in (0, 2):
        ids = list(read(run.request.prompt).ids)
        for step in range(10):
            p = logprobs_after(model, ids).exp()
            a, b = (float(p[single(model, word)].sum()) for word in "ab")
            assert run.probability[stream, step] == pytest.approx(a / (a + b), abs=2e-4)
            assert run.mass[stream, step] == pytest.approx(a + b, abs=2e-4)
            ids += read(" a," if run.fed_back[stream, step] else " b,").ids.tolist()


def test_the_exact_share_sums_all_forms_those_of_several_tokens_too(tiny_model):
    model = tiny_model("gpt2")
    run = backend.study_coins(model, **ASKED)
    assert run.forms[:2] == [" a", " A"]
    ids = model.tokenizer.encode(run.request.prompt).ids.tolist()
    for form, found in zip(run.forms, run.form_logprobs.tolist(), strict=True):
        total, so_far = 0.0, list(ids)
        for token in model.tokenizer.encode(form).ids.tolist():
            total += float(logprobs_after(model, so_far)[token])
            so_far.append(token)
        assert found == pytest.approx(total, abs=1e-3)


def test_the_same_seed_gives_the_same_streams(tiny_model):
    first, again = (backend.study_coins(tiny_model("gpt2"), **ASKED) for _ in range(2))
    assert np.array_equal(first.fed_back, again.fed_back)
    assert np.array_equal(first.alone, again.alone)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"prompt": ""}, "no prompt"),
        ({"words": ("a",)}, "1 words; give 2 to 2"),
        ({"words": ("a", "A")}, "'a' is there twice"),
        ({"words": ("a", "ab")}, "'a' is the beginning of 'ab'"),
        ({"words": ("a", "xylophone zebra")}, "no single token for 'xylophone zebra'"),
    ],
)
def test_words_that_cannot_be_told_apart_are_refused_in_one_line(given, said, tiny_model):
    with pytest.raises(InputError, match=said) as refusal:
        backend.study_coins(tiny_model("gpt2"), **{**ASKED, **given})
    assert "\n" not in str(refusal.value)


def test_streams_that_are_longer_than_the_model_reads_are_refused_before_the_run(tiny_model):
    with pytest.raises(OverBudgetError, match="this model reads 512 at most"):
        backend.study_coins(tiny_model("gpt2"), **{**ASKED, "decisions": 4000})


def test_the_shipped_trader_alternates_in_a_row_and_is_one_sided_alone():
    run = load_run(EXAMPLES / "coins_trader.safetensors")
    assert number(run, "negative_recency").values > 0.3
    assert number(run, "exact_share").values - number(run, "fed_share").values > 0.3
    assert np.nanmedian(number(run, "stream_runs_z").values) > 2
