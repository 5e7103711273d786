"""Time to a first insight in a real browser: the front page against a bare one, one's own text."""

from __future__ import annotations

import os
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

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.measuring import ROOT, machine, write_section

ROUNDS = 7
BARE = "import streamlit as st\nst.write('a bare page')\n"
TEXT = "A penguin walks into a library and asks"
WORDS = (" for", " seven", " quiet", " warm", " book")
TYPED = (" about", " very", " old", " ice", " near", " town")
REST = 0.7  # seconds without a key until a short text is read
PATIENCE = 120_000  # milliseconds

# Milliseconds from the request until the browser has drawn what is waited for.
DRAWN = "() => new Promise((next) => requestAnimationFrame(() => setTimeout(next)))"
# Milliseconds from the last key until a word of it is drawn in the coloured text, watched in the
# page at every frame: from outside one looks only every tenth of a second or more.
LAST_KEY = "addEventListener('keydown', () => (window.lastKey = performance.now()), true)"
COLOURED = """(word) => new Promise((done) => {
    const roots = [...document.querySelectorAll("*")].map((node) => node.shadowRoot);
    const root = roots.find((each) => each?.querySelector(".stage-area"));
    const look = () => {
        const text = root.querySelector(".stage-area .strip-text")?.textContent ?? "";
        if (!text.includes(word)) return requestAnimationFrame(look);
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - window.lastKey)));
    };
    look();
})"""
KEYS = """() => {
    const roots = [...document.querySelectorAll("*")].map((node) => node.shadowRoot);
    const root = roots.find((each) => each?.querySelector(".palette"));
    const [box, list] = [root.querySelector(".palette-box"), root.querySelector(".palette-list")];
    return [..."attention entropy of the first token", ..."greedy"].map((letter, at) => {
        const began = performance.now();
        box.value = at === 36 ? letter : box.value + letter;
        box.dispatchEvent(new Event("input"));
        list.getBoundingClientRect();
        return performance.now() - began;
    });
}"""


def main() -> None:
    """Measure and write the section of README.md."""
    busy = machine()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE, "utf-8")
        with serving(bare) as plain, serving(ROOT / "app.py") as app:
            rows = list(pictures(browser, plain, app))
        with serving(ROOT / "app.py") as app:
            page = opened(browser, app)
            cold = coloured(page, TEXT, "penguin", "Control+Enter")
            rows.append(row("own text coloured, typed at once after the server's start", [cold]))
        with serving(ROOT / "app.py", ENTROSCOPE_PRELOAD="false") as app:
            rows += own_text(opened(browser, app))
        browser.close()
    head = "| what | median | worst |\n|:--|--:|--:|\n"
    note = f"\n{busy}; headless Chromium, 1280 × 720, {ROUNDS} rounds."
    write_section("learn", head + "\n".join(rows) + "\n" + note)


def pictures(browser: Browser, plain: str, app: str) -> Iterator[str]:
    """Yield the rows of first pictures; pages alternate, the first of each is a warm-up."""
    for name, fresh in (("nothing cached", True), ("cached", False)):
        times: dict[str, list[float]] = {"bare": [], "start": []}
        kept = browser.new_context(viewport={"width": 1280, "height": 720})
        for _ in range(ROUNDS + 1):
            for what, url, wanted in (("bare", plain, "text=a bare page"), ("start", app, "#t5")):
                context = browser.new_context() if fresh else kept
                page = context.new_page()
                began = time.perf_counter()
                page.goto(url)
                page.locator(wanted).wait_for(timeout=PATIENCE)
                page.evaluate(DRAWN)
                times[what].append(time.perf_counter() - began)
                page.close()
                if fresh:
                    context.close()
        kept.close()
        bare, start = times["bare"][1:], times["start"][1:]
        yield row(f"bare page, {name}", bare)
        yield row(f"Start: text, colours and one token open, {name}", start)
        ratios = [one / other for one, other in zip(start, bare, strict=True)]
        yield f"| ratio, {name} | {statistics.median(ratios):.2f} | {max(ratios):.2f} |"


def opened(browser: Browser, url: str) -> Page:
    """Return the front page with an empty box."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(url)
    page.locator("#t5").wait_for(timeout=PATIENCE)
    page.get_by_label("Your text").fill("")
    page.evaluate(LAST_KEY)
    return page


def own_text(page: Page) -> list[str]:
    """Return the rows of one's own text: the model not loaded yet, then loaded; and of a search."""
    cold = coloured(page, TEXT, "penguin", "Control+Enter")
    warm = [coloured(page, each, each.strip(), "Control+Enter") for each in WORDS]
    typed = [coloured(page, each, each.strip(), None) - REST for each in TYPED]
    page.keyboard.press("Control+k")
    page.locator(".palette [role=option]").nth(20).wait_for()
    page.wait_for_timeout(1000)
    keys = [each / 1000 for each in page.evaluate(KEYS)]
    page.close()
    return [
        row("own text coloured, nothing loaded before it is asked for", [cold]),
        row("own text coloured, model loaded, from Ctrl+Enter", warm),
        row("own text coloured, typed, from the end of the 0.7 s of rest", typed),
        row("a key in the search until its list is laid out", keys),
    ]


def coloured(page: Page, text: str, wanted: str, key: str | None) -> float:
    """Type at the end of the box; return the seconds from the last key until the text is drawn."""
    box = page.get_by_label("Your text")
    box.press("Control+End")
    box.press_sequentially(text)
    if key:
        box.press(key)
    return page.evaluate(COLOURED, wanted) / 1000


def row(name: str, seconds: list[float]) -> str:
    """Return a row of the table."""
    return f"| {name} | {written(statistics.median(seconds))} | {written(max(seconds))} |"


def written(seconds: float) -> str:
    """Return a time in its best unit."""
    return f"{1000 * seconds:.1f} ms" if seconds < 0.1 else f"{seconds:.2f} s"


@contextmanager
def serving(script: Path, **settings: str) -> Iterator[str]:
    """Serve a script on a free port, and end the server afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    command += ["--server.headless=true", "--server.address=127.0.0.1"]
    quiet = subprocess.DEVNULL
    env = os.environ | {"PYTHONPATH": str(ROOT), **settings}
    server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=quiet, stderr=quiet)
    try:
        yield ready(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait()


def ready(url: str) -> str:
    """Wait until a server answers, and return its address."""
    until = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):  # noqa: S310
                return url
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer.")


if __name__ == "__main__":
    main()
