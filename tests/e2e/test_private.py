"""Among others: a run is its reader's alone until they share it, and again after that."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import expect

WORDS = "Private words of mine, here."


@pytest.fixture
def public(serve, monkeypatch, tmp_path):
    monkeypatch.setenv("ENTROSCOPE_MODE", "public")
    monkeypatch.setenv("ENTROSCOPE_DATA_DIR", str(tmp_path))
    hosts = "localhost 127.0.0.1 reader.test"
    monkeypatch.setenv("STREAMLIT_SERVER_ALLOWED_HOSTS", hosts)
    assert os.environ["ENTROSCOPE_MODE"] == "public"
    server = serve("app.py", fresh=True)
    yield server
    server.stop()


@pytest.mark.slow
def test_a_private_run_is_shared_by_a_link_taken_back_and_left_behind(public, browser):
    def reader(address):
        page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
        page.goto(address)
        expect(page.locator(".head-text")).to_be_visible()
        return page

    ann = reader(f"{public.url}/tokens")
    cookie = next(k for k in ann.context.cookies() if k["name"] == "entroscope_reader")
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, False, "Lax")
    ann.get_by_role("button", name="Edit").click()
    ann.locator("textarea").first.fill(WORDS)
    ann.keyboard.press("Control+Enter")
    expect(ann.locator(".count").first).to_have_text("7 tokens")
    ann.wait_for_url("**run=*")
    with ann.expect_response("**/data/**"):
        ann.reload()
    ben = reader(ann.url)
    expect(ben.locator(".notice")).to_contain_text("not saved")
    expect(ben.locator(".head-text")).not_to_have_text(WORDS)

    ann.get_by_role("button", name="Link", exact=True).click()
    ann.get_by_role("button", name="Share this run").click()
    ann.wait_for_url("**run=shared-*")
    shared = ann.url
    ben = reader(shared)
    expect(ben.locator(".head-text")).to_have_text(WORDS)

    ann.locator(".notice").get_by_role("button", name="Undo").click()
    ann.wait_for_url("**run=saved-*")
    expect(reader(shared).locator(".notice")).to_contain_text("not saved")

    ann.locator("button.theme").click()
    ann.get_by_text("Leave this computer").click()
    ann.get_by_role("button", name="Leave", exact=True).click()
    expect(ann.locator(".notice")).to_have_count(0)
    expect(ann.locator(".head-text")).not_to_have_text(WORDS)
    after = next(k for k in ann.context.cookies() if k["name"] == "entroscope_reader")
    assert after["value"] != cookie["value"]
