"""Side by side: claims of several answers, their labels, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import backend
from backend.errors import InputError
from backend.runs.side_by_side import LABELS

TEXTS = (
    "The tower is 324 metres high. It stands in Paris.",
    "It stands in Lyon, I think. The tower is 300 metres high. Bread is baked from flour.",
    "The tower is 324 metres high.",
)


@pytest.fixture(scope="module")
def run(tiny_model):
    return backend.study_side_by_side(tiny_model("gpt2"), question="How high?", texts=TEXTS)


def named(run, claim, other):
    return LABELS[run.how[claim, other]]


def test_every_claim_is_held_against_the_nearest_of_each_other_answer(run):
    run.check()
    assert run.owner.tolist() == [0, 0, 1, 1, 1, 2]
    assert run.partner[0].tolist() == [-1, 3, 5]
    assert [named(run, 0, 1), named(run, 0, 2)] == ["number", "same"]
    assert named(run, 1, 1) == "name"
    assert named(run, 4, 0) == "unrelated"
    assert np.isnan(run.overlap[0, 0])
    assert run.how[0, 0] == -1


def test_what_the_label_speaks_of_is_marked_in_both(run):
    marked = {(claim, other): run.claims[claim][start:end] for claim, other, start, end in run.mark}
    assert marked[0, 1] == "324"
    assert marked[3, 0] == "300"
    assert marked[1, 1] == "Paris"
    assert (0, 2) not in marked


def test_claims_stand_where_they_lie_in_their_answers(run):
    for claim, (start, end), owner in zip(run.claims, run.span, run.owner, strict=True):
        assert run.texts[owner][start:end] == claim


def test_agreeing_and_conflicting_answers_are_counted(run):
    assert run.agrees.tolist() == [1, 0, 0, 0, 0, 1]
    assert run.disagrees.tolist() == [1, 1, 1, 2, 0, 1]


def test_answers_that_were_typed_have_no_entropy(run):
    assert np.isnan(run.entropy).all()


def test_a_claim_that_the_model_wrote_has_the_mean_entropy_of_its_tokens(tiny_model):
    found = backend.study_side_by_side(
        tiny_model("gpt2"), question="def add(a, b):", count=2, longest=12, form="as it stands"
    )
    found.check()
    assert np.isfinite(found.entropy).all()
    assert (found.entropy > 0).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"question": ""}, "no prompt"),
        ({"texts": ("one answer",)}, "one answer; 2 to 6"),
        ({"texts": ("...", "?!")}, "nothing to compare"),
        ({"texts": ("x" * 10_000_000, "y")}, "4,000 characters"),
        ({"count": 1}, "2 to 6"),
        ({"temperature": 0.0}, "temperature"),
    ],
)
def test_what_cannot_stand_side_by_side_is_refused_in_one_line(given, words, tiny_model):
    with pytest.raises(InputError, match=words) as caught:
        backend.study_side_by_side(tiny_model("gpt2"), **{"question": "How high?", **given})
    assert "\n" not in str(caught.value)
