"""The front page: an example at once, and one's own text by itself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from backend.lessons import LESSONS
from tests.e2e.frame import Frame

A_WHILE = 90_000  # milliseconds in which a busy machine loads the model


@pytest.fixture
def box(frame: Frame) -> Locator:
    frame.goto("")
    return frame.page.get_by_label("Your text")


def test_an_example_is_there_with_one_token_open_four_questions_and_the_lessons(box, frame):
    assert frame.pinned > 0
    expect(frame.inspector).to_contain_text("equal choices")
    tries = frame.page.locator(".tries").get_by_role("button")
    expect(tries).to_have_count(4)
    for each in tries.all():
        expect(each).to_have_text(re.compile(r"\?$"))
    lessons = frame.page.get_by_role("navigation", name="Lessons").get_by_role("link")
    expect(lessons).to_have_count(len(LESSONS))


def test_a_short_text_is_read_by_itself_when_one_rests(box, frame):
    box.fill("")
    box.press_sequentially("A penguin walks into a library")
    expect(frame.page.locator(".stage-area .strip-text")).to_contain_text(
        "penguin", timeout=A_WHILE
    )
    expect(box).to_be_focused()
    expect(box).to_have_value("A penguin walks into a library")


def test_a_long_text_waits_for_its_key_and_says_so(box, frame):
    box.fill("One may say so. " * 30)
    expect(frame.page.locator(".tries")).to_contain_text("press Ctrl+Enter", timeout=A_WHILE)
    frame.page.wait_for_timeout(1000)
    text = frame.page.locator(".stage-area .strip-text")
    expect(text).to_contain_text("France")
    box.press("Control+Enter")
    expect(text).to_contain_text("may say", timeout=A_WHILE)


def test_a_question_shows_its_text_in_the_box_too(box, frame):
    frame.page.get_by_role("button", name="Can it add?").click()
    expect(frame.page).to_have_url(re.compile("example=text_arithmetic"))
    expect(box).to_have_value(re.compile("plus|[0-9]"))


def test_a_lesson_begins_from_here(box, frame):
    frame.page.get_by_role("link", name="Sure, unsure, wrong").click()
    expect(frame.page.locator(".lesson-words")).to_contain_text("Paris")
