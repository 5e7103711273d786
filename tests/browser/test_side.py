"""Inspectors: what was expected at the pinned token, and every number of it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.parts import run


def sentence(shown) -> str:
    return shown.locator(".pinned-sentence").inner_text().replace("\u202f", " ")


def test_one_sentence_says_what_was_expected_and_what_came(show):
    shown = show("text_garden_path", "expected", token=8)
    assert sentence(shown) == (
        "Torn between is 16 % and was 13 %: as unsure as 82 equal choices. "
        "raced came, its 262nd guess."
    )
    shown = show("text_fact", "expected", token=5)
    assert sentence(shown) == "Expected Paris 77 %, and right."


def test_the_sentence_is_true_at_every_token_of_the_shipped_texts(show):
    for name in ("text_fact", "text_garden_path", "text_code", "text_nonsense"):
        of = run(name)
        shown = show(name, "expected")
        for i in range(1, len(of)):
            shown.set(token=i)
            said = sentence(shown)
            best = np.exp(of.top_logprobs[i, 0])
            right = of.rank[i] == 1
            assert said.startswith("All but sure of") == (best >= 0.9), said
            assert said.startswith("Expected") == (0.5 <= best < 0.9), said
            if best >= 0.5:
                assert ("and right" in said) == right, said
                assert ("and wrong" in said) == (not right), said
            else:
                assert ("its first guess" in said) == right, said
                assert "as unsure as" in said


def test_before_the_first_token_nothing_stands(show):
    shown = show("text_fact", "expected", token=0)
    assert sentence(shown).startswith("The first token has nothing before it")
    expect(shown.locator(".bars")).to_have_count(0)


def test_bars_are_in_order_with_what_came_marked_and_all_others_last(show):
    shown = show("text_nonsense", "expected")
    for i in range(1, len(run("text_nonsense"))):
        shown.set(token=i)
        shares = [
            float(re.sub(r"[^\d.]", "", each))
            for each in shown.locator(".bar-share").all_inner_texts()
        ]
        assert shares[:-1] == sorted(shares[:-1], reverse=True)
        expect(shown.locator(".bars li").last).to_contain_text("others")
        expect(shown.locator(".came")).to_have_count(1)
        expect(shown.locator(".came .bar-mark")).to_have_text("▸")
        assert sum(shares) == pytest.approx(100, abs=3)  # two or three digits each


def test_what_came_outside_the_expected_has_its_rank(show):
    shown = show("text_garden_path", "expected", token=8)
    expect(shown.locator(".came")).to_contain_text("262nd")


def test_three_numbers_stand_below_and_all_others_open(show):
    shown = show("text_fact", "expected", token=5)
    expect(shown.locator(".pinned-figures dt")).to_have_text(["Entropy", "Surprisal", "Rank"])
    expect(shown.get_by_text("how mixed: varentropy V")).to_be_hidden()
    shown.page.get_by_text("All numbers").click()
    expect(shown.page.get_by_text("how mixed: varentropy V")).to_be_visible()
    shown.set(token=6)
    expect(shown.page.get_by_text("how mixed: varentropy V")).to_be_visible()


def test_the_unit_changes_the_numbers(show):
    shown = show("text_fact", "expected", token=5)
    nats = float(run("text_fact").entropy[5])
    expect(shown.locator(".pinned-figures dd").first).to_have_text(f"{nats:.2f}\u00a0nats")
    shown.set(unit="bits")
    expect(shown.locator(".pinned-figures dd").first).to_have_text(
        f"{nats / np.log(2):.2f}\u00a0bits"
    )


def test_pieces_are_named_by_their_bytes(show):
    shown = show("pieces", "expected", token=11)
    expect(shown.locator(".pinned-head")).to_contain_text("E9 A6 96 → 首")
    expect(shown.locator(".pinned .quiet").first).to_contain_text("Piece 3 of 3 of 首")


def test_candidates_are_joined_by_the_character_they_would_make(show, page):
    shown = show("pieces", "expected", token=11)
    text = "window.stage.text"
    page.evaluate(
        f"""() => {{
            const ids = {text}.expected_ids;
            const two = [...ids.keys()].filter((at) => ids[at] !== {text}.ids[11]).slice(0, 3);
            {text}.bytes = {{}};
            two.forEach((at, i) => {{
                {text}.expected[at] = "\\ufffd";
                {text}.bytes[ids[at]] = ["96", "96", "97"][i];
                {text}.top[11 * {text}.top.length / {text}.tokens.length + i] = at;
            }});
        }}"""
    )
    shown.set(token=10)
    shown.set(token=11)
    names = shown.locator(".bar-name").all_inner_texts()
    assert names.count("E9 A6 96 → 首") == 1
    assert names.count("E9 A6 97 → 馗") == 1


def test_hostile_tokens_stay_text(show):
    shown = show("hostile", "expected")
    for i in range(len(run("hostile"))):
        shown.set(token=i)
    assert shown.locator(".pinned :is(img, script)").count() == 0


def test_facts_have_every_number_of_the_pinned_token(show):
    shown = show("text_fact", "facts", token=5)
    expect(shown.locator(".pinned-list")).to_contain_text("how unsure: entropy H")
    expect(shown.locator(".pinned-list")).to_contain_text("1.48\u00a0nats")


def test_the_ladder_shows_every_depth_and_goes_where_it_is_pressed(show):
    shown = show("norms", "facts", token=5)
    ladder = shown.get_by_role("slider")
    expect(ladder.locator("i")).to_have_count(31)
    expect(ladder.locator("i").nth(30)).to_have_class("at")
    box = ladder.bounding_box()
    shown.page.mouse.click(box["x"] + box["width"] * 10.5 / 31, box["y"] + 40)
    assert shown.state("at") == {"D": 10}
    value = f"{run('norms').norms[10, 5]:.1f}"
    expect(ladder).to_have_attribute("aria-valuetext", f"depth 10, {value}")
    ladder.focus()
    shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press("ArrowRight")
    assert shown.state("at") == {"D": 12}
