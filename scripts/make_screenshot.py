"""Take the README's picture of the Tokens page from the running app: ``make screenshot``."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "screenshot.png"
PORT = 8597
ADDRESS = f"http://127.0.0.1:{PORT}"
PATIENCE = 60  # seconds until the server answers


def main() -> None:
    """Serve the app, open an example with one token pinned, and take the picture."""
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
            browser.close()
    finally:
        server.terminate()
        server.wait()


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
