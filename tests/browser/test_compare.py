"""Two texts one above the other, the difference between them, and both sides of a place."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
from playwright.sync_api import expect

from backend.derived.comparison import CompareRequest, compare
from tests.browser.parts import run

GARDEN = "garden_a~garden_b"
PIN_MILLISECONDS = 50
"""What a pin may take here, on a machine that is busy; the frame's own benchmark is stricter."""


@cache
def table(pair: str = GARDEN) -> dict:
    a, b = (run(name) for name in pair.split("~"))
    return compare(CompareRequest(a="a", b="b"), a, b).tables()["differences"]


def place_of(text: str) -> int:
    return next(i for i, each in enumerate(table()["text_a"]) if each == text)


def places(shown):
    return shown.locator(".place")


def test_a_stands_above_b_and_what_only_one_has_leaves_the_other_empty(show):
    shown = show(GARDEN, "compare")
    upper = shown.locator(".place > :first-child").all_inner_texts()
    lower = shown.locator(".place > :last-child").all_inner_texts()
    assert [each.rstrip(" ") or " " for each in upper] == [
        each or " " for each in table()["text_a"]
    ]
    assert [each.rstrip(" ") or " " for each in lower] == [
        each or " " for each in table()["text_b"]
    ]
    there = [each == "both" for each in table()["in"]]
    gone = places(shown).evaluate_all("nodes => nodes.map(n => !n.querySelector('.gone'))")
    assert gone == there


def test_a_bar_rises_towards_the_text_that_has_more(show):
    shown = show(GARDEN, "compare")
    bars = places(shown).evaluate_all(
        "nodes => nodes.map(n => n.children[1])"
        ".map(bar => [bar.className, +bar.style.getPropertyValue('--size')])"
    )
    for (name, size), difference in zip(bars, table()["difference_surprisal_nats"], strict=True):
        if np.isnan(difference):
            assert name == "pair-bar no"
            continue
        assert name == ("pair-bar up" if difference < 0 else "pair-bar down")
        # Bars end at 3 nats; one entry of the ramp is 1/255.
        assert size == pytest.approx(min(1, abs(difference) / 3), abs=0.01)


def test_nothing_that_differs_by_nothing_is_coloured(show):
    shown = show("text_fact~text_fact", "compare")
    fills = places(shown).evaluate_all(
        "nodes => nodes.slice(1).map(n => n.children[1].style.getPropertyValue('--fill'))"
    )
    assert set(fills) == {"#ffffff"}
    dark = show("text_fact~text_fact", "compare", theme="dark")
    fills = places(dark).evaluate_all(
        "nodes => nodes.slice(1).map(n => n.children[1].style.getPropertyValue('--fill'))"
    )
    assert set(fills) == {"#10151c"}


def test_the_place_with_the_largest_difference_is_pinned_at_first(show):
    shown = show(GARDEN, "compare")
    largest = int(np.nanargmax(np.abs(table()["difference_surprisal_nats"])))
    assert largest == place_of(" the")
    assert shown.state("place") == largest
    expect(places(shown).nth(largest)).to_have_attribute("aria-selected", "true")
    places(shown).nth(0).click()
    assert shown.state("place") == 0
    shown.get_by_role("button", name="Largest").click()
    assert shown.state("place") == largest


def test_keys_lead_from_place_to_place_and_line_to_line(show):
    shown = show(GARDEN, "compare", place=3)
    press = shown.page.keyboard.press
    shown.get_by_role("listbox").focus()
    press("ArrowRight")
    assert shown.state("place") == 4
    press("ArrowLeft")
    press("ArrowLeft")
    assert shown.state("place") == 2
    press("Home")
    assert shown.state("place") == 0
    press("ArrowDown")
    top = "i => window.root.querySelectorAll('.place')[i].getBoundingClientRect().top"
    assert shown.evaluate(top, shown.state("place")) > shown.evaluate(top, 0)
    press("ArrowUp")
    assert shown.state("place") == 0
    press("End")
    assert shown.state("place") == len(table()["in"]) - 1
    press("Escape")
    assert shown.state("place") == place_of(" the")


def test_a_card_tells_both_values_and_the_difference(show):
    shown = show(GARDEN, "compare")
    places(shown).nth(place_of(" fell")).hover()
    card = shown.locator(".card")
    at = place_of(" fell")
    for side in ("a", "b"):
        expect(card).to_contain_text(f"{table()[f'{side}_surprisal_nats'][at]:.2f}")
    expect(card).to_contain_text(
        f"{table()['difference_surprisal_nats'][at]:.2f}".replace("-", "−")
    )


def test_another_number_is_chosen_in_the_menu_without_a_request(show):
    shown = show(GARDEN, "compare")
    asked = shown.evaluate("window.asked.length")
    shown.get_by_role("button", name="Surprisal").click()
    shown.get_by_role("menuitemradio", name=re.compile("Entropy")).first.click()
    assert shown.state("colour") == "entropy"
    expect(shown.get_by_role("button", name="Entropy")).to_be_visible()
    assert shown.evaluate("window.asked.length") == asked


