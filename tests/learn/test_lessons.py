"""The shipped lessons: what they say is so on the runs that they show."""

from __future__ import annotations

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from backend.commands.base import app
from backend.errors import InputError
from backend.lenses import LENSES
from backend.lenses.looks import read_look
from backend.lessons import (
    LESSONS,
    Claim,
    Lesson,
    Question,
    Step,
    check_lesson,
    lessons_in_order,
    plain,
)
from backend.lessons.check import verdicts
from backend.storage.examples import EXAMPLES
from components.menu import all_pages

SHIPPED = lessons_in_order()
STEPS = [(lesson, step) for lesson in SHIPPED for step in lesson.steps]
NAMES = [f"{lesson.name}-{lesson.steps.index(step) + 1}" for lesson, step in STEPS]
MOST_WORDS = 40


def test_the_lessons_ship_in_this_order():
    assert [each.title for each in SHIPPED] == [
        "Guess the next word", "Sure, unsure, wrong", "How wide is a distribution?",
        "Where did it look?", "Taming luck", "Same luck, other sampler",
        "Unsure of the words or of the answer?", "Reading long texts",
        "Where did the bits come from?",
    ]  # fmt: skip


@pytest.mark.parametrize("lesson", SHIPPED, ids=lambda each: each.name)
def test_everything_that_a_lesson_takes_for_granted_holds_on_its_runs(lesson):
    found = list(verdicts(lesson))
    assert [each for each in found if not each.holds] == []


@pytest.mark.parametrize("lesson", SHIPPED, ids=lambda each: each.name)
def test_a_lesson_has_four_to_seven_steps_and_a_claim_at_each(lesson):
    assert 4 <= len(lesson.steps) <= 7
    assert all(step.claims for step in lesson.steps)


@pytest.mark.parametrize(("lesson", "step"), STEPS, ids=NAMES)
def test_the_words_of_a_step_are_few(lesson, step):
    assert len(step.words.split()) <= MOST_WORDS


@pytest.mark.parametrize(("lesson", "step"), STEPS, ids=NAMES)
def test_a_step_looks_at_a_page_and_a_shipped_run(lesson, step):
    look = read_look(step.look)
    assert look.page in {each.path for each in all_pages()}
    assert (EXAMPLES / f"{look.query['example']}.safetensors").exists()


@pytest.mark.parametrize(("lesson", "step"), STEPS, ids=NAMES)
def test_a_question_is_answered_by_a_click_or_by_a_typed_guess(lesson, step):
    if step.question is None:
        return
    covered = "cover" in read_look(step.look).query
    assert bool(step.question.answers) != covered
    assert step.question.right
    assert step.question.wrong or covered


def test_a_false_claim_is_found(monkeypatch):
    lesson = SHIPPED[0]
    false = Claim("no token is longer than its text", lambda run: len(run) > 10**9)
    nonsense = Claim("a number that is not there", lambda run: run.no_such_number)
    step = replace(lesson.steps[0], claims=(false, nonsense))
    made = replace(lesson, steps=(step,))
    assert [each.holds for each in verdicts(made)] == [False, False]
    monkeypatch.setitem(LESSONS._parts, lesson.name, made)
    result = CliRunner().invoke(app, ["lessons", "--check"])
    assert result.exit_code == 1
    assert "no token is longer than its text" in result.stdout


def test_the_shell_says_how_many_claims_hold():
    result = CliRunner().invoke(app, ["lessons", "--check"])
    assert result.exit_code == 0
    total = sum(len(step.claims) for _, step in STEPS)
    assert result.stdout == f"{total} of {total} claims hold.\n"


def test_what_the_browser_gets_is_written_out_as_addresses_hold_it():
    for lesson in SHIPPED:
        for step in plain(lesson)["steps"]:
            assert read_look(step["look"]).page in {LENSES[kind].file for kind in LENSES} | {
                "playground"
            }
            assert "panel=" not in step["look"]


def _lesson(**changes) -> Lesson:
    step = Step("Look.", "tokens?example=text_fact")
    return replace(Lesson("A lesson", 5, "", (step,)), **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": " "},
        {"title": "x" * 121},
        {"title": "two\rlines"},
        {"minutes": 0},
        {"minutes": 121},
        {"summary": "x" * 601},
        {"steps": (Step("x" * 601, "tokens"),)},
        {"steps": (Step("Look.", "http://elsewhere/"),)},
        {"steps": (Step("Look.", "tokens"),) * 61},
        {"steps": (Step("Look.", "tokens", highlight=("<b>",)),)},
        {"steps": (Step("Look.", "tokens", question=Question("?", ({"a b": 1},))),)},
        {"steps": (Step("Look.", "tokens", question=Question("x" * 601)),)},
    ],
)
def test_a_lesson_that_cannot_be_shown_is_refused_in_one_line(changes):
    check_lesson(_lesson())
    with pytest.raises(InputError) as refused:
        check_lesson(_lesson(**changes))
    assert "\n" not in str(refused.value)
