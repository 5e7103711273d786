"""What the menu of a picture gives: tables whole, pictures true, in the theme on screen."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from backend.charts.colours import THEMES
from backend.storage.files import load_run
from tests.e2e.frame import Frame

ROOT = Path(__file__).parents[2]


def saved(page: Page, figure: str, entry: str, name: str) -> bytes:
    """Return what an entry of a picture's menu saves, under that name."""
    page.get_by_role("button", name=f"About {figure}").click()
    with page.expect_download() as waiting:
        page.locator("[role=menuitem]").filter(has_text=entry).click()
    assert waiting.value.suggested_filename == name
    return Path(waiting.value.path()).read_bytes()


def test_a_curve_gives_all_its_numbers_and_two_pictures(frame):
    page = frame.goto("tokens?example=text_code").page
    data = json.loads(saved(page, "Curve", "Data as JSON", "along_entropy.json"))
    entropy = [row["value"] for row in data["points"] if row["line"] == "Entropy"]
    run = load_run(ROOT / "examples" / "text_code.safetensors")
    assert entropy[0] is None
    np.testing.assert_allclose(entropy[1:], run.entropy[1:], atol=1e-6)  # six decimals are kept
    text = saved(page, "Curve", "Data as CSV", "along_entropy.csv").decode()
    table = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["value"] for row in table if row["line"] == "Entropy"][1:] == list(
        map(str, entropy[1:])
    )
    png = saved(page, "Curve", "Picture as PNG", "along_entropy.png")
    width, height = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert width > 300
    assert height > 100


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_saved_picture_has_the_colours_of_the_theme(new_context, url, theme):
    page = new_context(color_scheme=theme).new_page()
    Frame(page, url).goto("tokens?example=text_code")
    svg = saved(page, "Curve", "Picture as SVG", "along_entropy.svg").decode().lower()
    assert svg.startswith("<svg")
    assert THEMES[theme].background.lower() in svg


def test_a_run_is_exported_whole(frame):
    page = frame.goto("tokens?example=text_code").page
    frame.button("Export").click()
    with page.expect_download() as waiting:
        frame.item("All numbers").click()
    exported = json.loads(Path(waiting.value.path()).read_text("utf-8"))
    run = load_run(ROOT / "examples" / "text_code.safetensors")
    assert exported["request"]["text"] == run.text
    frame.button("Export").click()
    with page.expect_download() as waiting:
        frame.item("Report").click()
    assert "<html" in Path(waiting.value.path()).read_text("utf-8")
