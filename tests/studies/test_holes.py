"""Holes: words scored by both sides as whole texts would be, native infilling, and refusals."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import backend
from backend.derived import holes as of
from backend.errors import InputError
from backend.measures.infill import coverage, entropy, information, shares
from backend.models.tokenizer import TextTokenizer
from backend.reading.continuations import behind, context_ids, score_ids
from backend.reading.infilling import Prompt, infill_prompt
from tests.tiny_models import tiny_tokenizer

TEXT = "The quick brown ___ jumps over the lazy dog."
FORMS = {
    "Qwen2.5-Coder": ["<|fim_prefix|>", "L", "<|fim_suffix|>", "R", "<|fim_middle|>"],
    "StarCoder": ["<fim_prefix>", "L", "<fim_suffix>", "R", "<fim_middle>"],
    "SantaCoder": ["<fim-prefix>", "L", "<fim-suffix>", "R", "<fim-middle>"],
    "DeepSeek-Coder": ["<｜fim▁begin｜>", "L", "<｜fim▁hole｜>", "R", "<｜fim▁end｜>"],
    "Code Llama": ["<|bos|>", "▁<PRE>", "L", "▁<SUF>", "R", "▁<MID>"],
    "CodeGen2": ["L", "<mask_1>", "R", "<|endoftext|>", "<sep>", "<mask_1>"],
}


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_words_are_scored_as_whole_texts_would_be(family, tiny_model):
    model = tiny_model(family)
    run = backend.study_holes(model, text=TEXT, own=("fox",), count=6)
    run.check()
    left, right = context_ids(model, "The quick brown"), behind(model, " jumps over the lazy dog.")
    word = behind(model, " fox")
    ids = torch.tensor(np.concatenate([left, word, right])).long()
    with torch.inference_mode():
        logits = model.unembed(model.hidden_states(ids[None])[0]).double()
    logprobs = torch.log_softmax(logits[:-1], -1).gather(-1, ids[1:, None])[:, 0]
    at = int(np.flatnonzero(run.own)[0])
    begin, end = len(left) - 1, len(left) - 1 + len(word)
    assert run.log_prior[at] == pytest.approx(float(logprobs[begin:end].sum()), abs=1e-4)
    expected = -logprobs[end : end + len(run.right_tokens)]
    np.testing.assert_allclose(run.surprisal[at], expected, atol=1e-4)
    assert run.right_left == len(right) - len(run.right_tokens)


def test_stored_numbers_give_those_of_the_measures(tiny_model):
    run = backend.study_holes(tiny_model("gpt2"), text=TEXT, count=9)
    prior = torch.tensor(run.log_prior).double()
    right = -torch.tensor(run.surprisal).double().cumsum(1).T
    np.testing.assert_allclose(of.shares(run)[1:], shares(prior, right), atol=1e-12)
    np.testing.assert_allclose(of.unsure(run)[1:], entropy(shares(prior, right)), atol=1e-12)
    np.testing.assert_allclose(of.covered(run)[1:], coverage(prior, right), atol=1e-12)
    np.testing.assert_allclose(of.told(run)[1:], information(prior, right), atol=1e-10)
    assert of.told(run)[0] == 0


def test_the_whole_vocabulary_covers_all(tiny_model):
    model = tiny_model("mixtral")
    run = backend.study_holes(model, text="The ___ dog.", count=384)
    blanks = [each for each in run.words if not each.strip(" ")]
    listed = np.exp(run.log_prior.astype(np.float64)).sum()
    assert len(run.words) > model.tokenizer.vocab_size - 4
    assert listed > 0.9
    assert all(len(each) > 1 for each in blanks)  # a single blank is opened


@pytest.mark.parametrize("form", FORMS)
def test_a_hole_is_written_in_the_form_whose_tokens_there_are(form):
    backend_tokenizer = tiny_tokenizer("byte_level")
    control = [each for each in FORMS[form] if each not in ("L", "R")]
    backend_tokenizer.add_special_tokens({"additional_special_tokens": sorted(set(control))})
    tokenizer = TextTokenizer(backend_tokenizer, "tiny")
    model = SimpleNamespace(tokenizer=tokenizer)
    sides = {"L": tokenizer.encode("for").ids, "R": tokenizer.encode(" in a:").ids}
    found = infill_prompt(model, "for", sides["R"])
    expected = [
        sides[each] if each in sides else tokenizer.encode(each, special_tokens="special").ids
        for each in FORMS[form]
    ]
    assert found.form == form
    assert found.ids.tolist() == np.concatenate(expected).tolist()


def test_a_tokenizer_without_such_tokens_has_no_form(tiny_model):
    model = tiny_model("gpt2")
    assert infill_prompt(model, "for", behind(model, " in a:")) is None


def test_what_a_model_infills_itself_stands_beside(tiny_model, monkeypatch):
    model = tiny_model("gpt2")
    prompt = context_ids(model, "in: print(i) for")
    monkeypatch.setattr(
        "backend.studies.holes.infill_prompt", lambda *_: Prompt("StarCoder", prompt)
    )
    run = backend.study_holes(model, text=TEXT, own=("fox",), count=4)
    run.check()
    total = score_ids(model, prompt, [behind(model, " fox")])[0].total
    assert run.log_native[run.own][0] == pytest.approx(total, abs=1e-4)
    assert of.filled(run).sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"text": "No hole here."}, "no hole"),
        ({"text": "A ___ and a ___ here."}, "2 holes"),
        ({"text": "The quick brown ___"}, "right of the hole"),
        ({"text": "The quick brown ___ \n"}, "right of the hole"),
        ({"text": "___ jumps."}, "left of the hole"),
        ({"text": "The qui___ jumps."}, "middle of a word"),
        ({"text": "The ___ck jumps."}, "middle of a word"),
        ({"text": "a" * 20_001 + " ___ b"}, "characters"),
        ({"text": TEXT, "own": ("fox", " fox")}, "the same"),
        ({"text": TEXT, "own": (" ",)}, "empty"),
        ({"text": TEXT, "own": ("fox", "fox jumps")}, "begins another"),
        ({"text": TEXT, "count": 1}, "1 words"),
    ],
)
def test_what_is_no_hole_is_refused_in_one_line(asked, words, tiny_model):
    with pytest.raises(InputError, match=words) as refused:
        backend.study_holes(tiny_model("gpt2"), **asked)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


def test_scripts_without_spaces_may_touch_a_hole(tiny_model):
    run = backend.study_holes(tiny_model("gpt2"), text="你好，___世界。", count=4)
    assert run.right_tokens
