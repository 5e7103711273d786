"""Charts by Vega: signals move the cursor and the unit, clicks pin, tooltips are text."""

from __future__ import annotations

from playwright.sync_api import expect


def mark(shown, token: int):
    return shown.locator(".mark-symbol path").nth(token)


def test_the_cursor_moves_by_a_signal(show):
    shown = show("text_fact", "dots", token=5)
    rule = shown.locator(".layer_1_marks line")
    before = rule.bounding_box()["x"]
    marks = shown.locator(".mark-symbol path").first.element_handle()
    shown.set(token=25)
    shown.page.wait_for_timeout(60)
    assert rule.bounding_box()["x"] > before + 100
    assert marks.evaluate("node => node.isConnected")


def test_the_unit_changes_by_a_signal_and_titles_follow(show):
    shown = show("text_fact", "dots")
    expect(shown.page.get_by_text("Entropy (nats)")).to_be_visible()
    shown.set(unit="bits")
    expect(shown.page.get_by_text("Entropy (bits)")).to_be_visible()


def test_a_click_on_a_mark_pins_its_token(show):
    shown = show("text_fact", "dots", token=0)
    mark(shown, 9).click()
    assert shown.calls == [{"token": 9}]


def test_tooltips_are_text(show):
    shown = show("hostile", "dots", token=0)
    for i in (1, 2, 4):
        mark(shown, i).hover()
        expect(shown.get_by_role("tooltip")).to_be_visible()
        assert shown.get_by_role("tooltip").bounding_box()["width"] > 80
    mark(shown, 2).hover()
    expect(shown.get_by_role("tooltip")).to_contain_text("<img src=x onerror=")
    assert shown.page.locator("#vg-tooltip-element, .chart-view img").count() == 0


def test_the_theme_draws_it_with_its_colours(show):
    shown = show("text_fact", "dots", token=5)
    colour = "node => getComputedStyle(node).stroke"
    light = shown.locator(".layer_1_marks line").evaluate(colour)
    shown.set(theme="dark")
    expect(shown.locator(".layer_1_marks line")).not_to_have_css("stroke", light)
    expect(shown.locator("svg.marks")).to_have_count(1)


def test_it_takes_the_size_of_its_box(show, page):
    shown = show("text_fact", "dots")
    page.set_viewport_size({"width": 500, "height": 300})
    page.wait_for_timeout(300)
    box = shown.locator("svg.marks").bounding_box()
    assert box["width"] <= 476
    assert box["height"] <= 276


def test_a_chart_that_cannot_be_drawn_says_why(show):
    shown = show("text_fact", "nothing")
    expect(shown.page.get_by_text("There is nothing to draw.")).to_be_visible()
