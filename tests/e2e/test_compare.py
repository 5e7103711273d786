"""The Compare page in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def compare(page: Page, serve) -> Page:
    page.goto(f"{serve('app.py').url}/compare")
    expect(page.locator("#t1")).to_be_visible()
    return page


def chart(page: Page, key: str):
    frame = page.locator(f".st-key-figure-{key} [data-testid=stVegaLiteChart]")
    return frame.locator("canvas, svg").first


def test_the_largest_difference_is_pinned_everywhere(compare):
    compare.get_by_role("button", name="Largest difference").click()
    expect(compare).to_have_url(re.compile(r"token=\d+"))
    expect(compare.locator("[role=option][aria-selected=true]")).to_have_count(1)


def test_each_view_is_drawn(compare):
    expect(chart(compare, "compare-curves")).to_be_visible()
    compare.get_by_role("radio", name="A against B").click()
    expect(chart(compare, "compare-against")).to_be_visible()
    compare.get_by_role("radio", name="Divergence").click()
    expect(compare.get_by_text("exact (nats)")).to_be_visible()
    expect(chart(compare, "compare-exact")).to_be_visible()
    compare.get_by_role("radio", name="Table").click()
    expect(compare.get_by_text("Largest difference first")).to_be_visible()


def test_another_pair_and_a_swap_are_in_the_address(compare):
    compare.get_by_test_id("stMain").get_by_text("Without and with the chat template").click()
    expect(compare.get_by_text("have no counterpart")).to_be_visible()
    expect(compare).to_have_url(re.compile("a=pair%3Atemplate_a"))
    compare.get_by_role("button", name="Swap").click()
    expect(compare).to_have_url(re.compile("a=pair%3Atemplate_b"))


def test_runs_of_other_kinds_are_compared_too(page, serve):
    page.goto(f"{serve('app.py').url}/compare?a=example:attention_fact&b=example:attention_code")
    expect(chart(page, "compare-heads")).to_be_visible()


def test_trajectories_and_data_sets_are_compared_too(page, serve):
    name = next(path.stem for path in EXAMPLES.glob("trajectories_*.safetensors"))
    page.goto(f"{serve('app.py').url}/compare?a=example:{name}&b=example:{name}")
    expect(chart(page, "compare-paths")).to_be_visible()
    page.get_by_role("radio", name="Surprisal").click()
    expect(page).to_have_url(re.compile(r"compare\.path=surprisal"))
    data_set = "example:dataset_sentences"
    page.goto(f"{serve('app.py').url}/compare?a={data_set}&b={data_set}")
    expect(chart(page, "compare-rows")).to_be_visible()
    expect(page.get_by_text("Largest difference first")).to_be_visible()


def test_the_view_is_in_the_link(page, serve):
    page.goto(f"{serve('app.py').url}/compare")
    expect(page.locator("#t1")).to_be_visible()
    page.get_by_role("radio", name="Varentropy").click()
    page.get_by_role("radio", name="A against B").click()
    expect(page).to_have_url(re.compile(r"compare\.measure=varentropy"))
    expect(page).to_have_url(re.compile(r"compare\.tab=against"))
    page.reload()
    expect(page.get_by_text("Varentropy: A against B (nats²)")).to_be_visible()
