"""Runs that somebody made to do harm, in every lens and in the library: all of it stays text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from backend.lenses import LENSES
from backend.settings import settings
from backend.storage.files import parse_run
from backend.storage.library import Library
from components.library.page import PAGE_SIZE
from components.menu import all_pages, page_of
from tests.e2e.frame import Frame
from tests.runs.makers import all_kinds
from tests.security.hostile import FORMULA, MARKUP, PICTURE, poisoned

LOOK = r"""() => {
  const found = []
  const walk = (root) => {
    for (const node of root.querySelectorAll("*")) {
      const targets = ["href", "src", "action", "data", "formaction", "xlink:href"]
      for (const name of targets) {
        if ((node.getAttribute(name) ?? "").includes("evil")) found.push(node.outerHTML.slice(0, 200))
      }
      if (node.onerror || node.getAttribute("onerror")) found.push(node.outerHTML.slice(0, 200))
      const own = [...node.childNodes].filter((each) => each.nodeType === Node.TEXT_NODE)
      if (own.some((each) => /[\u202a-\u202e\u2066-\u2069\x1b]/.test(each.data))) found.push(`turned: ${node.outerHTML.slice(0, 300)}`)
      if (node.shadowRoot) walk(node.shadowRoot)
    }
  }
  walk(document)
  if (window.hacked !== undefined || document.title === "hacked") found.push("a script ran")
  return found
}"""  # noqa: E501


STATE = "data-test-script-state"


@pytest.fixture
def saved(tmp_path, monkeypatch) -> dict[str, str]:
    """Poisoned runs in a library of their own: the key of each kind."""
    monkeypatch.setenv("ENTROSCOPE_DATA_DIR", str(tmp_path / "data"))
    settings.cache_clear()
    library = Library(tmp_path / "data" / "runs")
    keys = {}
    for run in all_kinds():
        made = parse_run(poisoned(run, tmp_path / "run"), "made")
        if run.kind == "trajectories":
            values = np.ones_like(made.entropy)
            made = replace(made, details={PICTURE: values, FORMULA: values})
        if run.kind in LENSES:
            run_id = library.save(made, tags=[PICTURE[:40], "www.evil.example", MARKUP[:40]])
            keys[run.kind] = f"saved-{run_id}"
    yield keys
    settings.cache_clear()


def open_menus(page: Page) -> None:
    """Open what shows more of a run: its facts, and what can be taken away."""
    for name in ("More about this reading", "Export ▾"):
        button = page.locator(".frame").get_by_role("button", name=name)
        if button.count() and button.first.is_visible():
            button.first.click()
            assert page.evaluate(LOOK) == []
            page.keyboard.press("Escape")


@pytest.mark.parametrize(
    "kinds",
    [
        ("text", "trajectories", "capacity", "dataset"),  # strip, details, chart, table
        pytest.param(
            tuple(sorted({page.lens.kind for page in all_pages() if page.lens})),
            marks=pytest.mark.slow,
        ),
    ],
    ids=["a few", "all"],
)
def test_what_a_file_says_is_text_in_every_lens_and_in_the_library(
    page, serve, saved, nothing_went_wrong, kinds
):
    frame = Frame(page, serve("app.py", fresh=True).url)
    frame.goto("library", tokens=False)
    cards = page.locator("[class*=st-key-card-]")
    expect(cards).to_have_count(PAGE_SIZE)
    expect(page.locator(".card-words").first).to_contain_text("evil.example")
    assert page.evaluate(LOOK) == []
    for first in range(PAGE_SIZE, len(saved), PAGE_SIZE):
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_text(f"{first + 1}–")).to_be_visible()
        expect(page.get_by_test_id("stApp")).to_have_attribute(STATE, "notRunning")
        expect(cards).to_have_count(min(PAGE_SIZE, len(saved) - first))
        assert page.evaluate(LOOK) == []
    page.get_by_role("button", name="More").first.click()
    expect(page.get_by_label("Name")).to_be_visible()
    assert page.evaluate(LOOK) == []
    for kind in (each for each in kinds if each in saved):
        frame.goto(f"{page_of(kind).path}?run={saved[kind]}", tokens=False)
        expect(page).to_have_title(f"{page_of(kind).title} · Entroscope")
        expect(page.locator(".body:is(.leaving, .waiting)")).to_have_count(0)
        page.wait_for_load_state("networkidle")
        assert page.evaluate(LOOK) == [], kind
        open_menus(page)
    # The model cannot read again what a file made up: one clear line in the picture's place.
    seen = nothing_went_wrong.seen
    again = ("/pattern/", "/sampling/step")
    seen[:] = [
        line for line in seen if "400" not in line or not any(each in line for each in again)
    ]
