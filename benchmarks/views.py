"""How long the views of the stage take in a real browser: pin, hover, unit, colour, first paint."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.measuring import machine, write_section
from tests.browser.serving import Serving, arguments

# Milliseconds of JavaScript, and until the frame that shows it is drawn.
CHANGE = """async (changes) => {
    const times = [];
    for (const change of changes) {
        const began = performance.now();
        window.stage.set(change);
        const done = performance.now();
        await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
        times.push([done - began, performance.now() - began]);
    }
    return times;
}"""
HOVER = """async (tokens) => {
    const times = [];
    for (const i of tokens) {
        const node = window.root.getElementById(`t${i}`);
        const began = performance.now();
        node.dispatchEvent(new PointerEvent("pointerover", { bubbles: true, composed: true }));
        const done = performance.now();
        await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
        times.push([done - began, performance.now() - began]);
    }
    return times;
}"""
SHOW = """async (what) => {
    const began = performance.now();
    await window.mount(what);
    const done = performance.now();
    await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
    return [done - began, performance.now() - began];
}"""
PINS = [{"token": 1 + (i * 7) % 35} for i in range(60)]
FAR_PINS = [{"token": (i * 397) % 8000} for i in range(40)]
NEAR_PINS = [{"token": 4000 + i} for i in range(40)]
UNITS = [{"unit": each} for each in ["bits", "nats"] * 10]
COLOURS = [{"colour": each} for each in ["surprisal", "gap", "rank", "entropy"] * 5]
LEVELS = [{"level": each} for each in ["word", "sentence", "token"] * 5]
WINDOWS = [{"window": each} for each in (3, 9, 40, 200) * 4]
FLAGS = [{"flags": {"upper": 0.5 + i / 100, "lower": i / 100}} for i in range(20)]
HEADS = [{"head": [i % 30, (i * 7) % 9]} for i in range(40)]
DEPTHS = [{"at": {"D": i % 31}} for i in range(40)]

CASES: list[tuple[str, str, str, Mapping[str, Any], list[dict[str, Any]]]] = [
    ("strip, 36 tokens: pin", "text_garden_path", "strip", {"token": 0}, PINS),
    ("strip, 8,000 tokens: pin beside", "long", "strip", {"token": 4000}, NEAR_PINS),
    ("strip, 8,000 tokens: pin far away", "long", "strip", {"token": 0}, FAR_PINS),
    ("strip, where a head looks: pin", "attention_fact", "strip", {"head": [3, 1]}, PINS),
    ("strip, 8,000 tokens: unit", "long", "strip", {}, UNITS),
    ("strip, 8,000 tokens: colour", "long", "strip", {}, COLOURS),
    ("strip, 8,000 tokens: level", "long", "strip", {}, LEVELS),
    ("strip: depth", "norms", "strip", {}, DEPTHS),
    ("expected: pin", "text_garden_path", "expected", {}, PINS),
    ("facts with a ladder: pin", "norms", "facts", {}, PINS),
    ("timeline, 36 tokens: pin", "text_garden_path", "along_entropy", {}, PINS),
    ("timeline, 8,000 tokens: pin", "long", "along_entropy", {}, FAR_PINS),
    ("timeline, 8,000 tokens: window", "long", "along_entropy", {}, WINDOWS),
    ("timeline, 8,000 tokens: unit", "long", "along_entropy", {}, UNITS),
    ("heads, 30 × 9: head", "attention_repeated", "heads", {}, HEADS),
    ("heads, 64 × 32: head", "wide", "heads", {}, HEADS),
    ("heads, 64 × 32: threshold", "wide", "heads", {}, FLAGS),
    ("pattern, 81 tokens: pin", "attention_repeated", "pattern", {}, PINS),
    ("chart: pin", "text_garden_path", "dots", {}, PINS),
    ("chart: unit", "text_garden_path", "dots", {}, UNITS),
    ("table, 10,000 rows: pin", "text_fact", "table_many", {}, FAR_PINS),
    ("table, 10,000 rows: unit", "text_fact", "table_many", {}, UNITS),
]
FIRST = [
    ("strip, 36 tokens", "text_garden_path", "strip"),
    ("strip, 8,000 tokens", "long", "strip"),
    ("timeline, 8,000 tokens", "long", "along_entropy"),
    ("heads, 64 × 32", "wide", "heads"),
    ("pattern, 81 tokens, Plotly loaded", "attention_repeated", "pattern"),
    ("chart, Vega loaded", "text_garden_path", "dots"),
    ("table, 10,000 rows", "text_fact", "table_many"),
]


def main() -> None:
    """Measure and write the section of README.md."""
    serving = Serving()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
                args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            )
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.goto(serving.url)
            page.wait_for_function("() => Boolean(window.mount)")
            rows = [*_changes(page), *_hovers(page), *_shows(page)]
            browser.close()
    finally:
        serving.stop()
    head = "| what | drawn by JavaScript, median / max | on screen, median / max |\n|---|---|---|\n"
    note = f"\nMilliseconds; {machine()}, headless Chromium, software rendering."
    write_section("views", head + "\n".join(rows) + "\n" + note)


def _row(name: str, times: list[list[float]]) -> str:
    columns = [sorted(column) for column in zip(*times, strict=True)]
    figures = [f"{statistics.median(each):.1f} / {each[-1]:.0f}" for each in columns]
    return f"| {name} | {figures[0]} | {figures[1]} |"


def _changes(page: Page) -> list[str]:
    rows = []
    for name, run, panel, state, changes in CASES:
        page.evaluate("what => window.mount(what)", arguments(run, panel, state))
        page.wait_for_timeout(1500 if run == "long" else 300)
        page.evaluate(CHANGE, changes[:3])
        rows.append(_row(name, page.evaluate(CHANGE, changes[3:])))
    return rows


def _hovers(page: Page) -> list[str]:
    rows = []
    for name, run, tokens in (
        ("strip, 36 tokens: hover", "text_garden_path", list(range(1, 36))),
        ("strip, 8,000 tokens: hover", "long", list(range(1, 80))),
    ):
        page.evaluate("what => window.mount(what)", arguments(run, "strip", {}))
        page.wait_for_timeout(1500)
        rows.append(_row(name, page.evaluate(HOVER, tokens)))
    return rows


def _shows(page: Page) -> list[str]:
    rows = []
    for name, run, panel in FIRST:
        page.evaluate(SHOW, arguments(run, panel, {}))
        times = [page.evaluate(SHOW, arguments(run, panel, {})) for _ in range(5)]
        rows.append(_row(f"{name}: whole view, parcel cached", times))
    return rows


if __name__ == "__main__":
    main()
