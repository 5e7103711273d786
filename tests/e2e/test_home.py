"""The Home page in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def home(page: Page, serve) -> Page:
    page.goto(serve("app.py").url)
    expect(page.locator("#t1")).to_be_visible()
    return page


def test_hovering_over_the_text_shows_the_numbers_at_once(home):
    home.locator("#t2").hover()
    expect(home.get_by_role("tooltip")).to_contain_text("Entropy")


def test_a_card_leads_to_its_page(home):
    home.locator(".st-key-card-tokens").get_by_role("link").click()
    expect(home.get_by_role("heading", name="Tokens", exact=True)).to_be_visible()


def test_the_playground_answers_a_slider(home):
    figure = home.get_by_test_id("stMetric").filter(has_text="Effective choices")
    before = figure.inner_text()
    home.get_by_role("slider", name="sofa").press("End")
    expect(figure).not_to_have_text(before)


def test_the_playground_answers_a_preset(home):
    home.get_by_role("button", name="No idea").click()
    figure = home.get_by_test_id("stMetric").filter(has_text="Effective choices")
    expect(figure).to_contain_text("6.000")
