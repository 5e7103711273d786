"""What a reader waits for, in a real browser with the real model: the table of the interface.

Times of a first picture are taken inside the page by a script that looks every 10 ms, against a
bare Streamlit page served beside it. Run with ``--quick`` for one round of each.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.measuring import ROOT, machine, write_section
from components.menu import Page as Item
from components.menu import all_pages
from tests.e2e.frame import Frame

BARE = "import streamlit as st\nst.write('zzz')\n"
TEXT = "{} walks along the river and sings about lamps and boats in the evening " * 4
READERS = 10
ROUNDS = 1 if "--quick" in sys.argv else 3

# Finds nodes in the frame's shadow root, and notes when the first picture is there.
HELP = """
  window.inFrame = (what) => [...document.querySelectorAll('[data-testid=stMain] *')]
    .map(node => node.shadowRoot).filter(Boolean)
    .flatMap(root => [...root.querySelectorAll(what)]);
  window.whenThere = setInterval(() => {
    const bare = document.body?.innerText.includes('zzz');
    const ours = window.inFrame('.stage-area .figure .box > * > *').length
      || document.querySelector('.st-key-page h1');
    if (bare || ours) { window.pictureAt ??= performance.now(); clearInterval(window.whenThere); }
  }, 10);
"""
# Milliseconds until what a change does is drawn.
CLICKS = """async ([what, places]) => {
  const times = [];
  for (const place of places) {
    const node = window.inFrame(what)[place];
    const began = performance.now();
    node.click();
    await new Promise(next => requestAnimationFrame(() => setTimeout(next)));
    times.push(performance.now() - began);
    await new Promise(go => setTimeout(go, 60));
  }
  return times;
}"""
HOVERS = """async () => {
  const times = [];
  for (const node of window.inFrame('.stage-area [role=option]').slice(1, 30)) {
    const began = performance.now();
    node.dispatchEvent(new PointerEvent('pointerover', { bubbles: true, composed: true }));
    await new Promise(next => requestAnimationFrame(() => setTimeout(next)));
    times.push(performance.now() - began);
    await new Promise(go => setTimeout(go, 60));  // else each begins with a frame, and waits one
  }
  return times;
}"""
LENS = """async ([name, panel]) => {
  const began = performance.now();
  let without = 0;
  window.inFrame('.tab').find(node => node.textContent === name).click();
  while (performance.now() - began < 10000) {
    await new Promise(next => requestAnimationFrame(next));
    if (!window.inFrame('.stage-area [role=option]').length) without++;
    if (window.inFrame(`.of-${panel} .box > * > *`).length) break;
  }
  return [performance.now() - began, without];
}"""
STAGE = """() => {
  const box = window.inFrame('.stage-area')[0].getBoundingClientRect();
  const seen = Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
  const sheet = window.inFrame('.inspector-area')[0]?.getBoundingClientRect();
  const below = sheet?.height && sheet.left < box.left + 1;
  const under = below ? Math.max(0, box.bottom - sheet.top) : 0;
  const root = document.documentElement;
  const main = document.querySelector('[data-testid=stMain]');
  return {whole: box.top >= 0 && box.bottom <= innerHeight, share: (seen - under) / innerHeight,
          over: Math.max(root.scrollWidth - root.clientWidth, main.scrollWidth - main.clientWidth)};
}"""
CONTROLS = """() => window.inFrame('.reading, .stage-area')
  .flatMap(node => [...node.querySelectorAll('button, input, select, a')])
  .filter(node => node.checkVisibility()).length"""
WINDOWS = ((1280, 720), (1440, 900), (1024, 768), (800, 900), (390, 844))


def main() -> None:
    """Measure and write the section of README.md."""
    with sync_playwright() as playwright, _served(ROOT / "app.py") as url:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        first = _page(browser, f"{url}/tokens")
        _press(first, "warm")  # the model is there
        rows = [*_layout(browser, url), *_drawn(browser, url), *_first(browser, url)]
        rows += [*_work(browser, url), _ten(browser, url)]
        browser.close()
    head = "| what | measured | must | |\n|---|---|---|---|\n"
    note = f"\n{machine()}, headless Chromium, software rendering; medians of {ROUNDS} rounds."
    table = head + "\n".join(rows) + "\n" + note
    print(table)
    write_section("interface", table)


@contextmanager
def _served(script: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    command += ["--server.headless=true", "--browser.gatherUsageStats=false"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_WAIT_POLICY": "PASSIVE"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        while process.poll() is None:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).close()  # noqa: S310
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _page(browser: Browser, url: str, size: tuple[int, int] = (1280, 720)) -> Page:
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
    page.add_init_script(HELP)
    page.goto(url)
    page.wait_for_function("window.pictureAt", timeout=60_000)
    page.wait_for_timeout(500)
    return page


def _row(what: str, measured: str, must: str, reached: bool) -> str:
    return f"| {what} | {measured} | {must} | {'✓' if reached else '**no**'} |"


def _layout(browser: Browser, url: str) -> list[str]:
    """Return what of every lens is seen in which window."""
    page = _page(browser, url)
    frame = Frame(page, url)
    found: dict[tuple[int, int], list[dict[str, Any]]] = {each: [] for each in WINDOWS}
    lenses: list[Item] = [each for each in all_pages() if each.lens]
    for each in lenses:
        frame.visit(each)
        for size in WINDOWS:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.wait_for_timeout(150)
            found[size].append(page.evaluate(STAGE))
    page.set_viewport_size({"width": 1280, "height": 720})
    frame.visit(next(each for each in lenses if each.name == "tokens"))
    controls = page.evaluate(CONTROLS)
    page.context.close()
    whole = sum(all(found[size][i]["whole"] for size in WINDOWS[:2]) for i in range(len(lenses)))
    shares = [each["share"] for each in found[800, 900]]
    over = max(each["over"] for all_ in found.values() for each in all_)
    return [
        _row(
            "picture wholly in view, 1280×720 and 1440×900",
            f"{whole} of {len(lenses)} lenses",
            "all",
            whole == len(lenses),
        ),
        _row(
            "share of the window that is picture, 800×900",
            f"{min(shares):.0%} to {max(shares):.0%}",
            "≥ 40 %",
            min(shares) >= 0.4,
        ),
        _row("sideways overflow down to 390 px", f"{over} px", "none", over <= 0),
        _row("controls in head line and stage, Tokens", f"{controls}", "≤ 12", controls <= 12),
    ]


def _drawn(browser: Browser, url: str) -> list[str]:
    """Return what is drawn in the browser alone, and that it asks for nothing."""
    page = _page(browser, f"{url}/tokens")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    places = [1 + (i * 7) % 35 for i in range(40)]
    page.evaluate(CLICKS, [".stage-area [role=option]", places[:5]])
    page.wait_for_timeout(1000)
    asked.clear()
    pins = page.evaluate(CLICKS, [".stage-area [role=option]", places])
    page.wait_for_timeout(1000)
    asked.clear()
    hovers = page.evaluate(HOVERS)
    requests = len(asked)
    units = page.evaluate(CLICKS, [".topbar .segments button", [1, 0] * 8])
    page.context.close()
    lenses = _page(browser, f"{url}/tokens")
    for each in (["Attention", "heads"], ["Tokens", "expected"]):  # both are computed and cached
        lenses.evaluate(LENS, each)
        lenses.wait_for_timeout(1500)
    changes = []
    for _ in range(2 * ROUNDS):
        for each in (["Attention", "heads"], ["Tokens", "expected"]):
            changes.append(lenses.evaluate(LENS, each))
            lenses.wait_for_timeout(800)
    lenses.context.close()
    took = sorted(each[0] for each in changes)
    without = sum(each[1] for each in changes)
    middle, most = statistics.median(pins), max(pins)
    return [
        _row(
            "click on a token → marked, inspector drawn",
            f"{middle:.0f} ms, {most:.0f} at most",
            "≤ 16, ≤ 50",
            middle <= 16 and most <= 50,
        ),
        _row(
            "hover",
            f"{statistics.median(hovers):.0f} ms, {requests} requests",
            "≤ 16 ms, none",
            statistics.median(hovers) <= 16 and not requests,
        ),
        _row(
            "unit",
            f"{statistics.median(units):.0f} ms, {max(units):.0f} at most",
            "≤ 100 ms",
            statistics.median(units) <= 100,
        ),
        _row(
            "change of lens, both computed",
            f"{statistics.median(took):.0f} ms, {took[-1]:.0f} at most, "
            f"{without} frames without the text",
            "≤ 100 ms, no frame without",
            statistics.median(took) <= 100 and not without,
        ),
    ]


def _first(browser: Browser, url: str) -> list[str]:
    """Return when the first picture of every lens is there, in times a bare page."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bare.py"
        script.write_text(BARE)
        with _served(script) as bare:
            paths = [each.path for each in all_pages() if each.lens]
            floor = [_visits(browser, bare) for _ in range(2 * ROUNDS + 1)]
            took = {
                path: [_visits(browser, f"{url}/{path}") for _ in range(ROUNDS)] for path in paths
            }
            floor += [_visits(browser, bare) for _ in range(2 * ROUNDS + 1)]
    rows = []
    for place, what, most in ((0, "first picture in a new browser", 1.35), (1, "on reload", 2)):
        base = statistics.median(each[place] for each in floor)
        ratios = {
            path: statistics.median(each[place] for each in visits) / base
            for path, visits in took.items()
        }
        worst = max(ratios, key=lambda path: ratios[path])
        rows.append(
            _row(
                f"{what}, against a bare page ({base / 1000:.2f} s)",
                f"{statistics.median(ratios.values()):.2f} ×, at most {ratios[worst]:.2f} "
                f"({worst or 'start'})",
                f"≤ {most} ×",
                ratios[worst] <= most,
            )
        )
    return rows


