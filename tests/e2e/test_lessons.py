"""Lessons as a reader walks through them."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect


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
