"""Options: every order has the numbers of its own prompt, and no question is asked by halves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import backend
from backend.errors import InputError

ASKED = {"question": "Which one?", "options": ("sea", "shore", "dog", "fox"), "examples": ""}


def test_every_order_has_the_log_probabilities_of_its_own_prompt(tiny_model):
    model = tiny_model("qwen3")
    run = backend.study_options(model, **ASKED)
    assert len(set(map(tuple, run.orders.tolist()))) == 24
    read = model.tokenizer.encode
    for order, found in zip(run.orders[::7].tolist(), run.letter_logprobs[::7], strict=True):
        prompt = [*read(run.request.before()).ids, *read(run.request.behind(tuple(order))).ids]
        with torch.inference_mode():
            logits = model.torch_model(torch.tensor([prompt])).logits[0, -1].double()
        logprobs = logits.log_softmax(-1)
        forms = [[read(each).ids for each in (letter, f" {letter}")] for letter in "ABCD"]
        wanted = [
            float(logprobs[sorted({int(ids[0]) for ids in own if len(ids) == 1})].logsumexp(0))
            for own in forms
        ]
        np.testing.assert_allclose(found, wanted, atol=1e-4)
    places = np.take_along_axis(run.orders, run.places, 1)
    assert (places == np.arange(4)).all()


def test_more_than_four_options_are_asked_in_24_orders(tiny_model):
    run = backend.study_options(tiny_model("gpt2"), question="?", options=list("abcdef"))
    assert run.orders.shape == (24, 6)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"question": " "}, "no question"),
        ({"options": ()}, "0 options; give 2 to 8"),
        ({"options": ("a",)}, "1 options; give 2 to 8"),
        ({"options": ("a", " a ")}, "'a' is there twice"),
        ({"options": ("a", "")}, "options is empty"),
        ({"options": tuple("abcdefghi")}, "9 options"),
    ],
)
def test_what_is_no_question_is_refused_in_one_line(given, said, tiny_model):
    with pytest.raises(InputError, match=said) as refusal:
        backend.study_options(tiny_model("gpt2"), **{**ASKED, **given})
    assert "\n" not in str(refusal.value)


def test_options_that_are_beginnings_of_each_other_have_letters_of_their_own(tiny_model):
    run = backend.study_options(tiny_model("gpt2"), question="?", options=["New", "New York"])
    assert run.orders.tolist() == [[0, 1], [1, 0]]
