"""Difficulty: answers side by side as alone, what is right, folds, ways to choose, and refusals."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

import backend
from backend.derived.difficulty import MIDDLE, NORMAL, PROBE
from backend.errors import CancelledError, InputError
from backend.measures import difficulty as measured
from backend.progress import ignore
from backend.runs import difficulty as runs
from backend.runs.difficulty import DifficultyRequest
from backend.storage.files import load_run
from backend.studies.difficulty import (
    DifficultyStudy,
    all_tries,
    drawn,
    drop_between,
    is_right,
    out_of_fold,
)

ROWS = tuple(f"{1 + i // 4} | What is {i} + {i % 3}? | {i + i % 3}" for i in range(12))
SHIPPED = Path("examples/difficulty_facts.safetensors")


@pytest.fixture(scope="module")
def shipped():
    return load_run(SHIPPED)


def test_a_run_has_every_answer_within_its_budget(tiny_model):
    run = backend.study_difficulty(tiny_model("gpt2"), rows=ROWS, samples=2, longest=10)
    run.check()
    assert run.tokens.max(axis=(1, 2)).tolist() <= [4, 10, 5]
    assert (run.tokens >= 1).all()
    np.testing.assert_allclose(run.probability.sum(-1), 1, atol=1e-6)


def test_an_answer_does_not_depend_on_the_questions_beside_it(tiny_model):
    model = tiny_model("llama")
    other = (*ROWS[:1], *(f"1 | Some other words for number {i}? | {i}" for i in range(10)))
    one, two = (
        all_tries(model, DifficultyRequest(rows=each, samples=2, longest=10), ignore)
        for each in (ROWS, other)
    )
    for strategy in range(3):
        for alone, beside in zip(one[0][strategy][0], two[0][strategy][0], strict=True):
            assert alone.ids == beside.ids
            np.testing.assert_allclose(alone.entropies, beside.entropies, atol=1e-5)
    torch.testing.assert_close(one[1][0], two[1][0], atol=1e-4, rtol=0)


def test_tokens_come_as_often_as_they_are_likely():
    logits = torch.tensor([1.0, 0.0, -torch.inf, 2.0]).expand(100_000, -1)
    chance = torch.rand(100_000, generator=torch.Generator().manual_seed(0)).double()
    found = drawn(logits, 0.5, chance).bincount(minlength=4) / 100_000
    torch.testing.assert_close(found, torch.softmax(logits[0] / 0.5, -1), atol=0.006, rtol=0)
    assert found[2] == 0


@pytest.mark.parametrize(
    ("text", "answers", "right"),
    [
        ("Hot is warm. The answer is cold.", ("cold",), True),
        ("The answer is the Sun.", ("Sun",), True),
        ("The answer is H2O!", ("water", "h2o"), True),
        ("The answer is 12.", ("1",), False),
        ("It is cold.", ("cold",), False),
        ("The answer is", ("cold",), False),
        ("The answer is colder.", ("cold",), False),
    ],
)
def test_what_stands_behind_the_answer_is_counts(text, answers, right):
    assert is_right(text, answers) is right


def test_a_probe_never_sees_the_question_it_is_asked_of():
    labels = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1, 2, 0])
    states = torch.randn(10, 6, generator=torch.Generator().manual_seed(1))
    before = out_of_fold(states, labels)
    labels[4] = 0  # of fold 4, as question 9 is
    after = out_of_fold(states, labels)
    torch.testing.assert_close(before[[4, 9]], after[[4, 9]], atol=0, rtol=0)
    assert (before[[0, 1]] - after[[0, 1]]).abs().max() > 0


def test_ways_to_choose_take_what_each_strategy_reached():
    right = torch.tensor([[1.0, 0.0], [0.5, 1.0], [1.0, 1.0]])
    tokens = torch.tensor([[4.0, 4.0], [10.0, 8.0], [6.0, 8.0]])
    chosen, label = torch.tensor([0, 1]), torch.tensor([2, 2])
    own, spent = measured.policies(right, tokens, chosen, label)
    named = dict(
        zip(measured.POLICIES, zip(own.tolist(), spent.tolist(), strict=True), strict=True)
    )
    assert named["always Normal"] == ([0.5, 1], [10, 8])
    assert named["by the probe"] == ([1, 1], [4, 8])
    assert named["by lot, as often"] == ([0.75, 0.5], [7, 6])
    assert named["by label"] == ([1, 1], [6, 8])
    assert named["best in hindsight"] == ([1, 1], [4, 8])


def test_a_dip_is_resampled_within_levels():
    unsure = torch.tensor([2.0] * 10 + [1.0] * 10 + [3.0] * 10)
    assert drop_between(unsure, [1] * 10 + [2] * 10 + [3] * 10) == (0.5, 0.5, 0.5)
    assert math.isnan(drop_between(unsure, [1] * 15 + [2] * 15)[0])


def test_measures_and_runs_name_the_same_things():
    assert measured.LABELS == runs.STRATEGIES == tuple(measured.STRATEGIES)
    assert measured.POLICIES == runs.POLICIES


def test_the_shipped_probe_knows_no_more_than_lot(shipped):
    lot = runs.POLICIES.index("by lot, as often")
    reached, spent = shipped.reached[MIDDLE], shipped.spent[MIDDLE]
    assert abs(reached[PROBE] - reached[lot]) < 0.01
    assert abs(spent[PROBE] - spent[lot]) < 0.5
    assert shipped.high[MIDDLE, NORMAL] < shipped.low[MIDDLE, 0]  # directly is surely better


def test_the_shipped_dip_is_more_than_chance(shipped):
    assert shipped.drop[1] > 0.05


def test_it_stops_when_told(tiny_model):
    def report(progress):
        if progress.done:
            raise CancelledError

    request = DifficultyRequest(rows=ROWS, samples=2, longest=10)
    with pytest.raises(CancelledError):
        DifficultyStudy().run(tiny_model("gpt2"), request, report)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"rows": ROWS[:3]}, "questions, not 3"),
        ({"rows": (*ROWS[:11], "1 | Which one?")}, "Row 12 is not"),
        ({"rows": (*ROWS[:11], "hard | Which one? | this")}, "Row 12 is not"),
        ({"rows": (*ROWS[:11], "1 |  | this")}, "Row 12 is not"),
        ({"rows": (*ROWS[:11], "1 | Which one? | / ")}, "Row 12 is not"),
        ({"rows": (*ROWS[:11], "11 | Which one? | this")}, "level 11"),
        ({"rows": (*ROWS[:11], "1 | " + "a" * 500 + " | b")}, "500 characters"),
        ({"rows": ROWS, "samples": 1}, "samples"),
        ({"rows": ROWS, "alpha": 0.0}, "α"),
    ],
)
def test_what_is_no_graded_question_is_refused_in_one_line(asked, words, tiny_model):
    with pytest.raises(InputError, match=words) as refused:
        backend.study_difficulty(tiny_model("gpt2"), **asked)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200
