"""The Data-set page in a real browser: measure, stop, go on, open a row."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def dataset(page: Page, serve, tiny_folder) -> Callable[[], Page]:
    model = quote(str(tiny_folder("llama")), safe="")
    page.goto(f"{serve('app.py').url}/dataset?model={model}")
    expect(page.get_by_role("heading", name="Thirty sentences")).to_be_visible()
    return page


def measure(page: Page) -> None:
    page.get_by_role("button", name="Measure").click()


def test_lines_become_rows_and_a_row_opens_in_tokens(dataset):
    page = dataset
    page.get_by_text("Lines of text").click()
    lines = page.get_by_role("textbox", name="One text a line")
    lines.fill("The cat sat on the mat.\nAnother text, longer than the first.\n\n")
    lines.press("Control+Enter")
    expect(page.get_by_text("2 texts", exact=True)).to_be_visible()
    measure(page)
    expect(page).to_have_url(re.compile(r"dataset_run=[0-9a-f]{16}"), timeout=120_000)
    figures = page.locator(".st-key-summary")
    expect(figures).to_contain_text("Texts2")
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    table = page.get_by_test_id("stDataFrame")
    page.wait_for_timeout(500)  # the table draws itself on a canvas
    box = table.bounding_box()
    page.mouse.click(box["x"] + 15, box["y"] + 53)
    page.get_by_role("button", name="Open in Tokens").click()
    expect(page.get_by_role("heading", name="Tokens")).to_be_visible()
    expect(page.get_by_role("listbox")).to_contain_text("cat")


def test_a_stopped_job_goes_on_where_it_was(dataset, tmp_path):
    page = dataset
    file = tmp_path / "many.txt"
    file.write_text("".join(f"{number} of many. {'word ' * 20}\n" for number in range(400)))
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("400 texts", exact=True)).to_be_visible()
    measure(page)
    # Streamlit's own toolbar has a Stop too; ours is in the page.
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    measure(page)
    expect(page).to_have_url(re.compile(r"dataset_run=[0-9a-f]{16}"), timeout=120_000)
    expect(page.locator(".st-key-summary")).to_contain_text("Texts400")


def test_a_file_that_cannot_be_read_says_where(dataset, tmp_path):
    file = tmp_path / "bad.jsonl"
    file.write_text('{"text": "fine"}\n{bad}\n')
    dataset.locator("input[type=file]").set_input_files(file)
    expect(dataset.get_by_text("Line 2 of bad.jsonl is not JSON.")).to_be_visible()
