"""Every page in every window: nothing overflows, the picture is in view, axe is content."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from playwright.sync_api import Page

from components.menu import all_pages
from tests.e2e.frame import Frame

SIZES = [(1440, 900), (1280, 720), (1024, 768), (800, 900), (390, 844)]
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
GRAVE = ("critical", "serious", "moderate")
THEMES = ("light", "dark")
WIDTHS = [(1280, 720), (800, 900), (390, 844)]

# What sticks out: of the page sideways, of the window downwards on pages of lenses.
OVERFLOW = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  const root = document.documentElement;
  return [root.scrollWidth - root.clientWidth, main.scrollWidth - main.clientWidth,
          main.scrollHeight - main.clientHeight];
}"""


def test_nothing_overflows_on_any_page_in_any_window(frame):
    frame.goto("")
    found = []
    for each in all_pages():
        frame.visit(each)
        for width, height in SIZES:
            frame.page.set_viewport_size({"width": width, "height": height})
            frame.page.wait_for_timeout(100)
            root, main, down = frame.page.evaluate(OVERFLOW)
            if root > 0 or main > 0 or (each.lens and down > 0):
                found.append((each.title, width, root, main, down))
    assert found == []


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


def test_the_picture_of_every_lens_is_in_view(frame):
    frame.goto("")
    small = []
    for each in all_pages():
        if each.lens is None:
            continue
        frame.visit(each)
        for (width, height), least in SHARES.items():
            frame.page.set_viewport_size({"width": width, "height": height})
            frame.page.wait_for_timeout(100)
            top, bottom, covered = frame.page.evaluate(PICTURE)
            if not (top > 0 and bottom <= covered and bottom - top >= least * height):
                small.append((each.title, width, top, bottom, covered))
    assert small == []


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


def check_axe(new_context, url: str, theme: str, widths: list, pages: list) -> None:
    page = new_context(color_scheme=theme).new_page()
    frame = Frame(page, url).goto("")
    found = {}
    for i, each in enumerate(pages):
        frame.visit(each)
        for width, height in widths[i % len(widths)]:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(150)
            if wrong := violations(page):
                found[f"{each.title}, {theme}, {width}"] = wrong
    assert not found, json.dumps(found, indent=1)


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_grave_on_any_page(new_context, url, theme):
    """Every page once: themes and widths take turns."""
    own = [each for i, each in enumerate(all_pages()) if i % 2 == THEMES.index(theme)]
    check_axe(new_context, url, theme, [[each] for each in WIDTHS], own)


@pytest.mark.slow
@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_grave_in_any_theme_and_width(new_context, url, theme):
    check_axe(new_context, url, theme, [WIDTHS], all_pages())
