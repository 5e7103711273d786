"""Letters: sets in which every letter is right as often, own questions, and exact numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import backend
from backend.errors import InputError
from backend.reading.choices import check_options
from backend.runs.letters import LettersRequest
from backend.studies.question_sets import items_of

OWN = ("What is ice? | water | sand | wood | salt | A", "Which? | a | b | c | d | c")
ONLY = {"questions": "own only", "own": OWN}


@pytest.mark.parametrize("questions", ["general", "sums"])
def test_every_letter_is_right_four_times_in_a_language(questions):
    for items in items_of(LettersRequest(questions=questions)):
        assert np.bincount([each.right for each in items]).tolist() == [4] * 4
        for each in items:
            check_options(each.options, 4, 4, apart=True)


def test_the_right_answer_of_a_sum_is_the_sum_in_both_languages():
    english, chinese = items_of(LettersRequest(questions="sums", seed=3))
    for one, other in zip(english, chinese, strict=True):
        words = one.question.removesuffix("?").split()
        assert one.options[one.right] == str(int(words[2]) + int(words[4]))
        assert (one.options, one.right) == (other.options, other.right)


def test_a_question_has_the_numbers_of_its_own_prompt(tiny_model):
    model = tiny_model("qwen3")
    run = backend.study_letters(model, **ONLY)
    assert run.right.tolist() == [0, 2]
    read = model.tokenizer.encode
    prompt = "Question: Which?\nA. a\nB. b\nC. c\nD. d\nAnswer:"
    with torch.inference_mode():
        logits = model.torch_model(torch.tensor([read(prompt).ids.tolist()])).logits[0, -1]
    p = logits.double().softmax(-1)
    for place, letter in enumerate("ABCD"):
        forms = [read(each).ids for each in (letter, f" {letter}")]
        wanted = sum(float(p[each]) for each in {int(ids[0]) for ids in forms if len(ids) == 1})
        assert np.exp(run.letter_logprobs[1, place]) == pytest.approx(wanted, rel=1e-3)
    asked, option = read("Question: Which?\nAnswer:").ids.tolist(), read(" a").ids.tolist()
    with torch.inference_mode():
        logits = model.torch_model(torch.tensor([[*asked, *option]])).logits[0].double()
    rows = logits.log_softmax(-1)[len(asked) - 1 : -1]
    total = float(rows.gather(1, torch.tensor(option)[:, None]).sum())
    assert run.text_logprobs[1, 0] == pytest.approx(total, abs=1e-3)


def test_solved_examples_are_other_questions_of_the_set(tiny_model):
    run = backend.study_letters(tiny_model("qwen3"), **ONLY, shots=1)
    plain = backend.study_letters(tiny_model("qwen3"), **ONLY)
    assert not np.allclose(run.letter_logprobs, plain.letter_logprobs)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"own": ()}, "There is no question"),
        ({"own": ("What?",)}, "Own question 1 is not"),
        ({"own": ("What? | a | b | c | d | E",)}, "Own question 1 is not"),
        ({"own": ("What? | a | a | c | d | A",)}, "'a' is there twice"),
        ({"own": ("What? | a | ab | c | d | A",)}, "'a' is the beginning of 'ab'"),
    ],
)
def test_rows_that_are_no_question_are_refused_in_one_line(given, said, tiny_model):
    with pytest.raises(InputError, match=said) as refusal:
        backend.study_letters(tiny_model("qwen3"), **{**ONLY, **given})
    assert "\n" not in str(refusal.value)
