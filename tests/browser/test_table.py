"""Tables: order, shades, rows in view only, keys."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from backend.derived.spans import split
from tests.browser.parts import run


def cells(shown, column: int) -> list[str]:
    return shown.locator(f".table-row > div:nth-child({column})").all_inner_texts()


def test_it_is_sorted_from_the_start_and_a_press_sorts_anew(show):
    shown = show("text_fact", "table_many")
    values = [float(each) for each in cells(shown, 3)]
    assert values == sorted(values, reverse=True)
    head = shown.get_by_role("columnheader", name=re.compile("Entropy"))
    expect(head).to_have_attribute("aria-sort", "descending")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    values = [float(each) for each in cells(shown, 3)]
    assert values == sorted(values)
    shown.get_by_role("button", name="text").click()
    assert len(set(cells(shown, 2)[:10])) == 1


def test_what_has_no_number_comes_last(show):
    shown = show("text_fact", "table_many")
    for _ in range(2):
        shown.get_by_role("grid").focus()
        shown.page.keyboard.press("End")
        assert cells(shown, 3)[-1] == "–"
        shown.get_by_role("button", name=re.compile("Entropy")).click()


def test_a_click_on_a_row_pins_its_token(show):
    shown = show("text_fact", "table_many")
    token = float(cells(shown, 1)[2].replace(",", ""))
    shown.locator(".table-row").nth(2).click()
    assert shown.calls == [{"token": token}]
    expect(shown.locator(".table-row.at")).to_have_count(1)


def test_only_rows_in_view_are_in_the_page_and_keys_reach_the_last(show):
    shown = show("text_fact", "table_many")
    assert shown.locator(".table-row").count() < 80
    expect(shown.get_by_role("grid")).to_have_attribute("aria-rowcount", "10001")
    shown.get_by_role("grid").focus()
    shown.page.keyboard.press("End")
    expect(shown.locator(".table-row.at")).to_have_attribute("aria-rowindex", "10001")
    expect(shown.locator(".table-row.at")).to_be_in_viewport()
    shown.page.keyboard.press("Home")
    shown.page.keyboard.press("ArrowDown")
    shown.page.keyboard.press("Enter")
    assert len(shown.calls) == 1


def test_cells_are_shaded_by_their_number_and_follow_the_unit(show):
    shown = show("text_fact", "table_many")
    first = shown.locator(".table-row > div:nth-child(3)").first
    expect(first).to_have_class(re.compile(r"c255 q3"))
    nats = float(first.inner_text())
    shown.set(unit="bits")
    assert float(first.inner_text()) == pytest.approx(nats / 0.6931, abs=0.02)
    expect(first).to_have_class(re.compile(r"c255 q3"))


def test_a_pin_from_elsewhere_is_shown_in_the_table(show):
    shown = show("text_fact", "table_many")
    shown.set(token=4321)
    expect(shown.locator(".table-row.at > div").first).to_have_text("4,321")
    expect(shown.locator(".table-row.at")).to_be_in_viewport()


def test_rows_can_be_filtered(show):
    panel = {"name": "table_many", "module": "table", "title": "", "options": {"filter": True}}
    shown = show("text_fact", {**panel, "numbers": []})
    shown.get_by_role("searchbox").fill("ship")
    assert set(cells(shown, 2)) == {" ship"}
    shown.get_by_role("searchbox").fill("nothing at all")
    expect(shown.page.get_by_text("No row fits.")).to_be_visible()


def test_rows_can_be_words_whose_numbers_join_those_of_their_tokens(show):
    shown = show("text_nonsense", "table_tokens", level="word", token=9)
    of = run("text_nonsense")
    words = split(of, "word")
    head = [each.split(" (")[0] for each in shown.get_by_role("columnheader").all_inner_texts()]
    assert "Varentropy" not in head  # words have no such number
    found = dict(zip(cells(shown, 1), cells(shown, 2), strict=True))
    surprisal = dict(zip(cells(shown, 1), cells(shown, 1 + head.index("Surprisal")), strict=True))
    for word in range(1, 9):
        tokens = np.flatnonzero(words.of_token == word)
        first = str(tokens[0])
        assert found[first] == words.texts[word].replace("\n", "\\n")
        assert float(surprisal[first]) == pytest.approx(of.surprisal[tokens].sum(), abs=0.005)
    expect(shown.locator("[aria-selected=true]")).to_have_count(1)
