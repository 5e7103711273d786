"""Judge: exact verdicts in both orders, mapped back to the answers, and refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import backend
from backend.errors import InputError
from backend.reading.choices import letter_forms

ITEMS = ("Which one? | the sea | the quick dog", "What? | a | b")


def test_a_verdict_is_that_of_its_own_prompt_and_its_score_belongs_to_the_answer(tiny_model):
    model = tiny_model("qwen3")
    run = backend.study_judge(model, items=ITEMS, examples="", reasons=0)
    assert run.score.shape == (2, 2, 1)
    read = model.tokenizer.encode
    for order, answers in enumerate((("the sea", "the quick dog"), ("the quick dog", "the sea"))):
        parts = [
            "Question:",
            " Which one?",
            f"\nAnswer A: {answers[0]}",
            f"\nAnswer B: {answers[1]}",
        ]
        ids = [
            each
            for part in (*parts, "\nBetter answer (A, B, or T for a tie):")
            for each in read(part).ids
        ]
        with torch.inference_mode():
            logits = model.torch_model(torch.tensor([ids])).logits[0, -1].double()
        p = logits.softmax(-1)
        verdicts = []
        for forms in map(letter_forms, "ABT"):
            single = {int(read(each).ids[0]) for each in forms if len(read(each).ids) == 1}
            verdicts.append(float(sum(p[each] for each in single)))
        found = np.exp(run.verdict_logprobs[0, order, 0].astype(np.float64))
        np.testing.assert_allclose(found, verdicts, rtol=1e-3)
        first = verdicts[order] + verdicts[2] / 2
        assert run.score[0, order, 0] == pytest.approx(first / sum(verdicts), abs=1e-4)


def test_reasons_are_written_in_either_order_and_followed_by_verdicts(tiny_model):
    run = backend.study_judge(tiny_model("qwen3"), items=ITEMS, reasons=2, tokens=4, examples="")
    assert run.score.shape == (2, 2, 3)
    assert len(run.reasons) == 8
    assert all(each and "\n" not in each for each in run.reasons)
    again = backend.study_judge(tiny_model("qwen3"), items=ITEMS, reasons=2, tokens=4, examples="")
    assert again.reasons == run.reasons


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ((), "0 questions; give 1 to 40"),
        (("What?",), "Row 1 is not: question | first answer | second answer"),
        ((*ITEMS, "What? | a | "), "Row 3 is not"),
        (("What? | a | a",), "Row 1 has the same answer twice"),
    ],
)
def test_rows_that_are_no_three_are_refused_in_one_line(items, said, tiny_model):
    with pytest.raises(InputError, match=said.replace("|", r"\|")) as refusal:
        backend.study_judge(tiny_model("qwen3"), items=items)
    assert "\n" not in str(refusal.value)
