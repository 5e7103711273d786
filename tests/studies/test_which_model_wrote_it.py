"""Which model wrote it: numbers of every hypothesis, texts as they were drawn, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import backend
from backend.derived import number
from backend.errors import InputError, OverBudgetError
from backend.measures.authorship import log_e_values, log_moments

ASKED = {"prompt": "One two", "text": "three four five", "cut": "1", "longest": 8, "top_k": 5}


@pytest.fixture(scope="module")
def model(tiny_model):
    return tiny_model("gpt2")


@pytest.fixture(scope="module")
def run(model):
    return backend.study_which_model_wrote_it(model, **ASKED)


def predictions(model, run, row):
    """Return ln p of every token of a text by a plain pass of the whole model, float64 [n, V]."""
    prompt = model.tokenizer.encode(run.prompt_text).ids.tolist()
    ids = run.token_ids[row][run.token_ids[row] >= 0].tolist()
    with torch.inference_mode():
        logits = model.torch_model(torch.tensor([[*prompt, *ids]])).logits[0]
    return logits[len(prompt) - 1 : -1].double().log_softmax(-1), torch.tensor(ids)


def test_numbers_are_those_of_a_plain_pass_under_every_way(model, run):
    for row in range(6):
        log_p, ids = predictions(model, run, row)
        cool = (log_p / 0.7).log_softmax(-1)
        few = log_p.clone()
        few[few < few.topk(5).values[:, -1:]] = -torch.inf
        for column, way in enumerate((log_p, cool, few.log_softmax(-1))):
            p = way.exp()
            entropy = torch.special.entr(p).sum(-1)
            surprisal = -way.gather(-1, ids[:, None])[:, 0]
            many = len(ids)
            np.testing.assert_allclose(run.entropy[row, column, :many], entropy, atol=1e-4)
            np.testing.assert_allclose(run.surprisal[row, column, :many], surprisal, atol=1e-3)
            expected = log_e_values(surprisal - entropy, log_moments(way, entropy))
            np.testing.assert_allclose(run.log_e[row, column, :many], expected, atol=1e-2)


def test_texts_are_drawn_as_they_say(run):
    counts = (run.token_ids >= 0).sum(1)
    assert (counts >= 1).all()
    assert np.isfinite(run.surprisal[2, 2, : counts[2]]).all()  # all of the five likeliest
    greedy = run.surprisal[3, 0, : counts[3]]
    assert (greedy <= run.entropy[3, 0, : counts[3]] + 1e-4).all()


def test_the_cut_is_another_model_and_odds_turn_with_the_hypothesis(run):
    assert not np.allclose(run.surprisal[:, 0], run.surprisal[:, 3], equal_nan=True)
    ratio = number(run, "ratio").values
    np.testing.assert_allclose(ratio[:, 0], -ratio[:, 3])
    walk = np.nansum(run.surprisal[5, 0] - run.surprisal[5, 3])
    many = int((run.token_ids[5] >= 0).sum())
    assert ratio[5, 0, many - 1] == pytest.approx(walk, abs=1e-4)


def test_cross_entropy_is_never_below_entropy_of_the_writer(run):
    # H(q, p) = H(q) + KL(q ‖ p).
    for model, other in ((0, 3), (1, 0)):
        known = ~np.isnan(run.cross[:, model])
        assert (run.cross[:, model] >= run.entropy[:, other] - 1e-4)[known].all()


def test_equal_seeds_write_equal_texts_and_a_text_to_test_is_optional(model, run):
    again = backend.study_which_model_wrote_it(model, **{**ASKED, "text": ""})
    np.testing.assert_array_equal(again.token_ids, run.token_ids[:5, :8])
    assert np.isnan(number(again, "against_this").values)


REFUSED = [
    ({"prompt": " "}, InputError, "The prompt is empty"),
    ({"cut": "99"}, InputError, "99"),
    ({"temperature": 0.0}, InputError, "temperature"),
    ({"longest": 4}, InputError, "longest"),
    ({"text": "four " * 600}, OverBudgetError, "give 512 at most"),
]


@pytest.mark.parametrize(("changed", "error", "says"), REFUSED)
def test_what_cannot_be_tested_is_refused_in_one_line(changed, error, says, model):
    with pytest.raises(error, match=says):
        backend.study_which_model_wrote_it(model, **{**ASKED, **changed})
