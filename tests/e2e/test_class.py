"""A lecture: one teacher and students, over plain http under a name that is not localhost."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from components.menu import all_pages
from tests.chromium import CLASS_HOST
from tests.e2e.conftest import ROOT, Server
from tests.e2e.frame import Frame

KEY = "the key of this class"
GAP = "tokens?example=text_guess&token=10&cover=11&lesson=guess_the_next_word.2"
CLICK = "tokens?example=text_guess&token=1&metric=surprisal&lesson=guess_the_next_word.5"
COMPARE = next(each for each in all_pages() if each.path == "compare")
A_WHILE = 90_000  # milliseconds in which a busy machine loads the model


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for a class."""
    folder = tmp_path_factory.mktemp("class")
    env = {
        "ENTROSCOPE_MODE": "class",
        "ENTROSCOPE_TEACHER_KEY": KEY,
        "ENTROSCOPE_ADDRESS": f"http://{CLASS_HOST}:8501",
        "ENTROSCOPE_DATA_DIR": str(folder / "data"),
        "STREAMLIT_SERVER_ALLOWED_HOSTS": f"{CLASS_HOST} 127.0.0.1",
    }
    options = {"server.address": "0.0.0.0"}  # noqa: S104
    server = Server(ROOT / "app.py", folder / "log.txt", options, env=env)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def lecture_hall(server: Server) -> str:
    """Return where a class is served: an address with another name."""
    return server.url.replace("127.0.0.1", CLASS_HOST)


@pytest.fixture
def come(
    lecture_hall: str, new_context: Callable[..., BrowserContext], nothing_went_wrong
) -> Callable[..., Frame]:
    """Return a function that brings a browser of its own to a place; the teacher's has the key."""

    def bring(place: str = "tokens?example=text_fact", key: str = "") -> Frame:
        context = new_context()
        nothing_went_wrong.over(context)
        page = context.new_page()
        if key:
            page.goto(f"{lecture_hall}/teach?key={key}")
        frame = Frame(page, lecture_hall)
        page.goto(f"{lecture_hall}/{place}")
        expect(page.locator(".topbar")).to_be_visible()
        return frame

    return bring


@pytest.fixture
def teacher(come: Callable[..., Frame]) -> Iterator[Frame]:
    """The teacher, at a question; at the end nothing is open and nobody is carried."""
    frame = come(GAP, KEY)
    yield frame
    for what, said in (("follow", '{"look": null}'), ("away", "{}")):
        act(frame.page, what, said)


def act(page: Page, what: str, said: str) -> int:
    """Ask the server for something, as the browser's own code does; return the status."""
    code = """([what, body]) => fetch(`/class/${what}`, {
      method: 'POST', headers: {'X-Entroscope': '1'}, body}).then(answer => answer.status)"""
    return page.evaluate(code, [what, said])


def band(frame: Frame):
    return frame.page.locator(".band")


def class_menu(frame: Frame):
    return frame.page.locator(".class-chip").get_by_role("button", name="Class")


def guess(frame: Frame, word: str) -> None:
    field = frame.page.get_by_label("Your answer to the class")
    field.fill(word)
    field.press("Enter")
    expect(band(frame)).to_contain_text(f"Your answer: “{word}”")


def test_a_question_is_answered_on_any_screen_changed_and_shown_once_it_is_closed(teacher, come):
    ann, bob = come("papers"), come("tokens?example=text_code")
    assert not ann.page.evaluate("isSecureContext")
    teacher.button("Ask the class").click()
    for each in (ann, bob):
        expect(band(each)).to_contain_text("Once upon a time there was a king who had three")
        expect(band(each)).not_to_contain_text("daughters")
    guess(ann, "sons")
    guess(bob, "unicorns")
    guess(ann, "daughters")
    expect(band(teacher)).to_contain_text("2 answers")
    bars = band(teacher).get_by_role("img")
    expect(bars).to_have_attribute("aria-label", re.compile(r"2 to 3 nats: 1; Rarer.*: 1$"))
    expect(ann.page.locator(".histogram")).to_have_count(0)

    teacher.page.reload()
    expect(band(teacher)).to_contain_text("2 answers")
    teacher.button("Close and show").click()
    expect(band(ann)).to_contain_text(re.compile(r"Your answer: “daughters” · 2\.2\snats"))
    expect(band(bob)).to_contain_text("Sons were likelier")
    expect(band(bob).locator(".marked")).to_contain_text("“daughters” came")

    class_menu(teacher).click()
    with teacher.page.expect_download() as waiting:
        teacher.item("Answers as CSV").click()
    rows = list(csv.DictReader(waiting.value.path().open(encoding="utf-8", newline="")))
    assert [(each["reader"], each["answer"]) for each in rows[-2:]] == [
        ("1", "daughters"),
        ("2", "unicorns"),
    ]
    teacher.button("Done").click()
    expect(band(ann)).to_be_hidden()


@pytest.mark.slow
def test_a_place_is_chosen_in_the_picture_and_nobody_is_told_which_is_right(come, teacher):
    teacher.page.goto(f"{teacher.url}/{CLICK}")
    ann = come()
    teacher.button("Ask the class").click()
    band(ann).get_by_role("button", name="Go to the picture").click()
    expect(band(ann)).to_contain_text("Click a place")
    ann.token(14).click()
    band(ann).get_by_role("button", name="Answer").click()
    expect(band(ann)).to_contain_text("Your answer: “youngest” 14")
    ann.token(21).click()
    band(ann).get_by_role("button", name="Answer").click()
    expect(band(ann)).to_contain_text("Your answer: “arithmetic” 21")
    expect(ann.page.locator(".lesson-reply")).to_have_count(0)
    expect(band(teacher)).to_contain_text("“arithmetic” 21")
    expect(band(teacher)).to_contain_text("1 answer")
    teacher.button("Close and show").click()
    expect(band(ann)).to_contain_text("✓ right")