def test_the_unit_changes_the_scale_and_the_numbers_only(show):
    shown = show(GARDEN, "compare")
    before = places(shown).nth(5).locator(".pair-bar").get_attribute("style")
    shown.set(unit="bits")
    expect(shown.locator(".legend")).to_contain_text("bits")
    assert places(shown).nth(5).locator(".pair-bar").get_attribute("style") == before


def test_every_line_begins_with_the_names_of_both_runs(show):
    shown = show(GARDEN, "compare")
    shown.page.set_viewport_size({"width": 600, "height": 700})
    lines = "new Set([...window.root.querySelectorAll('.place')].map(n => n.offsetTop)).size"
    shown.wait_for_function(f"window.root.querySelectorAll('.place.first').length === {lines}")
    assert shown.locator(".place.first").count() > 2


def test_whatever_a_text_says_it_stays_text(show):
    shown = show("hostile~prose", "compare")
    assert places(shown).count() > 20
    assert shown.locator(".place script, .place img, .place b").count() == 0
    expect(shown.locator(".pair-text")).to_contain_text("<script>window.hacked = 1</script>")


def test_texts_that_share_nothing_stand_there_whole_and_say_so(show):
    shown = show("one~text_code", "compare")
    expect(shown.get_by_text("The two runs share no text")).to_be_visible()
    assert shown.locator(".pair-bar:not(.no)").count() == 0


def test_characters_that_need_several_tokens_are_one_place(show):
    shown = show("pieces~pieces", "compare")
    expect(shown.locator(".pair-text")).to_contain_text("🦙")
    expect(shown.locator(".pair-text")).to_contain_text("首")


def test_a_head_is_chosen_by_its_numbers_and_asked_for(show):
    shown = show("attention_fact~attention_code", "compare", head=[3, 1])
    expect(shown.get_by_role("button", name=re.compile("L3.H1"))).to_be_visible()
    shown.get_by_label("Layer").fill("4")
    shown.get_by_label("Layer").press("Tab")
    assert shown.state("head") == [4, 1]
    expect(shown.get_by_role("button", name=re.compile("L4.H1"))).to_be_visible()
    assert shown.evaluate("window.asked.at(-1)") == "compare?layer=4&head=1"


def test_eight_thousand_tokens_are_shown_and_a_pin_is_quick(show):
    shown = show("long~long_edited", "compare")
    assert places(shown).count() > 7_990
    spent = shown.evaluate(
        "() => { const begun = performance.now(); window.stage.set({ place: 4321 });"
        " return performance.now() - begun; }"
    )
    assert spent < PIN_MILLISECONDS
    expect(places(shown).nth(4321)).to_be_in_viewport()


# Both sides of a place


def test_the_inspector_has_both_values_and_what_each_run_expected(show):
    at = place_of(" fell")
    shown = show(GARDEN, "sides", place=at)
    expect(shown.get_by_role("heading")).to_contain_text("fell")
    expect(shown.get_by_role("heading")).to_contain_text("in both")
    row = shown.locator(".sides-numbers").first.locator("tr").nth(1)
    values = [table()[f"{side}_surprisal_nats"][at] for side in ("a", "b")]
    expect(row).to_contain_text(f"{values[0]:.2f}")
    expect(row).to_contain_text(f"{values[1]:.2f}")
    expect(row.locator("td").last).to_contain_text(f"−{values[0] - values[1]:.2f}")
    assert shown.locator(".sides-run").count() == 2
    assert shown.locator(".sides-run .came").count() == 2


@pytest.mark.parametrize(
    ("text", "words", "runs"), [(" man", "only in A", 1), (" manned", "only in B", 1)]
)
def test_what_only_one_text_has_is_said_and_explained_by_that_run_alone(show, text, words, runs):
    texts = table()["text_a"] if words.endswith("A") else table()["text_b"]
    shown = show(GARDEN, "sides", place=list(texts).index(text))
    expect(shown.get_by_role("heading")).to_contain_text(words)
    assert shown.locator(".sides-run").count() == runs
    expect(shown.locator(".sides-numbers").first.locator("tr").nth(1)).to_contain_text("–")


def test_the_inspector_follows_the_place_and_the_unit(show):
    shown = show(GARDEN, "sides", place=place_of(" fell"))
    shown.set(place=place_of(" spat"))
    expect(shown.get_by_role("heading")).to_contain_text("spat")
    shown.set(unit="bits")
    expect(shown.locator(".sides-numbers").first).to_contain_text("bits")


def test_a_hostile_text_is_no_markup_in_the_inspector(show):
    shown = show("hostile~hostile", "sides", place=1)
    expect(shown.get_by_role("heading")).to_contain_text("<script>")
    assert shown.locator(".pinned script").count() == 0
