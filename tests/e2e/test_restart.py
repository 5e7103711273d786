"""What an open page does when its server is gone, and when it is back."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.e2e.frame import Frame

MODEL_MILLISECONDS = 60_000
STILL_MILLISECONDS = 5_000  # longer than a report waits for its answer
TEXT = "A heron waits by the river."


def test_a_draft_outlives_a_reload_until_it_is_given_up(frame):
    frame.goto("tokens")
    frame.button("Edit").click()
    before = frame.page.locator(".edit-form textarea").input_value()
    frame.page.locator(".edit-form textarea").fill(TEXT)
    frame.goto("tokens").button("Edit").click()
    expect(frame.page.locator(".edit-form textarea")).to_have_value(TEXT)
    frame.button("Cancel").click()
    frame.button("Edit").click()
    expect(frame.page.locator(".edit-form textarea")).to_have_value(before)


@pytest.mark.slow  # the short forms are in tests/browser/test_reports.py
def test_a_page_whose_server_was_killed_says_so_keeps_the_draft_and_asks_once_when_it_is_back(
    page, serve, tiny_folder, nothing_went_wrong
):
    server = serve("app.py", fresh=True)
    frame = Frame(page, server.url)
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(data)))
    frame.goto(f"tokens?model={quote(str(tiny_folder('llama')), safe='')}")
    frame.button("Edit").click()
    box = page.locator(".edit-form textarea")
    box.fill(TEXT)
    server.kill()
    lost = page.get_by_role("alert").filter(has_text="The server does not answer.")
    expect(lost).to_be_visible()
    page.wait_for_timeout(STILL_MILLISECONDS)
    expect(page.get_by_role("dialog")).to_have_count(0)  # Streamlit's own would cover the page
    expect(box).to_have_value(TEXT)
    sent.clear()
    box.press("Control+Enter")
    server.start()
    expect(lost).to_be_hidden(timeout=MODEL_MILLISECONDS)
    expect(page).to_have_url(re.compile(r"[?&]run="), timeout=MODEL_MILLISECONDS)
    assert frame.text.split() == TEXT.split()
    page.wait_for_timeout(STILL_MILLISECONDS)
    assert 1 <= sum(TEXT.encode() in each for each in sent) <= 2  # again only if it was lost
    count = len(sent)
    page.wait_for_timeout(STILL_MILLISECONDS)
    assert len(sent) == count
    nothing_went_wrong.seen.clear()  # the browser tells of every try
