"""One text of a data set beside its table, and the bar that every row has."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.parts import run

DATA = "dataset_sentences"


def test_the_hardest_text_is_shown_at_first_with_its_numbers(show):
    shown = show(DATA, "row")
    row = int(np.nanargmax(run(DATA).perplexity))
    expect(shown.get_by_role("heading")).to_contain_text(f"Text {row + 1}")
    expect(shown.locator(".row-words")).to_have_text(run(DATA).request.texts[row])
    expect(shown.locator(".pinned-figures")).to_contain_text(f"{run(DATA).mean_entropy[row]:.2f}")


def test_it_follows_the_row_and_the_unit(show):
    shown = show(DATA, "row")
    shown.set(row=3)
    expect(shown.locator(".row-words")).to_have_text(run(DATA).request.texts[3])
    shown.set(unit="bits")
    bits = run(DATA).mean_entropy[3] / np.log(2)
    expect(shown.locator(".pinned-figures")).to_contain_text(f"{bits:.2f}")


def test_measuring_and_opening_are_asked_of_the_server(show):
    shown = show(DATA, "row", row=3, reading={"pace": 0.1})
    tokens = int(run(DATA).tokens[3])
    shown.get_by_role("button", name=f"about {max(1, round(0.1 * tokens))} s").click()
    shown.get_by_role("button", name="Open in Tokens").click()
    assert shown.calls[-2] == {"ask": {"do": "row", "row": 3}}
    assert shown.calls[-1]["ask"] == {"do": "row", "row": 3, "open": True}
    assert shown.calls[-1]["go"]["kind"] == "text"


def test_a_text_that_was_measured_shows_every_token_in_its_colour(show):
    shown = show(DATA, "row", row=3, reading={"rows": {"3": "text_fact"}})
    tokens = shown.locator(".row-words span")
    assert tokens.count() == len(run("text_fact"))
    expect(tokens.nth(0)).to_have_class("none")
    shade = round(float(run("text_fact").entropy[1]) / 7 * 255)
    assert f"c{shade}" in tokens.nth(1).get_attribute("class")
    assert shown.get_by_role("button", name="Measure").count() == 0


def test_a_text_that_could_not_be_read_says_why_and_offers_nothing(show):
    shown = show("made_up_texts", "row", row=2)
    expect(shown.locator(".row-problem")).to_have_text("There is no text.")
    assert shown.get_by_role("button").count() == 0


def test_every_row_has_a_bar_from_its_mean_to_its_largest_entropy(show):
    shown = show(DATA, "table_texts")
    row = int(np.nanargmax(run(DATA).perplexity))
    bar = shown.locator(".table-row .row-bar").first
    ends = [
        float(bar.evaluate("(bar, name) => bar.style.getPropertyValue(name)", name))
        for name in ("--from", "--to")
    ]
    of = run(DATA)
    assert ends[0] == pytest.approx(of.mean_entropy[row] / 7, abs=1e-5)
    assert ends[1] == pytest.approx(min(1, of.max_entropy[row] / 7), abs=1e-5)


def test_the_row_of_a_measured_text_shows_its_tokens(show):
    row = int(np.nanargmax(run(DATA).perplexity))
    shown = show(DATA, "table_texts", reading={"rows": {str(row): "text_fact"}})
    strip = shown.locator(".table-row .row-strip")
    expect(strip).to_have_count(1)
    assert "linear-gradient" in strip.get_attribute("style")


def test_a_click_pins_the_row_and_the_hardest_comes_first(show):
    shown = show(DATA, "table_texts")
    values = shown.locator(".table-row > div:nth-child(7)").all_inner_texts()
    numbers = [float(each.replace(",", "")) for each in values]
    assert numbers == sorted(numbers, reverse=True)
    shown.locator(".table-row").nth(2).click()
    order = np.argsort(-run(DATA).perplexity)
    assert shown.calls[-1] == {"row": int(order[2])}


def test_large_numbers_are_written_as_people_read_them(show):
    shown = show(DATA, "table_texts")
    expect(shown.locator(".table-row").nth(1)).to_contain_text("10,471")
