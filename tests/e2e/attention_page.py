"""What the browser tests of the Attention page look for and do."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

TEXT = "one two three one two three one two four"


def token(page: Page, i: int) -> Locator:
    return page.locator(f"#t{i}")


def canvas(page: Page, chart: str) -> Locator:
    # While the page is drawn anew the old chart may still stand above the new one.
    return page.locator(f".st-key-{chart} [data-testid=stVegaLiteChart]").locator("canvas").last


def tab(page: Page, name: str) -> None:
    choice = page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True)
    expect(choice).to_have_count(1)  # while the page is drawn anew the old tabs may still stand
    choice.click()


def analyse(page: Page, text: str = TEXT) -> None:
    box = page.get_by_role("textbox", name="Text", exact=True)
    box.fill(text)
    expect(page.get_by_text(f"{len(text):,} characters")).to_be_visible()
    page.get_by_role("button", name="Analyse").click()
    expect(page).to_have_url(re.compile(r"attention_run=[0-9a-f]{16}"))
    expect(page.get_by_role("heading", name="Your text")).to_be_visible()
    settled(page)


def settled(page: Page) -> None:
    """Wait until the page is drawn to its end: until then its charts still move and change."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)


def click_at(chart: Locator, x: float, y: float) -> None:
    """Click a place of a chart, as shares of its width and height, when the page is drawn."""
    settled(chart.page)
    expect(chart).to_be_visible()
    box = chart.bounding_box()
    assert box is not None
    chart.click(position={"x": box["width"] * x, "y": box["height"] * y})


def heads_of(page: Page) -> Locator:
    """The names of the heads in the panels."""
    return page.locator(".st-key-panel").get_by_text(re.compile(r"^L\d+\.H\d+$"))
