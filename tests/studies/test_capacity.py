"""Capacity: texts as a model and its cuts compress them, the cuts against models without layers."""

from __future__ import annotations

import copy
import gzip
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import backend
from backend.derived.capacity import by_programs, compressed
from backend.errors import InputError
from backend.measures.capacity import Shape, flops_per_token
from backend.runs.capacity import BIASES
from backend.storage.files import load_run

TEXTS = ("The river bank was closed.", "Grüße, 東京 and naïve façades.")


def surprisal(torch_model, ids) -> float:
    """Return the surprisal of all tokens but the first in float64, nats."""
    with torch.inference_mode():
        logits = (
            torch_model(input_ids=torch.from_numpy(ids).long()[None], use_cache=False)
            .logits[0]
            .double()
        )
    rows = logits.log_softmax(-1)
    return float(-sum(rows[i - 1, int(ids[i])] for i in range(1, len(ids))))


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_a_cut_is_the_model_without_these_layers(family, tiny_model):
    model = tiny_model(family)
    if family == "gpt2":  # its configuration calls the width of the MLP by another name
        with pytest.raises(InputError, match="MLP"):
            backend.study_capacity(model, texts=TEXTS, cuts=("0",))
        return
    run = backend.study_capacity(model, texts=TEXTS, cuts=("0",))
    run.check()
    whole = model.torch_model
    cut = copy.deepcopy(whole)
    cut.model.layers = cut.model.layers[1:]
    cut.config.num_hidden_layers -= 1
    for place, each in enumerate((whole, cut)):
        ids = [
            model.tokenizer.encode(text, special_tokens="text", add_bos=False).ids for text in TEXTS
        ]
        total = sum(surprisal(each, one) for one in ids)
        scored = sum(len(one) - 1 for one in ids)
        assert run.loss[place] == pytest.approx(total / scored, abs=1e-4)
    assert run.loss[0] != run.loss[1]


def test_sizes_are_the_bytes_of_all_tokens_but_the_first(tiny_model):
    model = tiny_model("llama")
    run = backend.study_capacity(model, texts=TEXTS, cuts=())
    for place, text in enumerate(TEXTS):
        encoding = model.tokenizer.encode(text, special_tokens="text", add_bos=False)
        rest = text[int(encoding.offsets[0, 1]) :].encode()
        assert run.octets[place] == len(rest)
        assert run.tokens[place] == len(encoding) - 1
    size = np.mean(run.octets / run.tokens) * 8 * math.log(2)
    assert run.size[0] == pytest.approx(size, rel=1e-6)
    assert run.gain[0] == pytest.approx(size - run.loss[0], rel=1e-5)


def test_capacity_is_that_of_the_formula_in_every_variant(tiny_model):
    model = tiny_model("llama")
    run = backend.study_capacity(model, texts=TEXTS, cuts=("1",))
    facts, config = model.facts, model.torch_model.config
    shape = Shape(
        facts.layers, facts.hidden_size, facts.heads, facts.kv_heads, config.intermediate_size,
        facts.vocab_size,
    )  # fmt: skip
    assert run.counted[0] == pytest.approx(flops_per_token(shape), rel=1e-6)
    for place, bias in enumerate(BIASES.values()):
        b = run.bias if bias is None else bias
        wanted = (run.gain / math.log(2) + b) / np.log2(run.counted.astype(np.float64))
        np.testing.assert_allclose(run.capacity[:, place], wanted, rtol=1e-4)
    assert np.ptp(run.capacity[:, -1]) < 1e-4  # fitted: two models have one capacity


def test_longer_texts_are_cut(tiny_model):
    run = backend.study_capacity(tiny_model("llama"), texts=TEXTS, cuts=(), longest=4)
    assert run.tokens.tolist() == [3, 3]


@pytest.mark.parametrize(
    ("cut", "said"),
    [("x", "is no cut"), ("7-9", "not there"), ("0-{last}", "all of them"), ("", "no layer")],
)
def test_a_cut_that_is_none_says_why(cut, said, tiny_model):
    model = tiny_model("llama")
    cut = cut.format(last=model.facts.layers - 1)
    with pytest.raises(InputError, match=said):
        backend.study_capacity(model, texts=TEXTS, cuts=(cut,))


def test_the_model_is_whole_again_afterwards(tiny_model):
    model = tiny_model("llama")
    before = backend.study_capacity(model, texts=TEXTS, cuts=()).loss
    backend.study_capacity(model, texts=TEXTS, cuts=("0",))
    assert backend.study_capacity(model, texts=TEXTS, cuts=()).loss.tolist() == before.tolist()


def test_a_byte_takes_the_surprisal_of_all_texts_over_their_bytes():
    run = load_run("examples/capacity_cuts.safetensors")
    wanted = run.loss.astype(np.float64) * run.tokens.sum() / run.octets.sum()
    np.testing.assert_allclose(compressed(run), wanted, rtol=1e-5)


def test_programs_get_as_many_bytes_of_every_text_as_the_models_read():
    run = load_run("examples/capacity_cuts.safetensors")
    cut = replace(run, octets=np.array([9, 0, 0, 0, 3], np.int32))
    data = run.request.texts[0].encode()[:9] + run.request.texts[4].encode()[:3]
    size = len(gzip.compress(data, 9, mtime=0)) - 12  # a longer header than zlib's
    assert by_programs(cut)["gzip"] == pytest.approx(8 * np.log(2) * size / 12)
    assert np.isnan(list(by_programs(replace(cut, octets=0 * cut.octets)).values())).all()
