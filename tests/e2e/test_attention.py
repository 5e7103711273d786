"""The Attention page in a real browser: choosing heads, the cursor, patterns, long texts."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect

from backend.settings import settings
from backend.storage.library import Library
from tests.e2e.attention_page import analyse, canvas, click_at, heads_of, tab, token
from tests.runs.makers import attention_run


def test_a_click_in_the_map_chooses_a_head_everywhere(attention):
    page = attention("head=0.0")
    expect(heads_of(page)).to_have_text("L0.H0")
    click_at(canvas(page, "attention-heads"), 0.4, 0.5)
    expect(page).not_to_have_url(re.compile(r"head=0\.0"))
    expect(page).to_have_url(re.compile(r"head=\d+\.\d+"))
    expect(heads_of(page)).not_to_have_text("L0.H0")
    name = heads_of(page).inner_text()
    expect(page.locator(".legend .title")).to_contain_text(f"Entropy of {name}")
    expect(page.get_by_text(f"Entropy of {name} along the text (nats)")).to_be_visible()


def test_a_second_click_on_the_same_field_keeps_the_head(attention):
    page = attention("head=0.0")
    chart = canvas(page, "attention-heads")
    click_at(chart, 0.4, 0.5)
    expect(heads_of(page)).not_to_have_text("L0.H0")
    name = heads_of(page).inner_text()
    click_at(chart, 0.4, 0.5)
    page.wait_for_timeout(500)
    expect(heads_of(page)).to_have_text(name)


def test_choosing_a_head_does_not_build_the_map_anew(attention):
    page = attention("head=0.0")
    chart = canvas(page, "attention-heads")
    expect(chart).to_be_visible()
    chart.evaluate("node => { node.dataset.same = 'yes' }")
    click_at(chart, 0.4, 0.5)
    expect(page).not_to_have_url(re.compile(r"head=0\.0"))
    expect(chart).to_have_attribute("data-same", "yes")


def test_a_pinned_token_shows_every_head_at_it_and_a_click_there_chooses(attention):
    page = attention("head=0.0")
    tab(page, "Token")
    expect(page.get_by_text("Pin a token in the text above")).to_be_visible()
    token(page, 12).click()
    expect(page.get_by_text("Every head at token 12: entropy (nats)")).to_be_visible()
    expect(page).to_have_url(re.compile("token=12"))
    click_at(canvas(page, "attention-token"), 0.5, 0.6)
    expect(page).not_to_have_url(re.compile(r"head=0\.0"))


def test_a_click_in_the_curve_pins(attention):
    page = attention("head=16.0")
    click_at(canvas(page, "attention-curve"), 0.5, 0.7)
    expect(page).to_have_url(re.compile(r"token=\d+"))


def test_a_dot_of_the_depth_curve_chooses_its_head(attention):
    page = attention("head=0.0")
    tab(page, "Layers")
    click_at(canvas(page, "attention-depth"), 0.6, 0.4)
    expect(page).not_to_have_url(re.compile(r"head=0\.0"))
    expect(canvas(page, "figure-attention-quarters")).to_be_visible()


def test_the_widest_look_is_pinned_by_its_button(attention):
    page = attention("head=16.0")
    page.get_by_role("button", name="Widest look").click()
    expect(page).to_have_url(re.compile(r"token=[1-9]\d*"))


def test_the_unit_switch_changes_map_and_legend(attention):
    page = attention()
    page.get_by_text("bits", exact=True).first.click()
    expect(page.get_by_text("Mean attention entropy (bits)")).to_be_visible()
    expect(page.locator(".legend .unit").first).to_have_text("bits")


def test_a_lesson_brings_its_text_and_head(attention):
    page = attention("attention_example=attention_code&head=0.0")
    tab(page, "Kinds")
    button = page.get_by_role("button", name=re.compile(r"^Show L\d+\.H\d+$")).nth(1)
    name = button.inner_text().removeprefix("Show ")
    button.click()
    expect(page.get_by_role("heading", name="A repeated sentence")).to_be_visible()
    expect(heads_of(page)).to_have_text(name)


def test_a_new_text_is_analysed_and_its_heads_are_shown(attention):
    page = attention()
    analyse(page)
    expect(page.get_by_role("listbox")).to_contain_text("four")
    click_at(canvas(page, "attention-heads"), 0.4, 0.5)
    expect(page).to_have_url(re.compile(r"head=[0-2]\.[0-3]"))


def test_tokens_measured_as_well_are_one_click_away_and_lead_back(attention):
    page = attention()
    page.get_by_role("button", name="Options").click()
    page.get_by_text("Measure tokens as well").click()
    page.keyboard.press("Escape")
    analyse(page)
    page.get_by_role("link", name="See the tokens of this text").click()
    expect(page.get_by_role("heading", name="Your text")).to_be_visible()
    expect(page.get_by_role("listbox")).to_contain_text("four")
    expect(page).to_have_url(re.compile(r"[?&]run=[0-9a-f]{16}"))
    page.get_by_role("link", name="See the attention of this text").click()
    expect(page.get_by_role("button", name="Analyse")).to_be_visible()
    expect(page).to_have_url(re.compile(r"attention_run=[0-9a-f]{16}"))


def test_another_head_or_run_is_no_choice_of_colour(attention):
    page = attention("head=0.0")
    click_at(canvas(page, "attention-heads"), 0.4, 0.5)
    expect(heads_of(page)).not_to_have_text("L0.H0")
    analyse(page)
    expect(page.get_by_role("combobox", name="Colour by")).to_have_value("Entropy")
    assert "attention.metric" not in page.url


def test_what_the_chosen_head_looked_at_lights_up(attention):
    page = attention()
    analyse(page)
    token(page, 6).hover()
    expect(page.locator(".lit")).to_have_count(0)
    page.get_by_text("Where it looks", exact=True).click()
    tab(page, "Pattern")
    expect(page.locator(".st-key-attention-pattern .js-plotly-plot")).to_be_visible()
    token(page, 6).hover()
    expect(page.locator(".lit").first).to_be_visible()
    # A token sees itself and what stands before it.
    assert page.locator(".lit").count() <= 7


def test_the_pattern_is_computed_when_asked_for(attention):
    page = attention()
    analyse(page)
    tab(page, "Pattern")
    page.get_by_role("button", name=re.compile("Compute the pattern of")).click()
    expect(page.locator(".st-key-attention-pattern .js-plotly-plot")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Pattern of L\d+\.H\d+$")).first).to_be_visible()


def test_two_heads_stand_side_by_side(attention):
    page = attention("head=16.0")
    tab(page, "Compare")
    expect(page.get_by_text("Entropy of L16.H0 and L0.H0 along the text (nats)")).to_be_visible()
    expect(canvas(page, "attention-compare")).to_be_visible()


def test_the_second_head_is_chosen_by_typing_its_name(attention):
    page = attention("head=16.0")
    tab(page, "Compare")
    box = page.get_by_role("combobox", name="Compare L16.H0 with")
    box.click()
    page.keyboard.type("L7.H1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Entropy of L16.H0 and L7.H1 along the text (nats)")).to_be_visible()
    expect(page).to_have_url(re.compile(r"attention\.second=7(,|%2C)1"))


def test_a_typed_text_survives_a_visit_to_another_page(attention):
    page = attention()
    box = page.get_by_role("textbox", name="Text", exact=True)
    box.fill("Not analysed yet.")
    expect(page.get_by_text("17 characters")).to_be_visible()
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Entroscope")).to_be_visible()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Attention").click()
    expect(box).to_have_value("Not analysed yet.")


def test_a_reload_restores_run_head_and_pin(attention):
    page = attention("head=0.0")
    analyse(page)
    token(page, 3).click()
    click_at(canvas(page, "attention-heads"), 0.4, 0.5)
    expect(heads_of(page)).not_to_have_text("L0.H0")
    name = heads_of(page).inner_text()
    expect(page).to_have_url(re.compile(name.replace("L", "head=").replace(".H", r"\.")))
    expect(page).to_have_url(re.compile("token=3"))
    page.reload()
    expect(page.get_by_role("heading", name="Your text")).to_be_visible()
    expect(heads_of(page)).to_have_text(name)
    expect(page).to_have_url(re.compile("token=3"))


def test_hostile_text_is_only_ever_text(attention):
    page = attention()
    analyse(page, '<img src=x onerror="window.hacked = 1"> :red[x] $x$ </script> {{7*7}}')
    for name in ("Pattern", "Compare", "Curve"):
        tab(page, name)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0


def test_too_long_a_text_is_announced_and_refused(attention):
    page = attention()
    analyse(page)
    box = page.get_by_role("textbox", name="Text", exact=True)
    box.fill("one two three four five six seven " * 100)
    expect(page.get_by_test_id("stAlert")).to_contain_text("this model reads 512")
    page.get_by_role("button", name="Analyse").click()
    expect(
        page.get_by_test_id("stAlert").filter(has_text="Shorten the text.").first
    ).to_be_visible()
    expect(token(page, 1)).to_be_visible()


def test_a_threshold_changes_how_many_heads_are_flagged(attention):
    page = attention()
    figure = page.get_by_test_id("stMetric").filter(has_text="Overload")
    expect(figure).to_contain_text("28 of 270")
    page.get_by_role("button", name="Flags").click()
    slider = page.get_by_role("slider").first
    for _ in range(3):
        slider.press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"attention\.upper=0\.6"))
    expect(figure).not_to_contain_text("28 of 270")


def test_a_hostile_text_stays_text_in_a_pattern(attention):
    page = attention()
    analyse(page, "<b>bold</b> <br> <a href='javascript:alert(1)'>x</a> &lt; $x$")
    tab(page, "Pattern")
    page.get_by_role("button", name=re.compile("Compute the pattern of")).click()
    plot = page.locator(".st-key-attention-pattern .js-plotly-plot")
    expect(plot).to_be_visible()
    expect(plot.locator(".ytick text").filter(has_text="<").first).to_be_visible()
    assert plot.locator("a, .ytick tspan[style*=bold], img").count() == 0


def test_one_press_brings_all_of_a_long_pattern_and_follows_the_pin(page, serve, long_model):
    page.goto(f"{serve('app.py').url}/attention?model={long_model}")
    analyse(page, "one two three four " * 80)
    expect(page.get_by_text(re.compile(r"1,\d{3} of 8,192 tokens"))).to_be_visible()
    token(page, 700).click()
    tab(page, "Pattern")
    page.get_by_role("button", name=re.compile("Compute the pattern of")).click()
    expect(page.locator(".st-key-attention-pattern .js-plotly-plot")).to_be_visible()
    expect(page.locator(".st-key-attention-rows .js-plotly-plot")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Pattern of .*, tokens 640 to 703$"))).to_be_visible()
    token(page, 100).click()
    expect(page.get_by_text(re.compile(r"^Pattern of .*, tokens 64 to 127$"))).to_be_visible()
    expect(page.locator(".st-key-attention-rows .js-plotly-plot")).to_be_visible()


@pytest.fixture(scope="module")
def long_run() -> str:
    """A made-up run of 4,096 tokens in 30 layers of 9 heads, in the library; its key."""
    tokens, shape = 4096, (30, 9)
    random = np.random.default_rng(0)
    highest = np.log(np.arange(1, tokens + 1)).astype(np.float32)
    made = attention_run((random.random((*shape, tokens)) * highest).astype(np.float32))
    first = random.random((*shape, tokens)).astype(np.float32) * 0.8
    run = replace(
        made,
        max_entropy=np.tile(highest, (shape[0], 1)),
        first_mass=first,
        score_spread=10 * first,
        tokens=[f" w{i % 90}" for i in range(tokens)],
    )
    return f"saved-{Library(settings().data_dir / 'runs').save(run)}"


def test_a_head_of_a_long_text_is_shown_soon_after_the_click(attention, long_run):
    page = attention(f"attention_run={long_run}&head=0.0&attention.hide_first=on")
    chart = canvas(page, "attention-heads")
    expect(heads_of(page)).to_have_text("L0.H0")
    taken = []
    for share in (0.4, 0.5, 0.6):
        name = heads_of(page).inner_text()
        began = time.monotonic()
        click_at(chart, 0.4, share)
        expect(heads_of(page)).not_to_have_text(name)
        head = heads_of(page).inner_text()
        expect(page.get_by_text(f"Entropy of {head} along the text").first).to_be_visible()
        taken.append(time.monotonic() - began)
    assert min(taken) < 5, taken
