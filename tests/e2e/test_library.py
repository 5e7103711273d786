"""The library in a real browser: saved, found, opened, compared, thrown away and brought back."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from backend.storage.files import load_run
from tests.e2e.frame import Frame

MODEL_SECONDS = 60_000
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def read(frame: Frame, tiny_folder) -> Callable[[str], Frame]:
    """Return a function that reads a text with a tiny model in Tokens."""
    model = quote(str(tiny_folder("llama")), safe="")

    def go(text: str) -> Frame:
        frame.goto(f"tokens?model={model}")
        frame.run(text)
        expect(strip(frame.page)).to_contain_text(text.split()[0], timeout=MODEL_SECONDS)
        expect(frame.page).to_have_url(re.compile(r"[?&]run=[0-9a-f]{16}"))
        return frame

    return go


def strip(page: Page) -> Locator:
    return page.locator(".stage-area .strip-text")


def save(frame: Frame, name: str, tags: str = "") -> None:
    frame.button("Save").first.click()
    form = frame.page.locator(".popover")
    form.get_by_label("Name").fill(name)
    form.get_by_label("Tags").fill(tags)
    form.get_by_role("button", name="Save to the library").click()
    expect(frame.notice.filter(has_text="Saved to the library")).to_be_visible()


def open_library(frame: Frame, search: str = "") -> Page:
    frame.page.goto(f"{frame.url}/library")
    expect(frame.page.get_by_role("heading", name="Library")).to_be_visible()
    if search:
        frame.page.get_by_role("textbox", name="Search").fill(search)
    return frame.page


def card(page: Page, name: str) -> Locator:
    return page.locator("[class*=st-key-card-]").filter(has=page.get_by_role("button", name=name))


def test_a_saved_run_is_a_card_and_a_click_opens_it_for_all_lenses(read):
    frame = read("Kept for the lecture on entropy.")
    save(frame, "Lecture one", "teaching, first")
    page = open_library(frame, "lecture")
    found = card(page, "Lecture one")
    expect(found.locator("img.card-picture")).to_be_visible()
    expect(found).to_contain_text("teaching")
    found.get_by_role("button", name="Lecture one").click()
    expect(page).to_have_url(re.compile(r"/tokens\?.*run=saved-"))
    expect(strip(page)).to_contain_text("lecture")
    frame.tab("Attention").click()
    expect(page).to_have_url(re.compile(r"/attention\?.*run=saved-"))
    expect(frame.button("Edit")).to_be_visible()


def test_two_ticked_cards_are_compared_and_the_link_lasts(read, new_context):
    frame = read("The old man the boat.")
    save(frame, "With a wrong turn")
    frame = read("The old people man the boat.")
    save(frame, "Without it")
    page = open_library(frame)
    for name in ("With a wrong turn", "Without it"):
        card(page, name).get_by_text("Tick", exact=True).click()
        expect(card(page, name).get_by_role("checkbox")).to_be_checked()
    page.get_by_role("button", name="Compare the two").click()
    expect(page).to_have_url(re.compile(r"/compare\?.*a=run%3Asaved-"))
    expect(page.locator(".place")).not_to_have_count(0)
    other = new_context().new_page()
    other.goto(page.url)
    expect(other.get_by_role("button", name="Run A: With a wrong turn")).to_be_visible()
    expect(other.get_by_role("button", name="Run B: Without it")).to_be_visible()


def test_a_run_is_renamed_thrown_away_and_brought_back(read):
    frame = read("A run with a short life.")
    save(frame, "Shortlived")
    page = open_library(frame, "Shortlived")
    card(page, "Shortlived").get_by_role("button", name="More").click()
    form = page.locator("[data-testid=stForm]")
    form.get_by_label("Name").fill("Longlived")
    form.get_by_role("button", name="Keep").click()
    page.get_by_role("textbox", name="Search").fill("Longlived")
    expect(card(page, "Longlived")).to_be_visible()
    card(page, "Longlived").get_by_text("Tick", exact=True).click()
    page.get_by_role("button", name="Throw away").click()
    expect(page.get_by_text("Nothing found.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(card(page, "Longlived")).to_be_visible()


def test_a_run_travels_as_a_file_and_a_broken_one_is_refused(frame, tmp_path):
    run = EXAMPLES / "text_german.safetensors"
    (tmp_path / "broken.safetensors").write_bytes(run.read_bytes()[:100])
    page = open_library(frame)
    page.get_by_role("button", name="Add files").click()
    page.locator("input[type=file]").set_input_files([run, tmp_path / "broken.safetensors"])
    expect(page.get_by_text("1 run is in the library now.")).to_be_visible()
    expect(page.get_by_text("is not an Entroscope run, or it is damaged.")).to_be_visible()
    page.keyboard.press("Escape")
    title = load_run(run).title
    card(page, title).get_by_role("button", name="More").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Run file").click()
    waiting.value.save_as(tmp_path / "back.safetensors")
    assert load_run(tmp_path / "back.safetensors").request == load_run(run).request


@pytest.mark.parametrize("size", [(1280, 720), pytest.param((390, 844), marks=pytest.mark.slow)])
def test_cards_fit_every_window_without_sideways_scrolling(read, size):
    frame = read("Something to be seen.")
    save(frame, "Seen")
    frame.page.set_viewport_size({"width": size[0], "height": size[1]})
    page = open_library(frame)
    expect(card(page, "Seen").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