def test_all_are_carried_to_the_teachers_lens_text_and_pin_and_each_may_let_go(teacher, come):
    ann = come()
    teacher.page.goto(f"{teacher.url}/tokens?example=text_code&token=4")
    expect(teacher.token(4)).to_have_attribute("aria-selected", "true")
    teacher.button("Follow me").click()
    expect(ann.page).to_have_url(re.compile("example=text_code"))
    expect(ann.token(4)).to_have_attribute("aria-selected", "true")
    teacher.token(6).click()
    expect(ann.token(6)).to_have_attribute("aria-selected", "true")
    teacher.run("My cat reads Kant and prefers hats.")
    expect(ann.page.locator(".stage-area .strip-text")).to_contain_text("Kant", timeout=A_WHILE)

    ann.button("Following").click()
    teacher.tab("Attention").click()
    expect(teacher.page).to_have_url(re.compile("/attention"))
    ann.page.wait_for_timeout(500)
    assert ann.path == "/tokens"
    ann.button("Follow", exact=True).click()
    expect(ann.page).to_have_url(re.compile("/attention"))
    expect(ann.token(0)).to_contain_text("My")

    teacher.visit(COMPARE)
    expect(ann.page).to_have_url(re.compile(r"/compare\?.*a=run.*b=run"))
    expect(ann.page.locator(".stage-area [role=option]").first).to_be_visible()
    teacher.group("Read").click()
    expect(ann.page).to_have_url(re.compile(r"/(tokens|attention)"))

    ann.tab("Tokens").click()  # who goes elsewhere lets go
    expect(ann.button("Follow", exact=True)).to_be_visible()
    bob = come("papers")  # who comes late comes along
    expect(bob.token(0)).to_contain_text("My")
    teacher.button("Follow me").click()
    expect(bob.button("Following")).to_be_hidden()


def test_one_joins_by_the_code_and_a_link_is_copied_without_a_secure_connection(teacher, come):
    class_menu(teacher).click()
    teacher.item("Show how to join").click()
    picture = teacher.page.get_by_alt_text("QR code")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("node => node.naturalWidth") > 0
    address = teacher.page.locator(".qr-address").inner_text()
    assert address == f"http://{CLASS_HOST}:8501"
    assert picture.evaluate("node => new URL(node.src).searchParams.get('text')") == address
    teacher.page.keyboard.press("Escape")
    ann = come()
    expect(class_menu(teacher)).to_contain_text("Class 1")
    ann.button("Link", exact=True).click()
    expect(ann.notice.last).to_contain_text("Link copied")
    ann.page.goto(f"{ann.url}/")
    ann.page.get_by_label("Your text").fill("")
    ann.page.get_by_label("Your text").press("Control+V")
    copied = urlsplit(ann.page.get_by_label("Your text").input_value())
    assert (copied.hostname, copied.port, copied.path) == (CLASS_HOST, 8501, "/tokens")
    assert "example=text_fact" in copied.query


def test_what_a_teacher_does_is_refused_to_a_student(teacher, come, nothing_went_wrong):
    ann = come()
    expect(ann.page.locator(".class-chip button:visible")).to_have_count(0)
    for what in ("ask", "close", "reopen", "away", "follow"):
        said = '{"lesson": "guess_the_next_word", "step": 1, "look": "tokens"}'
        assert act(ann.page, what, said) == 403
    nothing_went_wrong.seen.clear()  # the browser tells of each refusal
    expect(band(ann)).to_be_hidden()


@pytest.mark.slow
def test_the_tabs_of_a_browser_share_one_stream_and_another_takes_over(teacher, come):
    first = come("papers")
    context = first.page.context
    under_way: list = []
    context.on("request", lambda each: "class/events" in each.url and under_way.append(each))
    context.on("requestfailed", lambda each: each in under_way and under_way.remove(each))
    others = [Frame(context.new_page(), first.url) for _ in range(2)]
    for each in others:
        each.page.goto(f"{first.url}/papers")
        expect(each.page.locator(".topbar")).to_be_visible()
    first.page.wait_for_timeout(1000)
    assert len(under_way) == 1
    teacher.button("Ask the class").click()
    for each in (first, *others):
        expect(band(each)).to_be_visible()
    others[1].page.close()  # it had the stream
    teacher.button("Close and show").click()
    expect(band(first)).to_contain_text("Closed")
    first.page.wait_for_timeout(500)
    assert len({each for each in under_way if each.frame.page != others[1].page}) == 1


@pytest.mark.slow
def test_question_answer_and_what_is_followed_outlive_a_restart(
    teacher, come, server, nothing_went_wrong
):
    ann = come("papers")
    teacher.button("Ask the class").click()
    guess(ann, "sons")
    teacher.button("Follow me").click()
    expect(ann.page).to_have_url(re.compile("example=text_guess"))
    server.stop()
    server.start()
    teacher.page.reload()
    expect(band(teacher)).to_contain_text("1 answer")
    expect(teacher.button("Follow me")).to_have_attribute("aria-pressed", "true")
    teacher.button("Close and show").click()
    expect(band(ann)).to_contain_text(re.compile("Your answer: “sons” · 0\\.9"))  # without a reload
    nothing_went_wrong.seen.clear()  # the pages noticed that the server was gone


def test_a_local_server_shows_nothing_of_a_class(frame):
    asked: list[str] = []
    frame.page.on("request", lambda each: asked.append(each.url))
    frame.goto(GAP)
    expect(frame.button("Next")).to_be_visible()
    assert frame.page.locator(".band, .class-chip, .ask-class").count() == 0
    assert not [each for each in asked if "/class" in each]
