"""The text box in a real browser."""

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def box_page(page: Page, serve) -> Page:
    page.goto(serve("tests/e2e/apps/text_box_app.py").url)
    expect(page.get_by_text("characters: 11")).to_be_visible()
    return page


def test_the_script_hears_of_typing_before_the_box_is_left(box_page: Page):
    area = box_page.get_by_label("Text to read")
    area.press_sequentially("ab")
    expect(box_page.get_by_text("characters: 13")).to_be_visible()
    expect(area).to_be_focused()


def test_no_keystroke_is_lost_while_the_script_runs(box_page: Page):
    area = box_page.get_by_label("Text to read")
    area.fill("")
    typed = "the quick brown fox jumps over the lazy dog " * 4
    # Bursts with pauses longer than the 300 ms of rest, so that reports and keys interleave.
    for burst in typed.split("fox"):
        area.press_sequentially(burst, delay=15)
        box_page.wait_for_timeout(320)
    expected = typed.replace("fox", "")
    expect(area).to_have_value(expected)
    expect(box_page.get_by_text(f"characters: {len(expected)}")).to_be_visible()


def test_an_example_replaces_the_text_and_can_be_edited_on(box_page: Page):
    area = box_page.get_by_label("Text to read")
    area.fill("mine")
    expect(box_page.get_by_text("read: 'mine'")).to_be_visible()
    box_page.get_by_role("button", name="Example").click()
    expect(area).to_have_value("An example with <b>tags</b>.")
    area.press("End")
    area.press_sequentially("!")
    expect(box_page.get_by_text("read: 'An example with <b>tags</b>.!'")).to_be_visible()


def test_the_same_example_can_be_chosen_again_after_an_edit(box_page: Page):
    area = box_page.get_by_label("Text to read")
    for _ in range(2):
        box_page.get_by_role("button", name="Example").click()
        expect(area).to_have_value("An example with <b>tags</b>.")
        area.fill("edited")
        expect(box_page.get_by_text("read: 'edited'")).to_be_visible()


def test_control_enter_submits_once_with_the_newest_text(box_page: Page):
    area = box_page.get_by_label("Text to read")
    area.fill("newest")
    area.press("Control+Enter")
    expect(box_page.get_by_text("submits: 1")).to_be_visible()
    expect(box_page.get_by_text("read: 'newest'")).to_be_visible()


def test_leaving_the_box_reports_at_once(box_page: Page):
    box_page.get_by_label("Text to read").fill("left")
    box_page.get_by_label("Text to read").blur()
    expect(box_page.get_by_text("read: 'left'")).to_be_visible()


def test_typed_letters_do_not_trigger_shortcuts_of_the_page(box_page: Page):
    area = box_page.get_by_label("Text to read")
    area.fill("")
    area.press_sequentially("crc")
    expect(area).to_have_value("crc")
    expect(box_page.get_by_role("dialog")).to_have_count(0)
