"""How long the playground of the Home page takes to answer a slider, in a real browser."""

from __future__ import annotations

import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.measuring import ROOT, machine, write_section

STEPS = 40
AIM_MILLISECONDS = 150
START_SECONDS = 60

# From the key press to the first change of the figures in the page.
WATCH = """
() => {
    let began;
    const begin = () => { began = performance.now(); };
    addEventListener("keydown", begin, { capture: true, once: true });
    window.answered = new Promise(resolve => {
        const watch = new MutationObserver(() => {
            watch.disconnect();
            resolve(performance.now() - began);
        });
        for (const figure of document.querySelectorAll("[data-testid=stMetricValue]"))
            watch.observe(figure, { subtree: true, childList: true, characterData: true });
    });
}
"""


def main() -> None:
    """Measure and write the section of README.md."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
    server = subprocess.Popen([*command, f"--server.port={port}"], cwd=ROOT)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
                args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            )
            times = _measure(browser.new_page(), url)
            browser.close()
    finally:
        server.terminate()
        server.wait(10)
    median, slow = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    write_section(
        "playground",
        f"{machine()}, {len(times)} steps of a slider.\n\n"
        "| median | 95th percentile | aim |\n|--:|--:|--:|\n"
        f"| {median:.0f} ms | {slow:.0f} ms | {AIM_MILLISECONDS} ms |",
    )


def _measure(page: Page, url: str) -> list[float]:
    page.goto(url)
    slider = page.get_by_role("slider", name="mat")
    expect(slider).to_be_visible(timeout=1000 * START_SECONDS)
    page.wait_for_timeout(2000)  # the first drawing of the page is over
    slider.focus()
    times = []
    for _ in range(STEPS):
        page.evaluate(WATCH)
        slider.press("ArrowLeft")
        times.append(page.evaluate("window.answered"))
        page.wait_for_timeout(250)
    return times[1:]  # the first also loads what the page needs once


def _wait(url: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):  # noqa: S310
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} did not start")


if __name__ == "__main__":
    main()
