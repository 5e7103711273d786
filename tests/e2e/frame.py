"""The app as a reader uses it: what there is to press, and what there is to see."""

from __future__ import annotations

from urllib.parse import parse_qs, urlparse

from playwright.sync_api import Locator, Page, expect

from components.menu import Page as MenuPage
from components.menu import all_pages


class Frame:
    """One page of the app."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def goto(self, path: str = "", tokens: bool = True) -> Frame:
        """Open an address below that of the app and wait until its text is there."""
        self.page.goto(f"{self.url}/{path}")
        if tokens:
            expect(self.token(0)).to_be_visible()
        return self

    @property
    def tokens(self) -> Locator:
        """All tokens of the coloured text."""
        return self.page.locator(".stage-area [role=option]")

    def token(self, i: int) -> Locator:
        return self.tokens.nth(i)

    @property
    def pinned(self) -> int:
        """The number of the pinned token."""
        return self.tokens.evaluate_all(
            "nodes => nodes.findIndex(node => node.getAttribute('aria-selected') === 'true')"
        )

    @property
    def text(self) -> str:
        return self.page.locator(".stage-area .strip-text").inner_text()

    def tab(self, name: str) -> Locator:
        return self.page.locator(".tabs:not(.family)").get_by_role("link", name=name, exact=True)

    def family(self, name: str) -> Locator:
        return self.page.locator(".family").get_by_role("link", name=name, exact=True)

    def group(self, name: str) -> Locator:
        return self.page.locator(".groups").get_by_role("link", name=name, exact=True)

    def visit(self, page: MenuPage) -> None:
        """Go to a page by the menu, and wait until it is drawn."""
        self.group(page.group.capitalize()).click()
        self.tab(page.lens.family if page.lens and page.lens.family else page.title).click()
        if page.lens and len(_family(page)) > 1:  # a family of one is its tab
            self.family(page.title).click()
        expect(self.page).to_have_title(f"{page.title} · Entroscope")
        expect(self.page.locator(".body:is(.leaving, .waiting)")).to_have_count(0)
        self.page.wait_for_timeout(200)

    @property
    def inspector(self) -> Locator:
        return self.page.locator(".inspector-area")

    @property
    def notice(self) -> Locator:
        return self.page.locator(".notice")

    def button(self, name: str, *, exact: bool = False) -> Locator:
        return self.page.locator(".frame").get_by_role("button", name=name, exact=exact)

    def item(self, name: str) -> Locator:
        """An entry of the open menu."""
        return self.page.locator("[role^=menuitem]").filter(has_text=name)

    def run(self, text: str) -> None:
        """Edit the text in place and run it."""
        self.button("Edit").click()
        box = self.page.locator(".edit-form textarea").first
        box.fill(text)
        box.press("Control+Enter")

    @property
    def path(self) -> str:
        return urlparse(self.page.url).path

    def parameter(self, name: str) -> str | None:
        """What the address says under a name."""
        return parse_qs(urlparse(self.page.url).query).get(name, [None])[0]


def _family(page: MenuPage) -> list[MenuPage]:
    """Return the pages that stand in one tab with this one."""
    own = page.lens.family if page.lens else ""
    return [each for each in all_pages() if own and each.lens and each.lens.family == own]
