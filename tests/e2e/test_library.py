"""Saving, finding, linking and exporting runs in a real browser."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, quote, urlparse

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from backend.storage.files import load_run


@pytest.fixture
def analysed(page: Page, serve, tiny_folder) -> Callable[[str], Page]:
    """Return a function that analyses a text with a tiny model on the Tokens page."""

    def go(text: str) -> Page:
        model = quote(str(tiny_folder("llama")), safe="")
        page.goto(f"{serve('app.py').url}/tokens?model={model}")
        expect(page.locator("#t1")).to_be_visible()
        page.get_by_role("textbox", name="Text", exact=True).fill(text)
        expect(page.get_by_text(f"{len(text):,} characters")).to_be_visible()
        page.get_by_role("button", name="Analyse").click()
        expect(page).to_have_url(re.compile(r"[?&]run=[0-9a-f]{16}"))
        # The address comes before the page: until then its forms are those of another run.
        expect(page.get_by_role("heading", name="Your text")).to_be_visible()
        settled(page)
        return page

    return go


def settled(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def save(page: Page, title: str, tags: str = "") -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    box(page, "Title").fill(title)
    box(page, "Tags").fill(tags)
    page.get_by_role("button", name="Save to the library").click()
    expect(page.get_by_role("link", name="Saved")).to_be_visible()


def box(page: Page, name: str) -> Locator:
    return page.get_by_role("textbox", name=name, exact=True)


def expect_text(page: Page, text: str) -> None:
    """Wait until the strip shows ``text``; a model may have to be loaded before."""
    expect(page.get_by_role("listbox").first).to_contain_text(text, timeout=60_000)


def library(page: Page, serve, search: str) -> None:
    page.goto(f"{serve('app.py').url}/library")
    box(page, "Search").fill(search)
    expect(page).to_have_url(re.compile(f"library.search={search}"))
    settled(page)


def tick_first(page: Page) -> None:
    settled(page)
    table = page.get_by_test_id("stDataFrame")
    page.wait_for_timeout(500)  # the table draws itself on a canvas, which has no first row to see
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 15, box["y"] + 53)


def download(page: Page, button: Locator, folder: Path) -> Path:
    with page.expect_download() as waiting:
        button.click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def copied_link(page: Page) -> str:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    settled(page)
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    return page.evaluate("navigator.clipboard.readText()")


def test_a_saved_run_opens_by_its_link_in_another_session(analysed, new_context, serve):
    page = analysed("To be kept for the lecture.")
    save(page, "Lecture one", "teaching, first")
    page.locator("#t2").click()
    expect(page).to_have_url(re.compile("token=2"))
    link = copied_link(page)
    assert "run=saved-" in link
    other = new_context().new_page()
    other.goto(link)
    expect_text(other, "To be kept for the lecture.")
    expect(other.get_by_text("Token 2", exact=True)).to_be_visible()
    # The page first writes its address anew.
    expect(other.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(other).to_have_url(re.compile("run=saved-"))
    other.reload()
    expect(other.get_by_role("heading", name="Lecture one")).to_be_visible()


def test_a_link_without_saving_carries_the_study(analysed, new_context):
    page = analysed("Computed anew from the link alone.")
    link = copied_link(page)
    parameters = parse_qs(urlparse(link).query)
    assert "study" in parameters
    assert "run" not in parameters
    other = new_context().new_page()
    other.goto(link)
    # The same model is loaded and holds the run, so that nothing is asked or computed.
    expect_text(other, "Computed anew from the link alone.")
    expect(other).not_to_have_url(re.compile("study="))


def test_a_link_waits_for_the_run_that_the_address_names_already(analysed):
    page = analysed("The link of this one is not the next one's.")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    settled(page)
    button = page.locator(".st-key-copy-link button")
    expect(button).to_have_text("Copy link")
    page.evaluate("history.replaceState(null, '', '?example=text_code')")
    button.click()
    expect(button).to_have_text("…")
    page.get_by_test_id("stSidebar").get_by_text("bits", exact=True).click()
    expect(button).to_have_text("Copied")
    copied = parse_qs(urlparse(page.evaluate("navigator.clipboard.readText()")).query)
    assert copied["unit"] == ["bits"]


def test_a_link_to_an_unknown_model_asks_and_can_be_answered(page, serve, tiny_folder):
    from backend.runs import ModelSpec, TextRequest
    from backend.storage.permalink import encode

    spec = ModelSpec(str(tiny_folder("gpt2")), device="cpu")
    code = encode(TextRequest(text="Which model is this?", model=spec))
    page.goto(f"{serve('app.py').url}/tokens?study={code}")
    expect(page.get_by_text("not one of this server's")).to_be_visible()
    page.get_by_role("button", name="Load that model").click()
    expect(page.get_by_role("heading", name="Your text")).to_be_visible()
    expect_text(page, "Which model is this?")


def test_a_run_is_renamed_deleted_and_brought_back(analysed, serve):
    page = analysed("A run with a short life.")
    save(page, "Shortlived")
    library(page, serve, "Shortlived")
    expect(page.get_by_text("1 run. Tick one")).to_be_visible()
    tick_first(page)
    page.get_by_role("button", name="Rename, tag").click()
    box(page, "Title").fill("Longlived")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("button", name="Rename, tag")).to_have_count(0)
    library(page, serve, "Longlived")
    expect(page.get_by_text("1 run. Tick one")).to_be_visible()
    tick_first(page)
    page.locator(".st-key-chosen").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Nothing found.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("moved to the trash")).to_have_count(0)
    expect(page.get_by_text("1 run. Tick one")).to_be_visible()
    tick_first(page)
    page.locator(".st-key-chosen").get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="Longlived")).to_be_visible()
    expect_text(page, "A run with a short life.")


def test_a_run_travels_as_a_file(analysed, serve, tmp_path):
    page = analysed("From one machine to another.")
    page.get_by_role("button", name="Export", exact=True).first.click()
    path = download(page, page.get_by_role("button", name="Run file"), tmp_path)
    run = load_run(path)
    assert run.request.text == "From one machine to another."
    run.save(tmp_path / "renamed.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(path.read_bytes()[:100])
    page.goto(f"{serve('app.py').url}/library")
    page.get_by_text("Add run files").click()
    files = [tmp_path / "renamed.safetensors", tmp_path / "broken.safetensors"]
    page.locator("input[type=file]").set_input_files(files)
    expect(page.get_by_text("1 run is in the library now.")).to_be_visible()
    expect(page.get_by_text("is not an Entroscope run, or it is damaged.")).to_be_visible()


def test_exports_hold_the_numbers_of_the_run(analysed, tmp_path):
    page = analysed("Numbers, and nothing but numbers.")
    page.get_by_role("button", name="Export", exact=True).first.click()
    run = load_run(download(page, page.get_by_role("button", name="Run file"), tmp_path))
    plain = json.loads(
        download(page, page.get_by_role("button", name="Numbers as JSON"), tmp_path).read_text()
    )
    entropy = np.array([np.nan if each is None else each for each in plain["entropy"]])
    np.testing.assert_array_equal(entropy.astype(np.float32), run.entropy)
    table = download(page, page.get_by_role("button", name="Table “tokens” as CSV"), tmp_path)
    rows = list(csv.DictReader(io.StringIO(table.read_bytes().decode(), newline="")))
    assert [row["text"] for row in rows] == run.tokens
    page.get_by_role("button", name="Make a report").click()
    report = page.get_by_role("button", name="Report, one HTML file")
    expect(report).to_contain_text(re.compile(r"\(0\.\d\d MB\)"))
    html = download(page, report, tmp_path).read_text()
    assert "Numbers, and nothing but numbers." in html
    assert not re.search(r"https?://", html.split("<h2>Model")[0])
