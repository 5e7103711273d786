"""Inverse entropy: from ways to ask to two walks, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

import backend
from backend.derived import number
from backend.errors import InputError
from backend.storage.examples import EXAMPLES
from backend.storage.files import load_run

ASKED = "What is the capital of France?"
WAYS = (
    "Name the capital of France.", "Which city is the capital of France?",
    "Tell me the capital of France.", "What is France's capital?",
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tiny_model):
    return backend.study_inverse_entropy(
        tiny_model("gpt2"), question=ASKED, paraphrases=WAYS, answers=2, others=("1.5",),
        longest=3, draws=6, form="as it stands",
    )  # fmt: skip


def test_both_walks_follow_from_the_cosines_that_the_run_holds(run):
    run.check()
    assert len(run.texts) == 2 * 5 * 2
    similar = {"code": np.abs(run.cosine_answers), "paper": (1 + run.cosine_answers) / 2}
    for rule, answers in enumerate(similar.values()):
        questions = (np.abs(run.cosine), (1 + run.cosine) / 2)[rule].astype(np.float64)
        px = questions / questions.sum(1, keepdims=True)
        np.testing.assert_allclose(run.px[rule], px, atol=1e-6)
        for draw in range(6):
            places = np.arange(5) * 2 + run.chosen[draw]
            own = answers[np.ix_(places, places)].astype(np.float64)
            py = own / own.sum(1, keepdims=True)
            np.testing.assert_allclose(run.py[rule, draw], py, atol=1e-6)
            back = np.diag(py @ px)
            np.testing.assert_allclose(run.back[rule, draw], back, atol=1e-6)
            entropy = -(back * np.log(back)).sum()
            assert run.entropy[rule, 0, draw] == pytest.approx(entropy, abs=1e-5)


def test_an_answer_stands_for_its_question_in_a_draw(run):
    for variant in range(5):
        assert run.drawn(0, variant) == run.texts[variant * 2 + run.chosen[0, variant]]


def test_the_figures_are_the_mean_and_the_ends_of_what_it_can_be(run):
    assert float(number(run, "mean").values) == pytest.approx(run.entropy[0, 0].mean(), abs=1e-6)
    assert float(number(run, "floor").values) == pytest.approx(math.log(5))
    assert float(number(run, "ceiling").values) == pytest.approx(5 / math.e)


def test_what_is_not_known_lies_above_what_is_known():
    unknown, known = (
        float(number(load_run(EXAMPLES / f"inverse_entropy_{name}.safetensors"), "above").values)
        for name in ("burkina_faso", "france")
    )
    assert unknown > 0.01 > known


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"question": "  "}, "no question"),
        ({"paraphrases": WAYS[:3]}, "3 different paraphrases; give at least 4"),
        ({"paraphrases": (*WAYS[:3], ASKED.lower())}, "3 different paraphrases"),
        ({"paraphrases": (*WAYS, WAYS[0])}, "each once"),
        ({"others": ("warm",)}, "a number from 0.1 to 2"),
        ({"others": ("0.7",)}, "each once"),
        ({"answers": 0}, "1 to 10 times"),
        ({"question": "Who wrote Hamlet?"}, "not near the question"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(given, words, tiny_model):
    asked = {"question": ASKED, "paraphrases": WAYS, **given}
    with pytest.raises(InputError, match=words) as caught:
        backend.study_inverse_entropy(tiny_model("gpt2"), **asked)
    assert "\n" not in str(caught.value)


def test_a_model_that_writes_no_paraphrases_says_so(tiny_model):
    with pytest.raises(InputError, match="at least 4 are needed"):
        backend.study_inverse_entropy(tiny_model("gpt2"), question=ASKED)
