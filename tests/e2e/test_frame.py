"""The frame in a real browser: lenses, pins, editing, themes, keys."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.frame import Frame


def test_text_pin_unit_and_model_stay_when_the_lens_changes(frame):
    frame.goto("tokens?example=text_code&token=4&unit=bits")
    before = frame.text
    for name in ("Attention", "Layers", "Tokens"):
        frame.tab(name).click()
        expect(frame.tab(name)).to_have_attribute("aria-current", "page")
        expect(frame.token(4)).to_have_attribute("aria-selected", "true")
        assert frame.text.split() == before.split()
        assert frame.parameter("unit") == "bits"
        assert frame.parameter("example") == "text_code"


def test_the_most_surprising_token_is_pinned_at_first_and_escape_goes_back_to_it(frame):
    frame.goto("tokens?example=text_garden_path")
    first = frame.pinned
    assert first > 0
    frame.token(first - 1).click()
    assert frame.pinned == first - 1
    frame.page.keyboard.press("Escape")
    assert frame.pinned == first


@pytest.mark.model
def test_an_edited_text_is_read_in_place_and_the_old_one_stays_until_then(frame):
    frame.goto("tokens")
    frame.button("Edit").click()
    box = frame.page.locator(".edit-form textarea")
    expect(box).to_be_focused()
    box.fill("The bank by the river was closed.")
    expect(frame.page.locator(".edit-form .count")).to_have_text(re.compile(r"8.* tokens"))
    box.press("Control+Enter")
    expect(frame.tokens).to_have_count(8)
    assert "bank" in frame.text
    expect(frame.page).to_have_url(re.compile("run="))
    frame.page.reload()
    expect(frame.tokens).to_have_count(8)


def test_escape_gives_an_edit_up(frame):
    frame.goto("tokens")
    before = frame.text
    frame.button("Edit").click()
    frame.page.locator(".edit-form textarea").fill("Something else.")
    frame.page.keyboard.press("Escape")
    expect(frame.page.locator(".edit-form")).to_have_count(0)
    assert frame.text == before


@pytest.mark.model
def test_a_lens_without_its_numbers_offers_to_measure_them(frame):
    frame.goto("tokens")
    frame.run("A heron waits by the river.")
    expect(frame.page).to_have_url(re.compile("run="))
    frame.tab("Attention").click()
    expect(frame.token(0)).to_be_visible()
    frame.button("Measure attention for this text").click()
    expect(frame.page.locator(".of-heads")).to_be_visible()


def test_an_empty_text_is_refused_in_one_line_and_nothing_is_lost(frame):
    frame.goto("tokens")
    before = frame.text
    frame.run("")
    expect(frame.notice).to_contain_text("Text is empty")
    assert frame.text == before


def test_dark_mode_follows_the_system(dark_page, url):
    frame = Frame(dark_page, url).goto("tokens")
    colour = frame.page.locator(".frame").evaluate("node => getComputedStyle(node).backgroundColor")
    assert max(int(each) for each in re.findall(r"\d+", colour)[:3]) < 60


def test_a_chosen_theme_stays_on_every_page_and_loses_nothing(frame):
    frame.goto("tokens?token=5&unit=bits")
    frame.button("Theme").click()
    frame.item("Dark").click()
    expect(frame.token(5)).to_have_attribute("aria-selected", "true")
    for path in ("tokens?token=5&unit=bits", "attention"):
        frame.goto(path)
        colour = frame.page.locator(".frame").evaluate(
            "node => getComputedStyle(node).backgroundColor"
        )
        assert max(int(each) for each in re.findall(r"\d+", colour)[:3]) < 60


def test_two_readers_do_not_see_each_others_choices(new_context, url):
    first, second = (Frame(new_context().new_page(), url) for _ in range(2))
    first.goto("tokens?token=3")
    second.goto("tokens?token=9&unit=bits")
    first.token(6).click()
    expect(first.page).to_have_url(re.compile("token=6"))
    assert second.pinned == 9
    assert first.parameter("unit") is None


def test_the_text_is_within_five_stops_of_the_start(frame):
    frame.goto("tokens")
    for _ in range(4):
        frame.page.keyboard.press("Tab")
        if (
            frame.page.evaluate(
                "() => { let at = document.activeElement;"
                " while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;"
                " return at?.textContent }"
            )
            == "To the text"
        ):
            break
    frame.page.keyboard.press("Enter")
    frame.page.keyboard.press("ArrowRight")
    assert frame.page.locator("[role=listbox]:focus").count() == 1
