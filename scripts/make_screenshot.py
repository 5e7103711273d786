"""Take the README's picture and those of every lens from the running app: ``make screenshot``."""

from __future__ import annotations

import io
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from components.menu import Page, all_pages

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "screenshot.png"
PICTURES = ROOT / "docs" / "pictures"
GALLERY = ROOT / "docs" / "pictures.md"
WINDOWS = (("light", 1280, 720), ("dark", 800, 900))
PORT = 8597
ADDRESS = f"http://127.0.0.1:{PORT}"
PATIENCE = 60  # seconds until the server answers


def main() -> None:
    """Serve the app and take the pictures."""
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={PORT}"]
    server = subprocess.Popen(command, cwd=ROOT)  # noqa: S603
    try:
        _wait()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.goto(f"{ADDRESS}/tokens?example=text_garden_path&token=12")
            page.locator(".stage-area [role=option]").nth(12).wait_for()
            page.get_by_text("equal choices").first.wait_for()
            page.locator(".timeline-area canvas").first.wait_for()
            page.wait_for_load_state("networkidle")
            page.screenshot(path=PICTURE)
            PICTURES.mkdir(exist_ok=True)
            for each in all_pages():
                _take(browser, each)
            browser.close()
        _gallery()
    finally:
        server.terminate()
        server.wait()


def _take(browser: Browser, lens: Page) -> None:
    """Save a page in both windows, as small files."""
    for theme, width, height in WINDOWS:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
        )
        page = context.new_page()
        page.goto(f"{ADDRESS}/{lens.path}")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(2500)  # charts and patterns are drawn after their numbers came
        picture = Image.open(io.BytesIO(page.screenshot()))
        picture.save(PICTURES / f"{lens.name}-{theme}.webp", quality=82, method=6)
        context.close()


def _gallery() -> None:
    """Write the page that shows them."""
    lines = [
        "# Every page of the app",
        "",
        "Taken by `make screenshot`: 1280×720, and 800×900 dark.",
        "",
    ]
    for each in all_pages():
        lines += [f"## {each.title}", "", each.summary, ""]
        lines += [
            f"![{each.title}, {theme}](pictures/{each.name}-{theme}.webp)" for theme, *_ in WINDOWS
        ]
        lines += [""]
    GALLERY.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _wait() -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{ADDRESS}/_stcore/health", timeout=1):  # noqa: S310
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"{ADDRESS} did not answer within {PATIENCE} seconds")


if __name__ == "__main__":
    main()
