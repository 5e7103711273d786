"""What stands beside a chart is clicked, saved and opened: tables whole, pictures true."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from backend.storage.files import load_run

ROOT = Path(__file__).parents[2]
TEXT = "one two three one two three one two four"
DARK, LIGHT = "#10151c", "#ffffff"


def open_exports(page: Page, figure: str) -> Locator:
    frame = page.locator(f".st-key-figure-{figure}")
    frame.locator("[data-testid=stVegaLiteChart], .js-plotly-plot").first.hover()
    frame.locator(f".st-key-export-{figure} button").click()
    return page.get_by_test_id("stPopoverBody")


def saved(page: Page, exports: Locator, button: str, name: str) -> bytes:
    with page.expect_download() as waiting:
        exports.get_by_role("button", name=button, exact=True).click()
    assert waiting.value.suggested_filename == name
    return Path(waiting.value.path()).read_bytes()


def is_picture(png: bytes) -> bool:
    width, height = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    return png.startswith(b"\x89PNG\r\n\x1a\n") and width > 300 and height > 200


def test_an_altair_chart_gives_all_its_numbers_and_two_pictures(page, serve):
    page.goto(f"{serve('app.py').url}/tokens?example=text_code")
    exports = open_exports(page, "text-curve")
    rows = json.loads(saved(page, exports, "Data as JSON", "text-curve.json"))["points"]
    run = load_run(ROOT / "examples" / "text_code.safetensors")
    entropy = np.array([row["entropy"] for row in rows[1:]], np.float32)
    np.testing.assert_array_equal(entropy, run.entropy[1:])
    assert rows[0]["entropy"] is None
    text = saved(page, exports, "Data as CSV", "text-curve.csv").decode()
    table = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [np.float32(row["entropy"]) for row in table[1:]] == list(entropy)
    assert is_picture(saved(page, exports, "Picture as PNG", "text-curve.png"))
    svg = saved(page, exports, "Picture as SVG", "text-curve.svg").decode()
    assert svg.startswith("<svg")
    assert LIGHT in svg.lower()


def test_a_chart_of_several_tables_gives_each(page, serve):
    page.goto(f"{serve('app.py').url}/compare?compare.tab=against")
    exports = open_exports(page, "compare-against")
    tables = json.loads(saved(page, exports, "Data as JSON", "compare-against.json"))
    assert set(tables) == {"spans", "diagonal"}
    ends = saved(page, exports, "Data as CSV: diagonal", "compare-against-diagonal.csv").decode()
    assert [float(end) for end in ends.split()[1:]] == [row["end"] for row in tables["diagonal"]]


def test_a_picture_of_a_dark_page_is_dark(dark_page, serve):
    dark_page.goto(f"{serve('app.py').url}/tokens?example=text_code")
    exports = open_exports(dark_page, "text-curve")
    svg = saved(dark_page, exports, "Picture as SVG", "text-curve.svg").decode().lower()
    assert DARK in svg
    assert LIGHT not in svg


@pytest.fixture
def pattern(page: Page, serve, tiny_folder) -> Page:
    model = quote(str(tiny_folder("llama")), safe="")
    page.goto(f"{serve('app.py').url}/attention?model={model}&head=0.1")
    box = page.get_by_role("textbox", name="Text", exact=True)
    box.fill(TEXT)
    expect(page.get_by_text(f"{len(TEXT):,} characters")).to_be_visible()
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("heading", name="Your text")).to_be_visible()
    page.get_by_test_id("stButtonGroup").get_by_text("Pattern", exact=True).click()
    page.get_by_role("button", name="Compute the pattern").click()
    expect(page.locator(".st-key-figure-attention-pattern .js-plotly-plot")).to_be_visible()
    return page


def test_a_plotly_figure_gives_all_its_numbers_and_two_pictures(pattern):
    exports = open_exports(pattern, "attention-pattern")
    tables = json.loads(saved(pattern, exports, "Data as JSON", "attention-pattern.json"))
    (rows,) = tables.values()
    text = saved(pattern, exports, "Data as CSV", "attention-pattern.csv").decode()
    assert len(list(csv.DictReader(io.StringIO(text, newline="")))) == len(rows)
    png = saved(pattern, exports, "Picture as PNG", "attention-pattern.png")
    assert is_picture(png)
    exports = open_exports(pattern, "attention-pattern")  # the browser's own saving closes it
    svg = saved(pattern, exports, "Picture as SVG", "attention-pattern.svg").decode()
    assert svg.startswith("<svg")
    assert "query" in svg.lower()
