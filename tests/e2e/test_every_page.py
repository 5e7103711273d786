"""Every page in every window: nothing overflows, the picture is in view, axe is content.

A page takes a second to come, so each is visited once and all that is asked of it is measured then:
in two of the windows in turn, in all of them by a slow test.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from itertools import cycle
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from components.menu import Page as MenuPage
from components.menu import all_pages
from tests.e2e.conftest import Watch
from tests.e2e.frame import Frame

SIZES = [(1440, 900), (1280, 720), (1024, 768), (800, 900), (390, 844)]
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
GRAVE = ("critical", "serious", "moderate")
THEMES = ("light", "dark")
AXE_SIZES = [(1280, 720), (800, 900), (390, 844)]
TURNS = [[(1440, 900), (1280, 720)], [(1024, 768), (800, 900)], [(1440, 900), (390, 844)]]

# What sticks out: of the page sideways, of the window downwards on pages of lenses.
OVERFLOW = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  const root = document.documentElement;
  return [root.scrollWidth - root.clientWidth, main.scrollWidth - main.clientWidth,
          main.scrollHeight - main.clientHeight];
}"""

# The picture's top and bottom, and where the sheet that lies over it begins, if one does.
PICTURE = """() => {
  const root = [...document.querySelectorAll('[data-testid=stMain] *')]
    .find(node => node.shadowRoot).shadowRoot;
  const [stage, sheet] = ['.stage-area', '.inspector-area']
    .map(name => root.querySelector(name).getBoundingClientRect());
  const narrow = window.innerWidth < 1100 && sheet.height;
  return [stage.top, stage.bottom, narrow ? sheet.top : window.innerHeight];
}"""

# Least share of the window's height that the picture has, in view and not covered.
SHARES = {(1280, 720): 0.2, (1440, 900): 0.2, (800, 900): 0.4}


def violations(page: Page) -> list[str]:
    """Return what axe holds against a page: all but the minor."""
    page.evaluate(AXE)
    found = json.loads(page.evaluate("axe.run().then(JSON.stringify)"))["violations"]
    return [
        f"{each['id']}: {node['target']}"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


Seen = list[dict[str, Any]]
Sizes = Sequence[tuple[int, int]]


def look(
    browser: Browser, url: str, theme: Any, pages: Sequence[MenuPage], turns: Sequence[Sizes]
) -> Seen:
    """Visit pages by the menu; return what was found in each window of their turn."""
    context = browser.new_context(color_scheme=theme, viewport={"width": 1440, "height": 900})
    watch = Watch()
    watch.over(context)
    frame = Frame(context.new_page(), url).goto("")
    found = []
    for each, sizes in zip(pages, cycle(turns)):
        frame.visit(each)
        for size in sizes:
            frame.page.set_viewport_size({"width": size[0], "height": size[1]})
            frame.page.wait_for_timeout(100)
            seen = {"page": each, "size": size, "theme": theme}
            seen["overflow"] = frame.page.evaluate(OVERFLOW)
            if each.lens is not None:
                seen["picture"] = frame.page.evaluate(PICTURE)
            if size in AXE_SIZES:
                frame.page.wait_for_timeout(100)
                seen["axe"] = violations(frame.page)
            found.append(seen)
    context.close()
    assert watch.seen == []
    return found


@pytest.fixture(scope="module")
def seen(browser: Browser, url: str) -> Seen:
    """What was found on every page; themes and windows take turns."""
    return [
        each
        for first, theme in enumerate(THEMES)
        for each in look(browser, url, theme, all_pages()[first::2], TURNS)
    ]


def test_every_page_was_seen(seen):
    assert {each["page"].path for each in seen} == {each.path for each in all_pages()}


def over(seen: Seen) -> list[tuple]:
    """Return the pages that stick out of their window."""

    def sticks_out(each: dict[str, Any]) -> bool:
        root, main, down = each["overflow"]
        return root > 0 or main > 0 or (each["page"].lens is not None and down > 0)

    return [
        (each["page"].title, each["size"], each["overflow"]) for each in seen if sticks_out(each)
    ]


def small(seen: Seen) -> list[tuple]:
    """Return the lenses whose picture is too small, covered or out of view."""
    found = []
    for each in seen:
        if "picture" not in each or each["size"] not in SHARES:
            continue
        top, bottom, covered = each["picture"]
        least = SHARES[each["size"]] * each["size"][1]
        if not (top > 0 and bottom <= covered and bottom - top >= least):
            found.append((each["page"].title, each["size"], top, bottom, covered))
    return found


def grave(seen: Seen) -> dict[str, list[str]]:
    """Return what axe found, by page, theme and window."""
    return {
        f"{each['page'].title}, {each['theme']}, {each['size']}": each["axe"]
        for each in seen
        if each.get("axe")
    }


def test_nothing_overflows_on_any_page(seen):
    assert over(seen) == []


def test_the_picture_of_every_lens_is_in_view(seen):
    assert small(seen) == []


def test_axe_finds_nothing_grave_on_any_page(seen):
    assert any("axe" in each for each in seen)
    assert not grave(seen), json.dumps(grave(seen), indent=1)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("theme", THEMES)
def test_all_that_holds_of_every_page_in_any_theme_and_window(browser, url, theme):
    seen = look(browser, url, theme, all_pages(), [SIZES])
    assert over(seen) == []
    assert small(seen) == []
    assert not grave(seen), json.dumps(grave(seen), indent=1)
