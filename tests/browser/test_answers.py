"""Answers as cards, joined and parted by hand."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.browser.parts import run

COLOURS = "answers_colour"


def test_cards_are_joined_by_their_menu_and_the_numbers_follow(show):
    shown = show(COLOURS, "cards")
    cards = shown.locator(".answers-card")
    expect(cards).to_have_count(6)
    expect(cards.first.locator(".answers-head")).to_contain_text("4 of 10")
    before = shown.locator(".answers-figure b").nth(1).inner_text()
    cards.first.get_by_role("button", name="Move Meaning Red").click()
    shown.get_by_role("menuitem", name="Blue").click()
    expect(cards).to_have_count(5)
    assert shown.locator(".answers-figure b").nth(1).inner_text() != before
    groups = shown.state("choices")["cards"]["groups"]
    assert len(json.loads(f"[{groups}]")) == run(COLOURS).request.answers
    cards.first.get_by_role("button", name="Move Meaning Red").click()
    shown.get_by_role("menuitem", name="Part all of its texts").click()
    expect(cards).to_have_count(8)  # every text by itself
    cards.first.locator(".t").nth(1).click()
    assert shown.state("step") == 1
