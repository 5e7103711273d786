"""The grid of heads: arrows, stepper, colours, marks, order; and the pattern of one head."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

from backend.derived.heads import flag_heads, mean_over
from tests.browser.parts import run


@pytest.fixture
def narrow(page):
    page.set_viewport_size({"width": 254, "height": 600})


def test_a_grid_of_9_by_30_fits_230_pixels(show, narrow):
    shown = show("attention_repeated", "heads", head=[17, 1])
    expect(shown.locator(".head-cell")).to_have_count(270)
    grid = shown.locator(".heads-grid")
    sizes = grid.evaluate("n => [n.scrollWidth, n.clientWidth, n.scrollHeight, n.clientHeight]")
    assert sizes[0] <= sizes[1]
    assert sizes[2] <= sizes[3]
    steps = [each.bounding_box()["y"] for each in shown.locator(".stepper").all()]
    assert len(set(steps)) == 1


def test_a_grid_of_32_by_64_scrolls_in_its_box_to_the_chosen_head(show, narrow):
    shown = show("wide", "heads", head=[63, 31])
    view = shown.locator(".heads-grid").bounding_box()
    cell = shown.locator(".chosen").bounding_box()
    assert view["x"] <= cell["x"] <= view["x"] + view["width"] - cell["width"]
    assert view["y"] <= cell["y"] <= view["y"] + view["height"] - cell["height"]


def test_a_click_chooses_a_head(show):
    shown = show("attention_repeated", "heads", head=[0, 0])
    shown.page.locator("#head5-3").click()
    assert shown.calls == [{"head": [5, 3]}]
    expect(shown.page.locator("#head5-3")).to_have_attribute("aria-selected", "true")


def test_arrows_and_stepper_reach_every_head(show):
    shown = show("attention_repeated", "heads", head=[0, 0])
    shown.get_by_role("grid").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowLeft", "ArrowRight", "ArrowUp"):
        shown.page.keyboard.press(key)
    assert shown.state("head") == [1, 1]
    shown.page.get_by_role("button", name="Next layer").click()
    shown.page.get_by_role("button", name="Next head").click()
    shown.page.keyboard.press("Enter")  # the focus stays on the button
    assert shown.state("head") == [2, 3]
    expect(shown.get_by_role("grid")).to_have_attribute("aria-activedescendant", "head2-3")


def test_the_readout_names_head_and_value(show):
    shown = show("attention_repeated", "heads", head=[3, 2])
    means = mean_over(run("attention_repeated").entropy)
    readout = shown.locator(".heads-readout")
    expect(readout).to_have_text(f"L3.H2: {means[3, 2]:.2f}\u00a0nats")
    shown.page.locator("#head7-4").hover()
    expect(readout).to_have_text(f"L7.H4: {means[7, 4]:.2f}\u00a0nats")
    shown.set(unit="bits")
    expect(readout).to_contain_text("bits")


def test_colours_span_this_text_and_mark_the_fixed_end(show):
    shown = show("attention_repeated", "heads")
    expect(shown.locator(".legend-tick.fixed")).to_have_text("6 fixed")
    colours = shown.locator(".head-cell").evaluate_all(
        "all => all.map(n => n.style.backgroundColor)"
    )
    assert len(set(colours)) > 60


def test_marks_follow_the_thresholds_at_once(show):
    shown = show("attention_repeated", "heads", marks=True)
    flags = flag_heads(run("attention_repeated"))
    expect(shown.page.get_by_text("▲")).to_have_count(int(flags.overload.sum()))
    expect(shown.page.get_by_text("▼")).to_have_count(int(flags.collapse.sum()))
    shown.set(flags={"upper": 0.5, "lower": 0})
    flags = flag_heads(run("attention_repeated"), upper=0.5, lower=0)
    expect(shown.page.get_by_text("▲")).to_have_count(int(flags.overload.sum()))
    expect(shown.page.get_by_text("▼")).to_have_count(int(flags.collapse.sum()))


def test_heads_can_be_sorted_by_their_value(show):
    shown = show("attention_repeated", "heads", sorted=True)
    means = mean_over(run("attention_repeated").entropy)
    first = (
        shown.locator(".heads-row")
        .nth(4)
        .locator(".head-cell")
        .evaluate_all("all => all.map(n => n.id)")
    )
    assert first == [f"head4-{head}" for head in np.argsort(means[4])]


def test_the_means_are_asked_again_for_other_queries(show):
    shown = show("attention_repeated", "heads")
    shown.set(queries=[5, 6])
    shown.page.wait_for_function("() => window.asked.length === 2")
    assert shown.page.evaluate("window.asked[1]") == "heads?start=5&stop=6"


# ── the pattern of one head ──────────────────────────────────────────────────────────────────────


def test_the_pattern_shows_the_row_of_the_pin_and_names_both_tokens(show):
    shown = show("attention_fact", "pattern", head=[3, 1], token=20)
    expect(shown.locator(".js-plotly-plot .heatmaplayer")).to_be_attached()
    expect(shown.locator(".pattern-readout")).to_contain_text("“Sun” 20 looks at")
    top = shown.locator(".pattern-row").bounding_box()["y"]
    shown.set(token=30)
    assert shown.locator(".pattern-row").bounding_box()["y"] > top


def test_the_first_token_can_be_hidden(show):
    shown = show("attention_fact", "pattern", head=[3, 1], token=30)
    expect(shown.locator(".pattern-readout")).to_contain_text("“The” 0")
    shown.page.get_by_role("button", name="Hide first token").click()
    expect(shown.locator(".pattern-readout")).not_to_contain_text("“The” 0")
    hidden = shown.page.evaluate("window.view.plot.data[0].z.every(row => row[0] === null)")
    assert hidden


def test_what_a_token_does_not_see_is_left_out(show):
    shown = show("attention_fact", "pattern", head=[3, 1], token=30)
    rows = shown.page.evaluate("window.view.plot.data[0].z")
    for query, row in enumerate(rows):
        assert [key for key, weight in enumerate(row) if weight is None] == list(
            range(query + 1, len(rows))
        )


def test_pointing_names_query_and_key(show):
    shown = show("attention_fact", "pattern", head=[3, 1], token=30)
    box = shown.locator(".pattern-plot").bounding_box()
    shown.page.mouse.move(box["x"] + 200, box["y"] + 200)
    shown.page.mouse.move(box["x"] + 84 + 4, box["y"] + box["height"] - 82, steps=5)
    expect(shown.locator(".pattern-readout")).to_contain_text("36 looks at “The” 0")


def test_a_long_text_has_its_pattern_when_somebody_asks(show):
    shown = show("long_attention", "pattern", head=[0, 0])
    expect(shown.page.get_by_text("The pattern of 1,500 tokens")).to_be_visible()
    assert shown.page.evaluate("window.asked") == []
    assert shown.page.evaluate("typeof window.Plotly") == "undefined"
    shown.page.get_by_role("button", name="Show the pattern").click()
    assert shown.state("whole")
    expect(shown.locator(".pattern-readout")).to_contain_text("tokens 0–5 looks at tokens 0–5")
    shown.page.get_by_role("button", name="Rows about the pin").click()
    expect(shown.locator(".pattern-readout")).to_contain_text("“The” 0 looks at “The” 0: 100")
    shown.set(token=1000)
    expect(shown.locator(".pattern-readout")).to_contain_text(" 1,000 looks at")
    asked = shown.page.evaluate("window.asked.filter((each) => each.startsWith('pattern'))")
    assert asked[-1] == "pattern?layer=0&head=0&start=968&stop=1032"


def test_what_a_sliding_window_leaves_out_is_no_zero(show):
    shown = show("windowed_attention", "pattern", head=[0, 0], token=30)
    expect(shown.locator(".pattern-readout")).to_contain_text(" 30 ")
    row = shown.page.evaluate(
        "document.querySelector('#host').shadowRoot.querySelector('.pattern-plot').data[0].z[30]"
    )
    assert row[:23] == [None] * 23
    assert None not in row[23:31]
    assert set(row[31:]) == {None}


def test_token_names_on_the_axes_are_text(show):
    shown = show("hostile_attention", "pattern", head=[0, 0])
    expect(shown.locator(".ytick text").nth(2)).to_contain_text("<img")
    assert shown.locator(".pattern-view img").count() == 0
