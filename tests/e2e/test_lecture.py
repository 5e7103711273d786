"""Lecture mode on every lens: large, bare, one step a key; and a lecture of five minutes."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from components.menu import all_pages
from tests.e2e.frame import Frame

LENSES = [each.path for each in all_pages() if each.lens is not None]
SIZE = {"width": 1280, "height": 720}
CHROME = (".topbar", ".reading-line", ".tabs")


@pytest.fixture
def lecture(frame: Frame) -> Callable[..., Frame]:
    """Return a function that opens a page and begins a lecture by its key."""
    frame.page.set_viewport_size(SIZE)

    def begin(path: str = "tokens", key: str = "l") -> Frame:
        frame.goto(path)
        frame.page.keyboard.press(key)
        expect(frame.page.locator(".frame.lecture")).to_be_visible()
        return frame

    return begin


def type_size(frame: Frame) -> str:
    return frame.page.evaluate("getComputedStyle(document.documentElement).fontSize")


def test_l_takes_the_chrome_away_and_makes_type_half_as_large_again(lecture):
    frame = lecture()
    assert type_size(frame) == "24px"
    for each in CHROME:
        expect(frame.page.locator(each).first).to_be_hidden()
    expect(frame.page).to_have_url(re.compile("lecture=on"))
    frame.page.keyboard.press("Escape")
    assert type_size(frame) == "16px"
    expect(frame.page.locator(".topbar")).to_be_visible()
    expect(frame.page).not_to_have_url(re.compile("lecture"))


def test_text_and_captions_have_strong_contrast(lecture):
    frame = lecture()
    colours = frame.inspector.evaluate(
        "node => ['--ink', '--quiet'].map(name => getComputedStyle(node).getPropertyValue(name))"
    )
    assert colours[0] == "#000000"
    assert max(int(colours[1][at : at + 2], 16) for at in (1, 3, 5)) < 64  # above 10 : 1 on white


@pytest.mark.parametrize(
    ("on", "back"), [("PageDown", "PageUp"), ("ArrowRight", "ArrowLeft")], ids=["clicker", "arrows"]
)
def test_one_key_is_one_step(lecture, on, back):
    frame = lecture("tokens?token=4")
    frame.page.keyboard.press(on)
    frame.page.keyboard.press(on)
    assert frame.pinned == 6
    frame.page.keyboard.press(back)
    assert frame.pinned == 5


def test_b_blanks_the_screen_and_the_next_key_only_brings_it_back(lecture):
    frame = lecture("tokens?token=4")
    curtain = frame.page.locator(".curtain")
    frame.page.keyboard.press("b")
    expect(curtain).to_be_visible()
    frame.page.keyboard.press("PageDown")
    expect(curtain).to_be_hidden()
    assert frame.pinned == 4
    frame.page.keyboard.press(".")
    frame.page.keyboard.press("b")
    expect(curtain).to_be_hidden()


def test_no_key_acts_while_one_types(lecture, frame):
    frame.page.set_viewport_size(SIZE)
    frame.goto("?token=4")
    box = frame.page.get_by_label("Your text")
    box.press_sequentially("l")
    expect(frame.page.locator(".frame.lecture")).to_have_count(0)
    frame.goto("?token=4&lecture=on")
    box.focus()
    for key in ("b", "q", "n", "PageDown", "ArrowRight"):
        box.press(key)
    expect(frame.page.locator(".curtain")).to_be_hidden()
    expect(frame.page.locator("dialog.qr")).to_have_count(0)
    assert len(frame.page.context.pages) == 1
    assert frame.pinned == 4


def test_the_code_holds_what_is_on_screen(lecture, new_context):
    frame = lecture("tokens?example=text_code&token=4&unit=bits")
    frame.page.keyboard.press("PageDown")
    frame.page.keyboard.press("q")
    picture = frame.page.get_by_alt_text("QR code")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("node => node.naturalWidth") > 0
    address = frame.page.locator(".qr-address").inner_text()
    assert address in picture.evaluate("node => new URL(node.src).searchParams.get('text')")
    phone = Frame(new_context().new_page(), "")
    phone.page.goto(address)
    expect(phone.token(5)).to_have_attribute("aria-selected", "true")
    assert phone.parameter("unit") == "bits"
    expect(phone.page.locator(".topbar")).to_be_visible()


def test_notes_and_timer_stand_in_a_window_of_their_own_whose_keys_work_too(lecture):
    frame = lecture("tokens?example=text_fact&token=4")
    with frame.page.context.expect_page() as opened:
        frame.page.keyboard.press("n")
    notes = opened.value
    expect(notes.get_by_role("timer")).to_have_text(re.compile(r"0:0\d"))
    expect(notes.locator(".now")).to_contain_text("Paris and Rome come as expected")
    own = notes.get_by_label("Your own notes")
    own.fill("Ask who was sure.")
    own.press("PageDown")  # typing
    notes.get_by_role("timer").click()
    notes.locator("body").press("PageDown")
    expect(frame.token(5)).to_have_attribute("aria-selected", "true")
    expect(notes.locator(".place")).to_have_text("token 5 of 37")
    notes.close()
    frame.page.wait_for_timeout(500)  # until the page knows
    with frame.page.context.expect_page() as opened:
        frame.page.keyboard.press("n")
    expect(opened.value.get_by_label("Your own notes")).to_have_value("Ask who was sure.")


def test_a_light_follows_the_cursor(lecture):
    frame = lecture()
    frame.page.mouse.move(400, 300)
    frame.page.mouse.move(420, 310)
    light = frame.page.locator(".laser")
    assert "420px, 310px" in light.evaluate("node => node.style.transform")
    expect(light).to_have_css("opacity", "1")


@pytest.mark.parametrize(
    "paths",
    [LENSES[::15], pytest.param(LENSES, marks=pytest.mark.slow)],
    ids=["a few", "all"],
)
def test_it_works_on_every_lens(frame, paths):
    frame.page.set_viewport_size(SIZE)
    for path in paths:
        frame.page.goto(f"{frame.url}/{path}?lecture=on")
        expect(frame.page.locator(".frame.lecture .stage-area figure").first).to_be_visible()
        expect(frame.page.locator(".topbar")).to_be_hidden()
        frame.page.keyboard.press("PageDown")
        wide = frame.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path


def open_by_search(frame: Frame, text: str, group: str) -> None:
    frame.page.keyboard.press("Control+k")
    frame.page.get_by_role("combobox", name="Search").fill(text)
    first = frame.page.locator(".palette").get_by_role("option").first
    expect(first).to_contain_text(re.compile(f"{text}.*{group}$", re.IGNORECASE))
    frame.page.keyboard.press("Enter")
    expect(frame.page.locator(".body.leaving")).to_have_count(0)


@pytest.mark.slow
def test_a_lecture_of_five_minutes(lecture):
    """The class guesses; entropy as width; an own sentence; one head; two samplers; a question."""
    frame = lecture("")
    page = frame.page
    words = page.locator(".lesson-words")

    # 0:00 The class guesses: what each guess would cost, then the bars.
    open_by_search(frame, "guess the next word", "Lesson")
    expect(words).to_contain_text("A language model does one thing")
    expect(frame.token(0)).to_have_text("Once")
    expect(frame.token(5)).to_have_class(re.compile("covered"))
    expect(frame.inspector).to_be_hidden()
    page.get_by_placeholder("Your guess").fill("lived")
    page.keyboard.press("Enter")
    expect(page.locator(".guesses li")).to_contain_text("nats")
    page.get_by_role("button", name="Show what came").click()
    expect(frame.inspector).to_be_visible()
    expect(frame.token(5)).not_to_have_class(re.compile("covered"))

    # 0:45 Entropy as width, by sliders on a real token.
    open_by_search(frame, "how wide is a distribution", "Lesson")
    expect(words).to_contain_text("134 equal choices")
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    expect(page.locator(".of-playground")).to_contain_text("Paris")
    assert page.locator(".of-playground").get_by_role("slider").count() >= 6

    # 1:30 An own sentence, live; the most surprising word is open.
    open_by_search(frame, "start", "Page")
    box = page.get_by_label("Your text")
    box.fill("My cat reads Kant and prefers hats.")
    box.press("Control+Enter")
    expect(page.locator(".stage-area .strip-text")).to_contain_text("Kant", timeout=90_000)
    expect(frame.inspector).to_contain_text("came, its")
    expect(page.locator(".lesson")).to_be_hidden()
    box.blur()

    # 2:30 Where did it look? One head, one word.
    open_by_search(frame, "where did it look", "Lesson")
    expect(words).to_contain_text("L16.H0")
    expect(frame.token(36)).to_have_attribute("aria-selected", "true")
    expect(page.locator(".side-area .figure").first).to_be_visible()
    page.keyboard.press("PageDown")
    expect(words).to_contain_text("L17.H5")
    frame.token(21).click()
    expect(page.locator(".lesson-reply.right")).to_be_visible()

    # 3:30 Two samplers race; stop at the fork.
    open_by_search(frame, "taming luck", "Lesson")
    expect(words).to_contain_text("same luck")
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    expect(words).to_contain_text("Press play")
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    page.locator("#r0s8").click()
    expect(page.locator(".lesson-reply.right")).to_be_visible()

    # 4:30 A question to take home, and where it is.
    page.keyboard.press("q")
    expect(page.locator(".qr-address")).to_contain_text("lesson=taming_luck.3")
    expect(page.get_by_alt_text("QR code")).to_have_js_property("complete", True)
    page.keyboard.press("Escape")
    expect(page.locator(".frame.lecture")).to_be_visible()
