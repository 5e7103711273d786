"""The text and its shades: reading, pointing, pinning, keys, levels, long and hostile texts."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.parts import run


def token(shown, i: int) -> Locator:
    return shown.page.locator(f"#t{i}")


def style(where: Locator, name: str) -> str:
    return where.evaluate("(node, name) => getComputedStyle(node)[name]", name)


def luminance(rgb: str) -> float:
    channels = [int(each) / 255 for each in re.findall(r"\d+", rgb)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def test_the_text_reads_and_wraps_like_text(show):
    shown = show("prose", "strip")
    text = shown.get_by_role("listbox").evaluate("node => node.innerText")
    assert text.startswith("The lighthouse keeper counted the waves that evening, as he had")
    tops = shown.locator(".t").evaluate_all("all => all.map(n => n.getBoundingClientRect().top)")
    assert len(set(tops[:60])) > 1


def test_the_legend_names_the_number_its_unit_and_its_fixed_range(show):
    legend = show("text_fact", "strip").locator(".legend")
    for part in ("how unsure: entropy H", "nats", "0", "7", "no prediction"):
        expect(legend).to_contain_text(part)


def test_the_unit_changes_legend_and_card_but_no_colour(show):
    shown = show("text_fact", "strip")
    classes = "all => all.map(node => node.className)"
    before = shown.locator(".t").evaluate_all(classes)
    shown.set(unit="bits")
    expect(shown.locator(".legend")).to_contain_text("bits")
    expect(shown.locator(".legend")).to_contain_text("10")
    assert shown.locator(".t").evaluate_all(classes) == before
    token(shown, 5).hover()
    expect(shown.get_by_role("tooltip")).to_contain_text("bits")


def test_values_beyond_the_fixed_range_are_said_to_be(show):
    shown = show("text_garden_path", "strip")
    assert np.nanmax(run("text_garden_path").entropy) > 7
    expect(shown.locator(".legend-tick.last")).to_have_text("≥ 7")
    shown.set(spread=True)
    high = np.nanmax(run("text_garden_path").entropy)
    expect(shown.locator(".legend-tick.last")).to_have_text(f"{high:.1f}")
    expect(shown.locator(".legend-tick.fixed.inside")).to_be_attached()


def test_colours_that_span_the_text_mark_where_the_fixed_scale_ends(show):
    shown = show("attention_fact", "strip", head=[17, 1], colour="entropy", spread=True)
    expect(shown.locator(".legend-tick.fixed")).to_have_text("6 fixed")


def test_a_rank_is_shown_in_four_classes(show):
    shown = show("text_fact", "strip", colour="rank")
    expect(shown.locator(".legend-tick")).to_have_text(["1–10", "11–100", "101–1,000", "more"])


def test_another_number_changes_colours_and_moves_no_token(show):
    shown = show("text_fact", "strip")
    places = "all => all.map(n => [n.getBoundingClientRect().x, n.getBoundingClientRect().width])"
    before = shown.locator(".t").evaluate_all(places)
    colour = style(token(shown, 20), "backgroundColor")
    shown.set(colour="gap")
    expect(shown.locator(".legend")).to_contain_text("Surprisal − entropy", ignore_case=True)
    assert style(token(shown, 20), "backgroundColor") != colour
    assert shown.locator(".t").evaluate_all(places) == before


def test_a_larger_value_has_a_thicker_underline(show):
    shown = show("text_fact", "strip")
    under = shown.locator(".t").evaluate_all(
        "all => all.map(n => +getComputedStyle(n).getPropertyValue('--under'))"
    )
    shades = np.floor(np.clip(run("text_fact").entropy / 7, 0, 1) * 255 + 0.5)
    assert under[1:] == (shades[1:] // 64).tolist()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("colour", ["entropy", "gap"])
def test_every_token_is_readable(show, theme, colour):
    shown = show("prose", "strip", theme=theme, colour=colour)
    pairs = shown.locator(".t:not(.none)").evaluate_all(
        "all => all.map(n => [getComputedStyle(n).color, getComputedStyle(n).backgroundColor])"
    )
    assert len(pairs) > 100
    assert min(contrast(*pair) for pair in pairs) >= 4.5  # WCAG AA


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_captions_have_more_contrast_than_the_least(show, theme):
    shown = show("text_fact", "strip", theme=theme)
    page = shown.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert contrast(style(shown.locator(".legend-none"), "color"), page) >= 5.5


def test_short_texts_are_set_in_larger_type(show):
    small = style(token(show("prose", "strip"), 1), "fontSize")
    large = style(token(show("text_fact", "strip"), 1), "fontSize")
    assert float(large[:-2]) >= float(small[:-2]) + 2


def test_a_line_break_shows_its_sign_before_it_breaks(show):
    breaks = show("prose", "strip").locator(".break").first
    assert "↵" in breaks.evaluate("n => getComputedStyle(n, '::before').content")


def test_special_tokens_are_outlined(show):
    shown = show("pieces", "strip", token=3)
    assert style(token(shown, 0), "outlineStyle") == "solid"
    assert style(token(shown, 2), "outlineStyle") == "none"


def test_the_raw_view_shows_escapes_and_ids(show):
    shown = show("prose", "strip")
    shown.set(raw=True)
    expect(token(shown, 1)).to_contain_text("·lightho")
    expect(token(shown, 1).locator("small")).to_have_text(re.compile(r"^\d+$"))
    expect(shown.get_by_role("listbox")).to_contain_text("\\n")


# ── words and sentences ──────────────────────────────────────────────────────────────────────────


def test_a_sentence_is_one_box_of_one_colour(show):
    shown = show("text_garden_path", "strip", level="sentence")
    boxes = shown.locator(".sentence")
    expect(boxes.first).to_have_text("The old man the boat.")
    assert shown.locator(".t.q0, .t.q1, .t.q2, .t.q3").count() == 0
    colours = boxes.evaluate_all("all => all.map(n => getComputedStyle(n).backgroundColor)")
    assert all(colour != "rgba(0, 0, 0, 0)" for colour in colours)


def test_numbers_of_a_word_are_joined_as_the_number_says(show):
    shown = show("text_nonsense", "strip", level="word", colour="surprisal")
    of = run("text_nonsense")
    word = shown.page.evaluate("Array.from(window.stage.text.word)")
    first = next(i for i in range(2, len(word)) if word[i] == word[i - 1])
    same = [i for i in range(len(word)) if word[i] == word[first]]
    token(shown, first).hover()
    card = shown.get_by_role("tooltip")
    expect(card).to_contain_text(f"tokens {same[0]}–{same[-1]}")
    expect(card).to_contain_text(f"{np.nansum(of.surprisal[same]):.2f}")
    shown.set(colour="entropy")
    token(shown, first).hover()
    expect(card).to_contain_text(f"{np.nanmean(of.entropy[same]):.2f}")


def test_a_number_that_words_do_not_have_stays_with_the_tokens(show):
    shown = show("text_fact", "strip", level="word", colour="rank")
    expect(shown.locator(".t.q0").first).to_be_attached()


def test_a_wide_window_is_made_in_the_browser(show):
    shown = show("text_fact", "strip", colour="window_entropy", window=3)
    expected = np.convolve(run("text_fact").entropy, np.ones(3) / 3, "valid")[4]
    token(shown, 4).hover()
    expect(shown.get_by_role("tooltip").locator(".active").last).to_contain_text(f"{expected:.2f}")


# ── pointing ─────────────────────────────────────────────────────────────────────────────────────


def test_the_card_has_the_expected_words_before_the_numbers(show):
    shown = show("text_fact", "strip")
    token(shown, 5).hover()
    card = shown.get_by_role("tooltip")
    expect(card).to_contain_text("“Paris”")
    assert card.locator(".bars").bounding_box()["y"] < card.locator("dl").bounding_box()["y"]
    assert card.locator("dd").count() <= 5
    assert shown.page.evaluate("window.asked.length") == 1  # the strip's own part


def test_what_came_is_marked_in_every_card(show):
    shown = show("text_nonsense", "strip")
    outside = 0
    for i in range(1, 40):
        token(shown, i).hover()
        expect(shown.get_by_role("tooltip").locator(".came")).to_have_count(1)
        outside += shown.get_by_role("tooltip").locator(".came small").count()
    assert outside > 5  # with their rank


def test_the_first_token_says_that_nothing_predicted_it(show):
    shown = show("text_fact", "strip", token=3)
    token(shown, 0).hover()
    expect(shown.get_by_role("tooltip")).to_contain_text("nothing predicted it")
    expect(shown.get_by_role("tooltip").locator("dd").first).to_have_text("–")


@pytest.mark.parametrize("size", [(1280, 720), (800, 900), (390, 844), (800, 320)])
def test_the_card_stays_in_the_window_and_off_the_line_being_read(show, page, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    shown = show("prose", "strip")
    for i in (1, 12, 24, 60, 100, 120):
        token(shown, i).scroll_into_view_if_needed()
        token(shown, i).hover()
        card = shown.get_by_role("tooltip").bounding_box()
        line = token(shown, i).evaluate(
            "n => { const b = n.getClientRects()[0]; return [b.top, b.bottom] }"
        )
        assert card["x"] >= 0
        assert card["x"] + card["width"] <= size[0]
        assert card["y"] >= 0
        assert card["y"] + card["height"] <= size[1]
        assert card["y"] >= line[1] or card["y"] + card["height"] <= line[0]


def test_the_card_goes_when_the_pointer_leaves(show):
    shown = show("text_fact", "strip")
    token(shown, 5).hover()
    expect(shown.get_by_role("tooltip")).to_be_visible()
    shown.page.mouse.move(5, 5)
    expect(shown.get_by_role("tooltip")).to_be_hidden()


def test_pieces_of_a_character_say_their_bytes_and_the_character(show):
    shown = show("pieces", "strip")
    expect(shown.page.get_by_text("🦙", exact=True)).to_have_count(1)
    token(shown, 5).hover(force=True)
    card = shown.get_by_role("tooltip")
    expect(card).to_contain_text("Piece 2 of 4 of 🦙 (F0 9F A6 99)")
    expect(card.locator(".came")).to_contain_text("F0 9F …")
    token(shown, 11).hover(force=True)
    expect(card.locator(".came")).to_contain_text("E9 A6 96 → 首")
    expect(card).not_to_contain_text("\ufffd")


# ── where a head looks ───────────────────────────────────────────────────────────────────────────


def test_the_pinned_token_lights_up_what_it_looks_at(show):
    shown = show("attention_fact", "strip", head=[3, 1], token=20)
    expect(shown.locator(".legend")).to_contain_text("Where L3.H1 looks from")
    clear = "rgba(0, 0, 0, 0)"
    assert style(token(shown, 19), "backgroundColor") != clear
    expect(token(shown, 21)).to_have_class(re.compile("strip-far"))
    token(shown, 30).hover()
    expect(token(shown, 21)).not_to_have_class(re.compile("strip-far"))
    shown.page.mouse.move(5, 5)
    expect(token(shown, 21)).to_have_class(re.compile("strip-far"))


def test_the_legend_of_weights_has_the_scale_of_its_colours(show):
    shown = show("attention_fact", "strip", head=[3, 1], token=20)
    expect(shown.locator(".legend")).to_contain_text("Where L3.H1 looks")
    ticks = shown.locator(".legend-tick").evaluate_all(
        "all => all.map(n => [parseFloat(n.textContent), parseFloat(n.style.insetInlineStart)])"
    )
    for value, place in ticks:
        assert place == pytest.approx(10 * value**0.5, abs=0.1)  # percent: the square root


def test_another_number_of_the_head_colours_when_it_is_chosen(show):
    shown = show("attention_fact", "strip", head=[3, 1], token=20, colour="first_mass")
    expect(shown.locator(".legend")).to_contain_text("On the first token")
    shown.set(colour=None)
    expect(shown.locator(".legend")).to_contain_text("Where L3.H1 looks")


def test_another_head_is_fetched_and_shown(show):
    shown = show("attention_fact", "strip", head=[3, 1], token=20)
    shown.set(head=[4, 2])
    expect(shown.locator(".legend")).to_contain_text("Where L4.H2 looks")
    assert "head?layer=4&head=2" in shown.page.evaluate("window.asked")


# ── depth ────────────────────────────────────────────────────────────────────────────────────────


def test_the_place_on_another_axis_can_be_stepped_by_button_and_key(show):
    shown = show("norms", "strip", token=5)
    expect(shown.locator(".stepper")).to_contain_text("depth 30 of 30")
    shown.page.get_by_role("button", name="One depth down").click()
    assert shown.state("at") == {"D": 29}
    expect(shown.locator(".stepper")).to_contain_text("depth 29 of 30")
    shown.get_by_role("listbox").focus()
    shown.page.keyboard.press("[")
    shown.page.keyboard.press("]")
    shown.page.keyboard.press("[")
    assert shown.state("at") == {"D": 28}
    token(shown, 5).hover()
    expect(shown.get_by_role("tooltip")).to_contain_text(f"{run('norms').norms[28, 5]:.1f}")


# ── pinning and keys ─────────────────────────────────────────────────────────────────────────────


def test_a_click_pins(show):
    shown = show("text_fact", "strip", token=3)
    token(shown, 5).click()
    assert shown.calls == [{"token": 5}]
    expect(token(shown, 5)).to_have_attribute("aria-selected", "true")
    expect(shown.page.locator("[aria-selected=true]")).to_have_count(1)


def test_keys_step_and_escape_goes_back_to_the_first_pin(show):
    shown = show("text_fact", "strip", token=3)
    shown.get_by_role("listbox").focus()
    for key, at in (("ArrowRight", 4), ("End", 36), ("ArrowLeft", 35), ("Home", 0), ("Escape", 3)):
        shown.page.keyboard.press(key)
        assert shown.state("token") == at
    shown.page.keyboard.press("ArrowDown")
    below = token(shown, shown.state("token")).bounding_box()["y"]
    assert below > token(shown, 3).bounding_box()["y"]
    shown.page.keyboard.press("ArrowUp")
    assert token(shown, shown.state("token")).bounding_box()["y"] < below


def test_steps_go_from_word_to_word_where_words_have_the_value(show):
    shown = show("text_garden_path", "strip", token=1, level="sentence")
    shown.get_by_role("listbox").focus()
    shown.page.keyboard.press("ArrowRight")
    assert shown.state("token") == 6  # the second sentence begins


def test_the_strip_is_one_tab_stop_and_says_where_it_stands(show):
    shown = show("text_fact", "strip", token=4)
    box = shown.get_by_role("listbox", name="Tokens of the text")
    box.focus()
    shown.page.keyboard.press("ArrowRight")
    expect(box).to_have_attribute("aria-activedescendant", "t5")
    said = re.compile(
        r"“Paris”; token 5 of 37; how unsure: entropy H 1\.48.nats; expected Paris 77"
    )
    expect(token(shown, 5)).to_have_attribute("aria-label", said)
    assert shown.locator(".strip-text [tabindex]").count() == 0


def test_enter_opens_the_card_and_a_question_mark_the_keys(show):
    shown = show("text_fact", "strip", token=5)
    shown.get_by_role("listbox").focus()
    shown.page.keyboard.press("Enter")
    expect(shown.get_by_role("tooltip")).to_contain_text("“Paris”")
    shown.page.keyboard.press("Escape")
    expect(shown.get_by_role("tooltip")).to_be_hidden()
    shown.page.keyboard.press("?")
    expect(shown.page.get_by_text("one line up or down")).to_be_visible()


def test_a_pin_from_elsewhere_is_marked_and_scrolled_to_inside_the_text(show, page):
    page.set_viewport_size({"width": 800, "height": 300})
    shown = show("prose", "strip")
    shown.set(token=130)
    expect(token(shown, 130)).to_be_in_viewport()
    expect(token(shown, 130)).to_have_class(re.compile(r"\bpin\b"))
    assert page.evaluate("document.scrollingElement.scrollTop") == 0


# ── long texts ───────────────────────────────────────────────────────────────────────────────────


def test_a_long_text_is_whole_and_its_far_pin_in_view(show):
    shown = show("long", "strip")
    expect(shown.locator(".t")).to_have_count(8000)
    shown.set(token=7990)
    expect(token(shown, 7990)).to_be_in_viewport()
    view = shown.state("view")
    assert view[0] <= 7990 <= view[1]


def test_the_minimap_jumps_and_tells_the_part_in_view(show):
    shown = show("long", "strip")
    box = shown.locator(".minimap").bounding_box()
    shown.page.mouse.click(box["x"] + 10, box["y"] + box["height"] / 2)
    expect(token(shown, 4000)).to_be_in_viewport()
    shown.page.wait_for_function("() => window.stage.state.view[0] > 3500")
    top = shown.locator(".minimap-window").evaluate("n => parseFloat(n.style.top)")
    assert 45 < top < 50  # percent of the text


def test_a_text_of_one_token_is_shown(show):
    shown = show("one", "strip")
    expect(shown.locator(".t")).to_have_text(["Alone"])
    shown.get_by_role("listbox").focus()
    shown.page.keyboard.press("ArrowRight")
    assert shown.state("token") == 0


# ── hostile text ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("raw", [False, True])
def test_hostile_tokens_are_text_and_nothing_else(show, raw):
    shown = show("hostile", "strip", raw=raw)
    expect(token(shown, 1)).to_contain_text("<script>")
    expect(token(shown, 2)).to_contain_text("<img")
    for i in range(shown.locator(".t").count()):
        token(shown, i).hover(force=True)
    assert shown.locator(".strip-view :is(img, script)").count() == 0


def test_a_direction_override_does_not_turn_its_neighbours(show):
    shown = show("hostile", "strip")
    left = [token(shown, i).bounding_box() for i in range(4, 9)]
    for one, other in pairwise(left):
        assert other["x"] > one["x"] or other["y"] > one["y"]
    expect(token(shown, 5).locator(".mark")).to_have_attribute("data-shows", "RLO")


def test_tokens_that_cannot_be_seen_can_be_pointed_at(show):
    shown = show("hostile", "strip")
    for i in range(10, 17):
        assert token(shown, i).bounding_box()["width"] >= 4, i
    expect(token(shown, 14)).to_have_text("∅")


@pytest.mark.parametrize("width", [800, 390, 320])
def test_nothing_sticks_out_on_a_small_screen(show, page, width):
    page.set_viewport_size({"width": width, "height": 800})
    shown = show("hostile", "strip")
    inner = shown.locator(".strip-view").evaluate("n => [n.scrollWidth, n.clientWidth]")
    assert inner[0] <= inner[1] + 3  # the minimap's pin reaches 3 pixels out
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
