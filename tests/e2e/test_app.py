"""The frame in a real browser: deep links, history, themes, narrow windows, several readers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from components.shell import PAGES


@pytest.fixture
def url(serve) -> str:
    return serve("app.py").url


def token(page: Page, i: int):
    return page.locator(f"#t{i}")


@pytest.mark.parametrize("entry", PAGES, ids=lambda page: page.name)
def test_a_deep_link_on_a_fresh_server_shows_the_whole_app(serve, page, entry):
    server = serve("app.py", fresh=True)
    page.goto(f"{server.url}/{'' if entry is PAGES[0] else entry.name}?unit=bits")
    heading = page.get_by_role("heading", name=entry.heading or entry.title, exact=True)
    expect(heading).to_be_visible()
    for each in PAGES:
        expect(page.get_by_test_id("stSidebarNav")).to_contain_text(each.title)
    expect(page.get_by_test_id("stSidebar")).to_contain_text("Unit of information")
    expect(page.get_by_test_id("stDialog")).to_have_count(0)
    expect(page).to_have_url(re.compile("unit=bits"))
    page.close()
    server.stop()


def test_choices_survive_the_menu_and_the_back_button(page, url):
    page.goto(f"{url}/tokens?token=4&example=text_code&metric=surprisal")
    expect(page.get_by_text("Token 4", exact=True)).to_be_visible()
    page.get_by_text("bits", exact=True).first.click()
    expect(page).to_have_url(re.compile("unit=bits"))
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Entroscope")).to_be_visible()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Tokens").click()
    expect(page.get_by_text("Token 4", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("example=text_code"))
    expect(page.locator(".st-key-text-curve [data-testid=stVegaLiteChart]")).to_be_visible()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("heading", name="Entroscope")).to_be_visible()
    expect(page).to_have_url(re.compile("unit=bits"))
    expect(page).to_have_url(re.compile("token=4"))


def test_back_undoes_a_pin(page, url):
    page.goto(f"{url}/tokens?token=4")
    expect(page.get_by_text("Token 4", exact=True)).to_be_visible()
    token(page, 7).click()
    expect(page.get_by_text("Token 7", exact=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Token 4", exact=True)).to_be_visible()


def test_dark_mode_follows_the_system(dark_page, url):
    dark_page.goto(f"{url}/tokens")
    expect(token(dark_page, 1)).to_be_visible()
    colour = dark_page.locator(".stApp").evaluate("node => getComputedStyle(node).backgroundColor")
    assert max(int(each) for each in re.findall(r"\d+", colour)[:3]) < 60


@pytest.mark.parametrize("path", ["", "tokens?token=5"])
def test_nothing_is_cut_off_at_800_pixels(page, url, path):
    page.set_viewport_size({"width": 800, "height": 900})
    page.goto(f"{url}/{path}")
    expect(token(page, 1)).to_be_visible()
    page.wait_for_timeout(500)
    wide = page.evaluate(
        """() => [...document.querySelectorAll('.stMainBlockContainer [data-testid]')]
            .filter(node => node.getBoundingClientRect().right > innerWidth + 1)
            .map(node => node.dataset.testid)"""
    )
    assert wide == []


def test_two_readers_do_not_see_each_others_choices(new_context, url):
    first, second = new_context().new_page(), new_context().new_page()
    first.goto(f"{url}/tokens?token=3")
    second.goto(f"{url}/tokens?token=9&unit=bits")
    expect(first.get_by_text("Token 3", exact=True)).to_be_visible()
    expect(second.get_by_text("Token 9", exact=True)).to_be_visible()
    token(first, 6).click()
    expect(first.get_by_text("Token 6", exact=True)).to_be_visible()
    expect(second.get_by_text("Token 9", exact=True)).to_be_visible()
    expect(first).not_to_have_url(re.compile("unit=bits"))
