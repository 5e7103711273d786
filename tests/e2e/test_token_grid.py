"""The token grid in a real browser: aligned rows, one step cursor, marks of departure."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect


@pytest.fixture
def grid(page: Page, serve) -> Page:
    page.goto(serve("tests/e2e/apps/token_grid_app.py").url)
    expect(cell(page, 0, 0)).to_be_visible()
    return page


def cell(page: Page, row: int, step: int) -> Locator:
    return page.locator(f"#r{row}s{step}")


def test_equal_steps_stand_under_each_other(grid: Page):
    lefts = [cell(grid, row, 9).bounding_box()["x"] for row in range(6)]
    assert max(lefts) - min(lefts) < 0.5  # pixels
    names = ["greedy", "temperature 0.8", "top-p 0.9", "min-p 0.1", "top-h 0.4", "<b>hostile</b>"]
    expect(grid.get_by_role("rowheader")).to_have_text(names)


def test_the_first_departure_from_the_reference_is_marked(grid: Page):
    marked = grid.locator(".departs").evaluate_all("all => all.map(n => n.id)")
    assert marked == ["r1s3", "r2s6", "r3s9", "r4s12", "r5s15"]
    expect(grid.locator(".legend")).to_contain_text("first departs from greedy")


def test_the_card_names_row_and_step_and_what_the_reference_has(grid: Page):
    cell(grid, 1, 3).hover()
    card = grid.get_by_role("tooltip")
    for part in ("“ elsewhere”", "temperature 0.8, step 3", "nats", "greedy has “ slower” here"):
        expect(card).to_contain_text(part)


def test_a_click_pins_a_cell_and_escape_unpins_it(grid: Page):
    cell(grid, 2, 4).click()
    expect(grid.get_by_text("pinned: (2, 4)")).to_be_visible()
    expect(cell(grid, 2, 4)).to_have_attribute("aria-selected", "true")
    grid.keyboard.press("Escape")
    expect(grid.get_by_text("pinned: None")).to_be_visible()


def test_arrows_move_the_pin_between_steps_and_rows(grid: Page):
    cell(grid, 2, 4).click()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft"):
        grid.keyboard.press(key)
    expect(grid.get_by_text("pinned: (3, 5)")).to_be_visible()


def test_a_row_that_ended_early_takes_the_cursor_at_its_last_step(grid: Page):
    cell(grid, 2, 4).click()
    grid.keyboard.press("End")
    grid.keyboard.press("ArrowDown")
    expect(grid.get_by_text("pinned: (3, 40)")).to_be_visible()


def test_the_script_moves_the_pin_and_the_grid_scrolls_to_it(grid: Page):
    grid.get_by_role("button", name="Jump").click()
    expect(grid.get_by_text("pinned: (4, 40)")).to_be_visible()
    expect(cell(grid, 4, 40)).to_be_in_viewport()
    header = grid.get_by_role("rowheader").first.bounding_box()
    assert cell(grid, 4, 40).bounding_box()["x"] >= header["x"] + header["width"]


def test_hostile_tokens_and_names_are_text(grid: Page):
    expect(cell(grid, 5, 16)).to_contain_text("<img")
    expect(cell(grid, 5, 17)).to_have_text("\\n")
    expect(cell(grid, 5, 18)).to_have_text("∅")
    expect(cell(grid, 5, 19)).to_have_text("\\u{202e}")
    expect(grid.get_by_role("rowheader", name="<b>hostile</b>")).to_be_visible()
    assert grid.evaluate("window.hacked") is None


@pytest.mark.parametrize("width", [800, 320])
def test_it_scrolls_inside_itself_on_a_small_screen(grid: Page, width):
    grid.set_viewport_size({"width": width, "height": 700})
    box = grid.locator(".scroller").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