def _visits(browser: Browser, url: str) -> tuple[float, float]:
    """Return the milliseconds until the first picture, and until it is there again on reload."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.add_init_script(HELP)
    times = []
    for go in (lambda: page.goto(url), page.reload):
        go()
        page.wait_for_function("window.pictureAt", timeout=60_000)
        times.append(page.evaluate("window.pictureAt"))
        page.wait_for_timeout(1500)  # a page that still loads Plotly is slow to leave
    context.close()
    return times[0], times[1]


def _press(page: Page, mark: str) -> float:
    """Run a text of about 60 tokens, and return the seconds until it is there."""
    frame = page.locator(".frame")
    frame.get_by_role("button", name="Edit").click()
    box = page.locator(".edit-form textarea").first
    box.fill(TEXT.format(mark, mark, mark, mark))
    began = time.perf_counter()
    box.press("Control+Enter")
    page.wait_for_function(
        "mark => window.inFrame('.stage-area .strip-text').some(n => n.textContent.includes(mark))",
        arg=mark,
        timeout=300_000,
        polling=20,
    )
    return time.perf_counter() - began


def _work(browser: Browser, url: str) -> list[str]:
    page = _page(browser, f"{url}/tokens")
    took = [_press(page, f"number{i}") for i in range(2 * ROUNDS)]
    count = page.locator(".reading-line .count").inner_text()
    page.context.close()
    middle = statistics.median(took)
    tokens = re.findall(r"\d+", count)
    return [
        _row(
            f"press → picture, {''.join(tokens)} tokens",
            f"{middle:.2f} s",
            "≤ 0.4 s",
            middle <= 0.4,
        )
    ]


def _ten(browser: Browser, url: str) -> str:
    """Return how long ten readers wait who press at once, each for another text."""
    pages = [_page(browser, f"{url}/tokens") for _ in range(READERS)]
    alone = statistics.median([_press(pages[0], f"alone{i}") for i in range(2 * ROUNDS)])
    for i, page in enumerate(pages):
        page.locator(".frame").get_by_role("button", name="Edit").click()
        mark = f"reader{i}x"
        page.locator(".edit-form textarea").first.fill(TEXT.format(mark, mark, mark, mark))
    began = time.perf_counter()
    for page in pages:
        page.locator(".edit-form textarea").first.press("Control+Enter", no_wait_after=True)
    for i, page in enumerate(pages):
        expect(page.locator(".stage-area .strip-text")).to_contain_text(
            f"reader{i}x", timeout=120_000
        )
    last = time.perf_counter() - began
    for page in pages:
        page.context.close()
    most = 1.2 * READERS * alone + 0.5
    return _row(
        "ten readers press at once",
        f"all, the last after {last:.1f} s",
        f"1.2 × the work + .5 s = {most:.1f} s",
        last <= most,
    )


if __name__ == "__main__":
    main()
