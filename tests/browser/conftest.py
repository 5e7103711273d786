"""Every view of the stage alone in Chromium, with a stand-in for the frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect

from tests.browser.serving import Serving, arguments

WAIT_MILLISECONDS = 10_000
SIZE = {"width": 1280, "height": 720}
expect.set_options(timeout=WAIT_MILLISECONDS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def serving() -> Iterator[Serving]:
    """The modules and parcels, served from this process."""
    serving = Serving()
    yield serving
    serving.stop()


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    """A page for all tests of a file, since opening one takes as long as most of them."""
    page = browser.new_page()
    yield page
    page.context.close()


@pytest.fixture
def page(window: Page) -> Iterator[Page]:
    """The page of this file, empty and of the usual size."""
    window.set_viewport_size(SIZE)
    window.mouse.move(0, 0)
    yield window
    window.unroute_all()
    window.goto("about:blank")


class Stage:
    """A view in a page, and what it told the stage."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def set(self, **change: Any) -> None:
        """Change the state, as another part of the frame would."""
        self.page.evaluate("change => window.stage.set(change)", change)

    def state(self, name: str) -> Any:
        return self.page.evaluate("name => window.stage.state[name]", name)

    @property
    def calls(self) -> list[Mapping[str, Any]]:
        """What was set, but for the part of the text in view, which follows the layout."""
        calls = self.page.evaluate("() => window.calls")
        return [call for call in calls if list(call) != ["view"]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.page, name)


@pytest.fixture
def show(page: Page, serving: Serving) -> Callable[..., Stage]:
    """Return a function that shows a panel of a run, with a state of the stage."""

    def go(run: str, panel: str | Mapping[str, Any], **state: Any) -> Stage:
        if not page.url.startswith(serving.url):
            page.goto(serving.url)
            page.wait_for_function("() => Boolean(window.mount)")
        page.evaluate("what => window.mount(what)", arguments(run, panel, state))
        return Stage(page)

    return go


@pytest.fixture(autouse=True)
def nothing_went_wrong(page: Page) -> Iterator[list[str]]:
    """Fail a test after which the console shows an error, or a token became markup."""
    seen: list[str] = []

    def error(error: Error) -> None:
        seen.append(str(error))

    def line(line: ConsoleMessage) -> None:
        if line.type == "error":
            seen.append(line.text)

    page.on("pageerror", error)
    page.on("console", line)
    yield seen
    page.remove_listener("pageerror", error)
    page.remove_listener("console", line)
    assert page.evaluate("window.hacked") is None
    assert seen == []
