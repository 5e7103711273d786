"""What every browser test needs: Chromium, a served app, and eyes for what must not happen."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlparse

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests import chromium
from tests.e2e.frame import Frame

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
WAIT_MILLISECONDS = 20_000
OURS = {"127.0.0.1", chromium.CLASS_HOST}
expect.set_options(timeout=WAIT_MILLISECONDS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if chromium.PATH is None:
                item.add_marker(pytest.mark.skip(reason="chromium is not installed"))


@pytest.fixture(scope="session")
def browser_context_args() -> dict:
    return {"viewport": {"width": 1440, "height": 900}}


class Server:
    """One Streamlit server on a free port, with its log."""

    def __init__(
        self,
        script: Path,
        log: Path,
        more: Mapping[str, str] | None = None,
        root: Path = ROOT,
        env: Mapping[str, str] | None = None,
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        options: dict[str, Any] = {
            "server.port": port,
            "server.address": "127.0.0.1",
            "server.headless": "true",
            "server.fileWatcherType": "none",
            "browser.gatherUsageStats": "false",
            **(more or {}),
        }
        self.health = "/".join(
            filter(None, (self.url, options.get("server.baseUrlPath"), "_stcore/health"))
        )
        self._root = root
        self._env = os.environ | {"PYTHONPATH": str(root)} | dict(env or {})
        self._command = [sys.executable, "-m", "streamlit", "run", str(script)]
        self._command += [f"--{name}={value}" for name, value in options.items()]
        self.start()

    def start(self) -> None:
        """Start the process; again, after it was killed, at the same address."""
        with self.log.open("a") as stream:
            self.process = subprocess.Popen(
                self._command,
                cwd=self._root,
                env=self._env,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.health, timeout=1):  # noqa: S310
                    return
            except OSError:
                time.sleep(0.1)
        self.stop()
        pytest.fail(f"{self.url} did not start:\n{self.log.read_text()}")

    def kill(self) -> None:
        """End the process without a word."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Serve a script: one server per script for the whole session, or a ``fresh`` one with options.

    The script is named from the root of the project, such as ``"app.py"``.
    """
    servers: dict[str, Server] = {}
    every: list[Server] = []

    def start(script: str, *, fresh: bool = False, options: Mapping[str, str] = {}) -> Server:
        if fresh or script not in servers:
            log = tmp_path_factory.mktemp("server") / "log.txt"
            server = Server(ROOT / script, log, options)
            every.append(server)
            if fresh:
                return server
            servers[script] = server
        return servers[script]

    yield start
    for server in every:
        server.stop()


@pytest.fixture
def dark_page(new_context: Callable[..., BrowserContext]) -> Page:
    """A page for a reader whose system is set to dark."""
    return new_context(color_scheme="dark").new_page()


@pytest.fixture(scope="session")
def url(serve) -> str:
    """Where the app is served, one server for the whole session."""
    return serve("app.py").url


@pytest.fixture
def frame(page: Page, url: str) -> Frame:
    """The app on a page of its own."""
    return Frame(page, url)


@pytest.fixture
def long_model(tiny_folder, tmp_path: Path) -> str:
    """A tiny model that reads more tokens than a whole pattern shows; for an address."""
    folder = shutil.copytree(tiny_folder("llama"), tmp_path / "long")
    config = folder / "config.json"
    wider = json.loads(config.read_text("utf-8")) | {"max_position_embeddings": 8192}
    config.write_text(json.dumps(wider), encoding="utf-8")
    return quote(str(folder), safe="")


class Watch:
    """Collects what no page of ours may do: errors, tracebacks, requests to other hosts."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def over(self, context: BrowserContext) -> None:
        context.on("page", self._page)
        context.on("request", self._request)

    def _page(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.seen.append(f"error: {error.stack or error}"))
        page.on("console", self._console)

    def _console(self, message) -> None:
        if message.type == "error":
            self.seen.append(f"console: {message.text} {message.location.get('url', '')}")

    def _request(self, request) -> None:
        parts = urlparse(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in OURS:
            self.seen.append(f"request to another host: {request.url}")


@pytest.fixture(autouse=True)
def nothing_went_wrong(context: BrowserContext) -> Iterator[Watch]:
    """Fail a test after which the browser console or the page shows an error.

    A test that provokes errors on purpose takes the fixture and clears ``seen`` at its end.
    """
    watch = Watch()
    watch.over(context)
    yield watch
    for page in context.pages:
        for trace in page.get_by_test_id("stException").all():
            watch.seen.append(f"traceback on the page: {trace.inner_text()}")
    assert watch.seen == []
