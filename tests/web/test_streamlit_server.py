"""Our routes on Streamlit's own server, which answers for everything else."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2 as httpx
import pytest

from backend.web.assets import assets_version
from benchmarks.load import TEXTS, served, together
from tests.engine.fakes import PATIENCE
from tests.loops import run_loop

ROOT = Path(__file__).parents[2]
BASE = "lab"

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable, "-m", "streamlit", "run", str(ROOT / "tests/web/apps/server.py"),
            "--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true",
            f"--server.baseUrlPath={BASE}", "--browser.gatherUsageStats=false",
            "--server.allowedHosts=127.0.0.1",
        ],
        cwd=tmp_path,
        env={
            **os.environ, "PYTHONPATH": str(ROOT), "ENTROSCOPE_CACHE_DIR": str(tmp_path / "cache"),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(int(PATIENCE * 10)):
            try:
                if httpx.get(f"{url}/{BASE}/_stcore/health").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        yield process, url
    finally:
        process.kill()
        process.wait(PATIENCE)


def test_pages_routes_and_streams_share_one_server_and_a_stop_ends_all(server):
    process, url = server
    page = httpx.get(f"{url}/{BASE}/")
    assert "<html" in page.text
    assert "content-security-policy" in page.headers
    assert httpx.get(f"{url}/{BASE}/", headers={"Host": "evil.example"}).status_code == 400
    assert httpx.get(f"{url}/{BASE}/_stcore/metrics").status_code == 404
    packed = {"Accept-Encoding": "gzip"}
    frame = httpx.get(f"{url}/{BASE}/assets/{assets_version()}/frame.js", headers=packed)
    assert frame.headers["content-type"].startswith("text/javascript")
    assert "immutable" in frame.headers["cache-control"]
    assert httpx.get(f"{url}/{BASE}/data/run/text").content == b"\0numbers"

    job = httpx.get(f"{url}/job").text
    came, events = [], []
    with httpx.stream(
        "GET", f"{url}/{BASE}/events/{job}", headers=packed, timeout=PATIENCE
    ) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                came.append(time.monotonic())
                events.append(json.loads(line.removeprefix("data: ")))
            if len(events) == 10:
                process.send_signal(signal.SIGTERM)
    assert events[-1] == {"type": "closing"}
    assert came[8] - came[0] < 2  # one by one, not collected by gzip or anybody else
    process.wait(15)  # with the stream open and the job running, it would wait for ever


def test_answers_on_a_line_that_is_kept_open_come_without_a_delay(server):
    _, url = server
    with httpx.Client() as client:
        client.get(f"{url}/{BASE}/_stcore/health")
        started = time.monotonic()
        for _ in range(50):
            client.get(f"{url}/{BASE}/assets/{assets_version()}/dom.js")
    assert time.monotonic() - started < 1.5  # with Nagle's algorithm 40 ms each, 2 s


def test_readers_without_a_browser_read_a_text_change_the_page_and_leave():
    """The clients of ``benchmarks/load.py``, on the real app."""
    with served() as there:
        seen = run_loop(together(there.url, 2, 0.0))
    assert seen.errors == []
    assert len(seen.presses) == 2 * TEXTS
    assert len(seen.changes) == 4 * TEXTS
