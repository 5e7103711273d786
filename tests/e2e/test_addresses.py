"""Addresses: deep links, old ones, history, below another path, and after many quick presses."""

from __future__ import annotations

import random
import re
import urllib.request
from collections.abc import Iterable
from urllib.error import HTTPError

import pytest
from playwright.sync_api import expect

from components.menu import all_pages
from tests.e2e.frame import Frame
from tests.e2e.proxy import stripping

PAGES = {each.path: each for each in all_pages()}
QUICK = ("attention",)


def check_deep_link(serve, page, path):
    server = serve("app.py", fresh=True)
    page.goto(f"{server.url}/{path}?unit=bits")
    bits = page.get_by_role("button", name="bits", exact=True)
    expect(bits).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_title(f"{PAGES[path].title} · Entroscope")
    expect(page.get_by_test_id("stDialog")).to_have_count(0)
    page.close()
    server.stop()


@pytest.mark.parametrize("path", QUICK)
def test_a_deep_link_is_the_first_request_of_a_server(serve, page, path):
    check_deep_link(serve, page, path)


@pytest.mark.slow
@pytest.mark.parametrize("path", [each for each in PAGES if each not in QUICK])
def test_a_deep_link_to_any_other_page_is_the_first_request_too(serve, page, path):
    check_deep_link(serve, page, path)


def check_deep_links(frame: Frame, paths: Iterable[str]) -> None:
    for path in paths:
        page = PAGES[path]
        frame.page.goto(f"{frame.url}/{path}?unit=bits")
        expect(frame.page).to_have_title(f"{page.title} · Entroscope")
        expect(frame.button("bits", exact=True)).to_have_attribute("aria-pressed", "true")


def test_pages_have_a_deep_link(frame):
    check_deep_links(frame, list(PAGES)[::24])


@pytest.mark.slow
def test_every_page_has_a_deep_link(frame):
    check_deep_links(frame, PAGES)


OLD = {"trajectories": "samplers", "dataset": "data_set", "tokens": "tokens", "compare": "compare"}


def test_old_addresses_lead_to_the_pages_of_today(frame):
    for old, new in OLD.items():
        frame.page.goto(f"{frame.url}/{old}?unit=bits")
        expect(frame.page).to_have_url(re.compile(rf"/{new}\?.*unit=bits"))


def test_back_retraces_pins_and_lenses(frame):
    frame.goto("tokens?token=4")
    frame.token(7).click()
    expect(frame.page).to_have_url(re.compile("token=7"))
    frame.page.wait_for_timeout(800)  # pins within a moment are one step
    frame.tab("Attention").click()
    expect(frame.page).to_have_url(re.compile("/attention"))
    frame.page.go_back()
    expect(frame.tab("Tokens")).to_have_attribute("aria-current", "page")
    expect(frame.token(7)).to_have_attribute("aria-selected", "true")
    frame.page.go_back()
    expect(frame.token(4)).to_have_attribute("aria-selected", "true")
    frame.page.go_forward()
    expect(frame.token(7)).to_have_attribute("aria-selected", "true")


# Answers of the server come late; nothing but Streamlit's own socket is touched.
LATE = """
const { set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage")
Object.defineProperty(WebSocket.prototype, "onmessage", {
  set(listen) { set.call(this, (event) => setTimeout(() => listen.call(this, event), %d)) },
})
"""


@pytest.mark.parametrize("milliseconds", [0, pytest.param(300, marks=pytest.mark.slow)])
def test_back_before_the_server_has_answered_retraces_the_same(frame, milliseconds):
    frame.page.add_init_script(LATE % milliseconds)
    frame.goto("tokens?token=4")
    frame.token(7).click()
    expect(frame.page).to_have_url(re.compile("token=7"))
    frame.tab("Attention").click()
    for token in (7, 4):
        frame.page.go_back()
        expect(frame.page).to_have_url(re.compile(f"/tokens.*token={token}"), timeout=500)
    frame.page.wait_for_timeout(4 * milliseconds)  # whatever the server still has to say
    expect(frame.page).to_have_url(re.compile("/tokens.*token=4"))
    expect(frame.token(4)).to_have_attribute("aria-selected", "true")
    frame.page.go_forward()
    frame.page.go_forward()
    expect(frame.tab("Attention")).to_have_attribute("aria-current", "page")
    expect(frame.token(7)).to_have_attribute("aria-selected", "true")


