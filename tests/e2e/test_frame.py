"""The frame in a real browser: deep links, lenses, history, editing, themes, narrow windows."""

from __future__ import annotations

import random
import re

import pytest
from playwright.sync_api import expect

from components.menu import all_pages
from tests.e2e.frame import Frame

PAGES = {each.path: each for each in all_pages()}
SIZES = [(1280, 720), (1440, 900), (1024, 768), (800, 900), (390, 844)]


@pytest.mark.parametrize("page_path", PAGES)
def test_a_deep_link_is_the_first_request_of_a_server(serve, page, page_path):
    server = serve("app.py", fresh=True)
    page.goto(f"{server.url}/{page_path}?unit=bits")
    expect(page.get_by_role("button", name="bits")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_title(f"{PAGES[page_path].title} · Entroscope")
    expect(page.get_by_test_id("stDialog")).to_have_count(0)
    page.close()
    server.stop()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("trajectories", "samplers"),
        ("dataset", "data_set"),
        ("tokens", "tokens"),
        ("attention", "attention"),
        ("library", "library"),
    ],
)
def test_old_addresses_lead_to_the_page_of_today(frame, old, new):
    frame.page.goto(f"{frame.url}/{old}?unit=bits")
    expect(frame.page).to_have_url(re.compile(rf"/{new}\?.*unit=bits"))


def test_text_pin_unit_and_model_stay_when_the_lens_changes(frame):
    frame.goto("tokens?example=text_code&token=4&unit=bits")
    before = frame.text
    for name in ("Attention", "Layers", "Tokens"):
        frame.tab(name).click()
        expect(frame.tab(name)).to_have_attribute("aria-current", "page")
        expect(frame.token(4)).to_have_attribute("aria-selected", "true")
        assert frame.text.split() == before.split()
        assert frame.parameter("unit") == "bits"
        assert frame.parameter("example") == "text_code"


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


def test_the_most_surprising_token_is_pinned_at_first_and_escape_goes_back_to_it(frame):
    frame.goto("tokens?example=text_garden_path")
    first = frame.pinned
    assert first > 0
    frame.token(first - 1).click()
    assert frame.pinned == first - 1
    frame.page.keyboard.press("Escape")
    assert frame.pinned == first


@pytest.mark.model
def test_an_edited_text_is_read_in_place_and_the_old_one_stays_until_then(frame):
    frame.goto("tokens")
    frame.button("Edit").click()
    box = frame.page.locator(".edit-form textarea")
    expect(box).to_be_focused()
    box.fill("The bank by the river was closed.")
    expect(frame.page.locator(".edit-form .count")).to_have_text(re.compile(r"8.* tokens"))
    box.press("Control+Enter")
    expect(frame.tokens).to_have_count(8)
    assert "bank" in frame.text
    expect(frame.page).to_have_url(re.compile("run="))
    frame.page.reload()
    expect(frame.tokens).to_have_count(8)


def test_escape_gives_an_edit_up(frame):
    frame.goto("tokens")
    before = frame.text
    frame.button("Edit").click()
    frame.page.locator(".edit-form textarea").fill("Something else.")
    frame.page.keyboard.press("Escape")
    expect(frame.page.locator(".edit-form")).to_have_count(0)
    assert frame.text == before


@pytest.mark.model
def test_a_lens_without_its_numbers_offers_to_measure_them(frame):
    frame.goto("tokens")
    frame.run("A heron waits by the river.")
    expect(frame.page).to_have_url(re.compile("run="))
    frame.tab("Attention").click()
    expect(frame.token(0)).to_be_visible()
    frame.button("Measure attention for this text").click()
    expect(frame.page.locator(".of-heads")).to_be_visible()


def test_an_empty_text_is_refused_in_one_line_and_nothing_is_lost(frame):
    frame.goto("tokens")
    before = frame.text
    frame.run("")
    expect(frame.notice).to_contain_text("Text is empty")
    assert frame.text == before


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
          pin, token: Number(new URLSearchParams(location.search).get('token'))};
}"""


def check_walk(frame: Frame, seed: int) -> None:
    """Sixty quick presses of tabs and tokens; a second later screen and address agree."""
    frame.goto("tokens")
    found = frame.page.evaluate(WALK, _walk(seed))
    assert found["same"], "the frame was built anew"
    assert found["lens"] == found["at"]
    assert found["pin"] == found["token"]


@pytest.mark.parametrize("seed", [3, 7])
def test_after_sixty_quick_presses_screen_and_address_agree(frame, seed):
    check_walk(frame, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_after_many_more_quick_presses_too(frame, seed):
    check_walk(frame, 100 + seed)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("path", ["tokens", "attention", "residual_norms", ""])
def test_nothing_overflows_sideways_and_a_short_text_needs_no_scrolling(frame, width, height, path):
    frame.page.set_viewport_size({"width": width, "height": height})
    frame.goto(path)
    frame.page.wait_for_timeout(300)
    over = frame.page.evaluate(
        "[document.documentElement, document.querySelector('[data-testid=stMain]')]"
        ".map(node => [node.scrollWidth - node.clientWidth, node.scrollHeight - node.clientHeight])"
    )
    assert over[0][0] <= 0
    assert over[1][0] <= 0
    if height >= 700:
        assert over[1][1] <= 0
    last = frame.token(3).bounding_box()
    assert last["y"] + last["height"] < height


def test_dark_mode_follows_the_system(dark_page, url):
    frame = Frame(dark_page, url).goto("tokens")
    colour = frame.page.locator(".frame").evaluate("node => getComputedStyle(node).backgroundColor")
    assert max(int(each) for each in re.findall(r"\d+", colour)[:3]) < 60


def test_a_chosen_theme_stays_on_every_page_and_loses_nothing(frame):
    frame.goto("tokens?token=5&unit=bits")
    frame.button("Theme").click()
    frame.item("Dark").click()
    expect(frame.token(5)).to_have_attribute("aria-selected", "true")
    for path in ("tokens?token=5&unit=bits", "attention"):
        frame.goto(path)
        colour = frame.page.locator(".frame").evaluate(
            "node => getComputedStyle(node).backgroundColor"
        )
        assert max(int(each) for each in re.findall(r"\d+", colour)[:3]) < 60


def test_two_readers_do_not_see_each_others_choices(new_context, url):
    first, second = (Frame(new_context().new_page(), url) for _ in range(2))
    first.goto("tokens?token=3")
    second.goto("tokens?token=9&unit=bits")
    first.token(6).click()
    expect(first.page).to_have_url(re.compile("token=6"))
    assert second.pinned == 9
    assert first.parameter("unit") is None


def test_the_text_is_within_five_stops_of_the_start(frame):
    frame.goto("tokens")
    for _ in range(2):
        frame.page.keyboard.press("Tab")
        if (
            frame.page.evaluate(
                "() => { let at = document.activeElement;"
                " while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;"
                " return at?.textContent }"
            )
            == "To the text"
        ):
            break
    frame.page.keyboard.press("Enter")
    frame.page.keyboard.press("ArrowRight")
    assert frame.page.locator("[role=listbox]:focus").count() == 1
