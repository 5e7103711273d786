"""The controls of the Attention page in a browser: set, kept, zoomed, saved and stopped."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from components.attention.pattern import ROWS
from tests.e2e.attention_page import analyse, canvas, heads_of, settled, tab, token
from tests.e2e.test_exports import is_picture, open_exports, saved

SWITCHES = {
    "Share of maximum": "share",
    "Hide the first token": "hide_first",
    "Sort heads": "ordered",
    "Colours span this text": "automatic",
}


def switch(page: Page, label: str) -> Locator:
    return page.get_by_test_id("stCheckbox").filter(has_text=label)


def drag_in(plot: Locator) -> None:
    """Zoom into the upper left quarter of a pattern."""
    area = plot.locator(".nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    mouse = plot.page.mouse
    mouse.move(box["x"] + 20, box["y"] + 20)
    mouse.down()
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    mouse.up()


def test_switches_are_restored_by_a_reload(attention):
    page = attention("head=16.0")
    for label, name in SWITCHES.items():
        switch(page, label).locator("label").click()
        expect(page).to_have_url(re.compile(rf"attention\.{name}=on"))
    page.reload()
    for label in SWITCHES:
        expect(switch(page, label).locator("input")).to_be_checked()
    title = "Mean attention entropy without the first token (share of maximum)"
    expect(page.get_by_text(title, exact=True)).to_be_visible()
    expect(page.get_by_text("Colours span the values shown.")).to_be_visible()


def test_means_are_taken_over_the_positions_that_are_set(attention):
    page = attention("head=16.0")
    page.get_by_role("button", name="Positions").click()
    start = page.get_by_role("slider").first
    for _ in range(2):
        start.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"attention\.positions-\d+=2(,|%2C)\d+"))
    over = page.locator(".st-key-panel").get_by_text(re.compile(r"^Means over the tokens 2 to \d+"))
    expect(over).to_be_visible()
    page.reload()
    expect(over).to_be_visible()


def test_dragging_in_a_pattern_zooms(attention):
    page = attention()
    analyse(page)
    tab(page, "Pattern")
    page.get_by_role("button", name=re.compile("Compute the pattern of")).click()
    rows = page.locator(".st-key-attention-pattern .js-plotly-plot .ytick")
    expect(rows.first).to_be_visible()
    every = rows.count()
    plot = page.locator(".st-key-attention-pattern .js-plotly-plot")
    drag_in(plot)
    expect(rows).not_to_have_count(every)
    assert rows.count() < every
    plot.locator(".nsewdrag").first.dblclick()
    expect(rows).to_have_count(every)


def test_a_double_click_shows_every_column_of_the_rows_of_a_long_text(page, serve, long_model):
    page.goto(f"{serve('app.py').url}/attention?model={long_model}")
    expect(token(page, 1)).to_be_visible()
    analyse(page, "one two three " * 400)
    page.get_by_role("button", name="Widest look").click()
    tab(page, "Pattern")
    page.get_by_role("button", name=re.compile("Compute the pattern of")).click()
    expect(page.locator(".st-key-attention-pattern .js-plotly-plot")).to_be_visible()
    plot = page.locator(".st-key-attention-rows .js-plotly-plot")
    expect(plot).to_be_visible()
    settled(page)
    columns = "node => Math.abs(node.layout.xaxis.range[1] - node.layout.xaxis.range[0])"
    drag_in(plot)
    near = plot.evaluate(columns)
    assert near < 2 * ROWS
    plot.locator(".nsewdrag").first.dblclick()
    page.wait_for_timeout(500)
    assert plot.evaluate(columns) > 1024


def test_the_map_of_heads_gives_its_numbers_and_two_pictures(attention):
    page = attention("head=16.0")
    exports = open_exports(page, "attention-heads")
    tables = json.loads(saved(page, exports, "Data as JSON", "attention-heads.json"))
    assert tables["chosen"] == [{"layer": 16, "place": 0}]
    cells = tables["cells"]
    assert [cells[0]["name"], cells[-1]["name"]] == ["L0.H0", "L29.H8"]
    table = saved(page, exports, "Data as CSV: cells", "attention-heads-cells.csv").decode()
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    assert [float(row["value"]) for row in rows] == [cell["value"] for cell in cells]
    assert is_picture(saved(page, exports, "Picture as PNG", "attention-heads.png"))
    svg = saved(page, exports, "Picture as SVG", "attention-heads.svg").decode()
    assert svg.startswith("<svg")
    assert "layer" in svg


def test_keys_move_the_pin_through_the_charts(attention):
    page = attention("head=16.0&attention.tab=token")
    token(page, 5).click()
    expect(page.get_by_text("Every head at token 5: entropy (nats)")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("Every head at token 6: entropy (nats)")).to_be_visible()
    expect(page).to_have_url(re.compile("token=6"))
    page.keyboard.press("Escape")
    expect(page.get_by_text("Pin a token in the text above")).to_be_visible()
    expect(page).not_to_have_url(re.compile("token="))


def test_the_legend_keeps_its_colours_when_the_address_changes(attention):
    page = attention("head=16.0&attention.tab=token&token=5")
    for chart in ("attention-heads", "attention-token"):
        expect(canvas(page, chart)).to_be_visible()
    token(page, 6).click()
    expect(page).to_have_url(re.compile("token=6"))
    assert page.locator("[data-testid=stVegaLiteChart] svg linearGradient").count() == 0


@pytest.mark.model
def test_stop_ends_a_long_study_and_keeps_what_was_there(page, serve):
    page.goto(f"{serve('app.py').url}/attention?head=16.0")
    expect(token(page, 1)).to_be_visible()
    box = page.get_by_role("textbox", name="Text", exact=True)
    box.fill("The lighthouse keeper counted the waves, one by one. " * 400)
    page.get_by_role("button", name="Analyse").click()
    # Streamlit's own toolbar has a Stop too; ours is in the page.
    stop = page.get_by_test_id("stMain").get_by_role("button", name="Stop")
    stop.click()
    expect(page.get_by_text("Stopped. Nothing was changed.")).to_be_visible()
    expect(stop).to_have_count(0)
    expect(heads_of(page)).to_have_text("L16.H0")
    expect(page).not_to_have_url(re.compile("attention_run="))
