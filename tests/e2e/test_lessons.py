"""Lessons as a reader walks through them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from backend.lessons import lessons_in_order, plain


def lesson(frame) -> Locator:
    return frame.page.locator(".lesson")


def begin(frame, title: str) -> None:
    frame.page.goto(f"{frame.url}/lessons")
    frame.page.get_by_role("link", name=title).click()
    expect(lesson(frame)).to_contain_text("1 of 6")


def test_a_lesson_is_walked_by_keys_and_a_click_in_the_picture_answers_its_question(frame):
    begin(frame, "Sure, unsure, wrong")
    expect(frame.token(5)).to_have_attribute("aria-selected", "true")
    expect(frame.token(5)).to_have_attribute("data-lit", "")
    for _ in range(3):
        frame.page.keyboard.press("ArrowRight")
    expect(lesson(frame)).to_contain_text("4 of 6")
    expect(frame.page).to_have_url(re.compile(r"metric=surprisal.*lesson=sure_unsure_wrong\.4"))
    expect(lesson(frame).locator(".lesson-reply")).to_have_count(0)
    frame.token(1).click()
    expect(lesson(frame).locator(".wrong")).to_be_visible()
    frame.token(32).click()
    expect(lesson(frame).locator(".right")).to_contain_text("once")
    frame.page.keyboard.press("ArrowLeft")  # after a click keys still step
    expect(lesson(frame)).to_contain_text("3 of 6")
    expect(frame.token(16)).to_have_attribute("aria-selected", "true")


def test_the_address_holds_the_step_and_leaving_keeps_the_text(frame):
    frame.goto("tokens?example=text_fact&token=32&metric=gap&lesson=sure_unsure_wrong.5")
    expect(lesson(frame)).to_contain_text("5 of 6")
    frame.button("Next").click()
    expect(lesson(frame)).to_contain_text("6 of 6")
    expect(frame.page.get_by_role("tab", name="Gap")).to_have_attribute("aria-selected", "true")
    expect(frame.page).to_have_url(re.compile(r"lesson=sure_unsure_wrong\.6"))
    frame.page.go_back()
    expect(lesson(frame)).to_contain_text("5 of 6")
    frame.button("Leave the lesson").click()
    expect(lesson(frame)).to_be_hidden()
    expect(frame.token(32)).to_have_attribute("aria-selected", "true")
    expect(frame.page).not_to_have_url(re.compile("lesson="))
    assert frame.parameter("example") == "text_fact"


def test_covered_words_are_guessed_and_shown(frame):
    begin(frame, "Guess the next word")
    expect(frame.token(4)).to_be_visible()
    expect(frame.page.locator(".t.covered")).to_have_count(18)
    expect(frame.inspector).to_be_hidden()
    frame.page.get_by_label("Your guess").fill("lived")
    frame.page.keyboard.press("Enter")
    expect(frame.page.locator(".guesses li")).to_contain_text(re.compile(r"lived.*nats"))
    frame.page.get_by_label("Your guess").fill("was")
    frame.page.keyboard.press("Enter")
    expect(lesson(frame).locator(".right")).to_contain_text("74 %")
    expect(frame.page.locator(".t.covered")).to_have_count(17)
    expect(frame.inspector).to_contain_text("“was”")


@pytest.mark.slow
@pytest.mark.parametrize("shipped", lessons_in_order(), ids=lambda each: each.name)
def test_every_step_shows_its_page_and_what_it_leads_the_eye_to(frame, shipped):
    for i, step in enumerate(plain(shipped)["steps"]):
        if i == 0:
            frame.page.goto(f"{frame.url}/{step['look']}&lesson={shipped.name}.1")
        else:
            lesson(frame).get_by_role("button", name="Next").click()
        expect(lesson(frame)).to_contain_text(step["words"])
        expect(frame.page).to_have_url(re.compile(rf"lesson={shipped.name}\.{i + 1}"))
        assert frame.path == f"/{step['look'].split('?')[0]}"
        if step["highlight"]:
            lit = frame.page.locator("[data-lit]")
            expect(lit).to_have_count(len(step["highlight"]))


def test_a_paper_is_found_by_a_word_and_its_claim_is_seen_in_its_lens(frame):
    frame.page.goto(f"{frame.url}/papers")
    papers = frame.page.locator(".paper:visible")
    expect(papers).to_have_count(58)
    frame.page.get_by_label("Which papers").select_option("no lens yet")
    expect(papers.first).to_contain_text("No lens shows it yet")
    frame.page.get_by_label("Which papers").select_option("all papers")
    frame.page.get_by_label("Search papers").fill("cut your losses")
    expect(papers).to_have_count(1)
    expect(papers).to_contain_text(re.compile(r"✓ expected 0\.2 ± 0\.05 · found 0\.2"))
    papers.get_by_role("link", name="See it in Tokens").click()
    expect(frame.tab("Tokens")).to_have_attribute("aria-current", "page")
    expect(frame.token(0)).to_be_visible()
    expect(frame.page).to_have_url(re.compile(r"/tokens\?.*example=text_fact"))


def test_filters_of_papers_outlive_a_visit_to_a_lens_and_a_reload(frame):
    frame.page.goto(f"{frame.url}/papers")
    papers = frame.page.locator(".paper:visible")
    expect(papers).to_have_count(58)
    frame.page.get_by_label("Which papers").select_option("seen here")
    frame.page.get_by_label("Search papers").fill("cut your losses")
    expect(papers).to_have_count(1)
    papers.get_by_role("link", name="See it in Tokens").click()
    expect(frame.page).to_have_url(re.compile(r"/tokens\?.*example=text_fact"))
    assert frame.parameter("papers") is None
    frame.page.go_back()
    for _ in range(2):
        expect(papers).to_have_count(1)
        expect(frame.page.get_by_label("Search papers")).to_have_value("cut your losses")
        expect(frame.page.get_by_label("Which papers")).to_have_value("shown")
        frame.page.reload()


def add_view(frame, title: str = "") -> None:
    frame.button("More about this reading").click()
    frame.item("Add this view to a lesson").click()
    if title:
        frame.page.get_by_label("Its title").fill(title)
    frame.page.locator(".popover").get_by_role("button", name="Add", exact=True).click()
    expect(frame.notice.last).to_contain_text("Added as step")


def test_a_teacher_makes_a_lesson_of_views_which_outlives_a_reload_and_travels_as_a_file(frame):
    frame.goto("tokens?example=text_code&token=5")
    add_view(frame, "Code is easy")
    frame.tab("Attention").click()
    expect(frame.page.locator(".of-heads")).to_be_visible()
    add_view(frame)
    frame.page.goto(f"{frame.url}/lessons")
    frame.button("Edit").click()
    frame.page.get_by_label("Words of this step").fill("See <b>how sure</b> it is.")
    frame.page.locator("summary", has_text="Question").click()
    frame.page.get_by_label("What is asked").fill("Where is it unsure?")
    frame.token(8).click()
    frame.button("＋ “Return” 8").click()
    expect(lesson(frame).get_by_role("status")).to_have_text("Saved")
    frame.page.reload()
    expect(lesson(frame)).to_contain_text("See <b>how sure</b> it is.")
    frame.token(9).click()
    expect(lesson(frame).locator(".wrong")).to_be_visible()
    frame.token(8).click()
    expect(lesson(frame).locator(".right")).to_be_visible()
    frame.button("Next").click()
    expect(frame.page.locator(".of-heads")).to_be_visible()

    frame.page.goto(f"{frame.url}/lessons")
    with frame.page.expect_download() as waiting:
        frame.page.get_by_role("link", name="Export").click()
    assert waiting.value.suggested_filename == "code_is_easy.lesson"
    frame.page.get_by_label("Lesson file").set_input_files(waiting.value.path())
    expect(frame.page.get_by_role("link", name="Code is easy")).to_have_count(2)
    frame.button("Throw away").first.click()
    expect(frame.page.get_by_role("link", name="Code is easy")).to_have_count(1)
    frame.button("Undo").click()
    expect(frame.page.get_by_role("link", name="Code is easy")).to_have_count(2)