def test_the_address_follows_a_pin_within_a_third_of_a_second(frame):
    frame.goto("tokens")
    waited = frame.page.evaluate(
        """async () => {
          const root = [...document.querySelectorAll('[data-testid=stMain] *')]
            .find(node => node.shadowRoot).shadowRoot;
          root.querySelectorAll('.stage-area [role=option]')[3].click();
          const start = performance.now();
          while (!location.search.includes('token=3') && performance.now() - start < 3000)
            await new Promise(go => setTimeout(go, 10));
          return performance.now() - start;
        }"""
    )
    assert waited < 300


def test_the_app_works_below_a_path_and_behind_a_proxy_that_takes_a_prefix_off(serve, page):
    server = serve("app.py", fresh=True, options={"server.baseUrlPath": "lab"})
    port = int(server.url.rsplit(":", 1)[1])
    with stripping("/outer", port) as proxy:
        for url in (f"{server.url}/lab", f"{proxy}/lab"):
            frame = Frame(page, url).goto("tokens?token=4")
            expect(frame.inspector).to_contain_text("token 4")
            frame.tab("Attention").click()
            expect(frame.page.locator(".of-heads [role=gridcell]").first).to_be_visible()
            expect(page).to_have_url(re.compile(re.escape(f"{url}/attention?")))
            frame.button("bits", exact=True).click()
            expect(page).to_have_url(re.compile("unit=bits"))
        page.close()
    server.stop()


def status(url: str, host: str) -> int:
    request = urllib.request.Request(url, headers={"Host": host})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return answer.status
    except HTTPError as error:
        return error.code


def test_every_route_refuses_the_name_of_another_host(url):
    for path in ("", "tokens", "data/x/text", "events/x", "assets/x/frame.js", "pattern/x"):
        assert status(f"{url}/{path}", "evil.example") == 400
    assert status(f"{url}/", "localhost") == 200


def _walk(seed: int) -> list[list]:
    chance = random.Random(seed)
    kinds = [".tab", ".stage-area [role=option]"]
    return [[chance.choice(kinds), chance.randrange(9), chance.randrange(250)] for _ in range(60)]


WALK = """async (steps) => {
  const all = () => [...document.querySelectorAll('[data-testid=stMain] *')];
  const root = () => all().find(node => node.shadowRoot).shadowRoot;
  const first = root();
  for (const [what, which, wait] of steps) {
    const found = root().querySelectorAll(what);
    found[which % found.length]?.click();
    await new Promise(go => setTimeout(go, wait));
  }
  await new Promise(go => setTimeout(go, 1000));
  const options = [...root().querySelectorAll('.stage-area [role=option]')];
  const pin = options.findIndex(each => each.getAttribute('aria-selected') === 'true');
  const tabs = [...root().querySelectorAll('.tab[aria-current]')];
  return {same: root() === first, lens: new URL(tabs.at(-1).href).pathname, at: location.pathname,
          // A lens without a text has no token to be pinned.
          pin: options.length ? pin : null,
          token: options.length ? Number(new URLSearchParams(location.search).get('token')) : null};
}"""


def check_walk(frame: Frame, seed: int) -> None:
    """Sixty quick presses of tabs and tokens; a second later screen and address agree."""
    frame.goto("tokens")
    found = frame.page.evaluate(WALK, _walk(seed))
    assert found["same"], "the frame was built anew"
    assert found["lens"] == found["at"]
    assert found["pin"] == found["token"]


def test_after_sixty_quick_presses_screen_and_address_agree(frame):
    check_walk(frame, 3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_after_many_more_quick_presses_too(frame, seed):
    check_walk(frame, 100 + seed)
