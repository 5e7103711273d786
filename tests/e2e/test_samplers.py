"""Samplers in the app: prompt, run, rows that fill, pin, branch, play; stop, links, old ones."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

LOADING = 120_000  # milliseconds; torch and a model are loaded once a server
HOSTILE = "<img src=x onerror='window.hacked=1'> :red[x] $x$ "


class SamplersPage:
    """The lens in the app."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def goto(self, parameters: str = "", path: str = "samplers") -> SamplersPage:
        self.page.goto(f"{self.url}/{path}?{parameters}")
        expect(self.page.locator(".t.pin")).to_be_visible()
        return self

    def cell(self, row: int, step: int) -> Locator:
        return self.page.locator(f"#r{row}s{step}")

    @property
    def rows(self) -> Locator:
        return self.page.locator(".samplers-row")

    @property
    def inspector(self) -> Locator:
        return self.page.locator(".step-view")

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name)

    def prompt(self, text: str, steps: int) -> None:
        """Decode a prompt, with fewer steps than usual."""
        self.button("⚙ Options").click()
        self.page.get_by_label("Steps", exact=True).fill(str(steps))
        self.page.keyboard.press("Escape")
        self.button("✎ Edit").click()
        box = self.page.locator(".edit-form textarea")
        box.fill(text)
        box.press("Control+Enter")


@pytest.fixture
def samplers(page: Page, url: str) -> SamplersPage:
    return SamplersPage(page, url)


@pytest.fixture
def tiny(samplers: SamplersPage, tiny_folder) -> SamplersPage:
    """The lens with a tiny model chosen, which decodes in a moment."""
    return samplers.goto(f"model={quote(str(tiny_folder('llama')), safe='')}")


def done(samplers: SamplersPage, tokens: int) -> None:
    """Wait until rows of so many tokens are there."""
    expect(samplers.rows.first.locator(".t")).to_have_count(tokens, timeout=LOADING)
    expect(samplers.page.locator(".progress")).to_have_count(0, timeout=LOADING)


# ── a shipped run ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("width", "height"), [(1280, 720), pytest.param(1440, 900, marks=pytest.mark.slow)]
)
def test_the_picture_is_wholly_in_view(samplers, width, height):
    samplers.page.set_viewport_size({"width": width, "height": height})
    samplers.goto()
    box = samplers.page.locator(".samplers-rows").bounding_box()
    assert box
    assert box["y"] + box["height"] < height
    assert samplers.rows.count() == 5
    ends = samplers.rows.evaluate_all(
        "rows => rows.map((row) => row.getBoundingClientRect().bottom)"
    )
    assert max(ends) <= box["y"] + box["height"] + 1


@pytest.mark.parametrize("width", [800, pytest.param(390, marks=pytest.mark.slow)])
def test_nothing_overflows_sideways_in_a_narrow_window(samplers, width):
    samplers.page.set_viewport_size({"width": width, "height": 844})
    samplers.goto()
    assert samplers.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_link_restores_run_row_and_step(samplers):
    samplers.goto("example=trajectories_traps&row=3&step=4")
    expect(samplers.cell(3, 4)).to_have_attribute("aria-selected", "true")
    samplers.cell(2, 6).click()
    expect(samplers.page).to_have_url(re.compile("row=2&step=6"))
    samplers.page.reload()
    expect(samplers.cell(2, 6)).to_have_attribute("aria-selected", "true")


def test_an_address_of_before_the_stage_still_says_what_it_said(samplers):
    samplers.goto(
        "trajectories_example=trajectories_traps&token=4&trajectories.colour=mass"
        "&trajectories.automatic=on",
        path="trajectories",
    )
    expect(samplers.inspector).to_contain_text("step 4")
    expect(samplers.button(re.compile("Kept mass"))).to_be_visible()


# ── decoding ─────────────────────────────────────────────────────────────────────────────────────


def test_from_a_prompt_to_a_branch_that_is_played(tiny):
    page = tiny.page
    tiny.prompt("Once there was", 6)
    done(tiny, 6)
    expect(tiny.rows).to_have_count(5)
    expect(page.locator(".head-text")).to_have_text("Once there was")
    expect(page).to_have_url(re.compile("run=[0-9a-f]{16}"))
    tiny.cell(0, 2).click()
    expect(tiny.inspector).to_contain_text("step 2 · Greedy")
    tiny.button("Branch here with").click()
    expect(page.locator(".samplers-name").nth(1)).to_have_text("↳ 1 · Greedy", timeout=LOADING)
    branch = tiny.rows.nth(1)
    expect(branch.locator(".t")).to_have_count(6)
    expect(branch.locator(".t.shared")).to_have_count(3)
    expect(page.locator(".tree-leaf", has_text="◆")).to_contain_text("1 · Greedy")
    expect(page).to_have_url(re.compile("branches=[0-9a-f]{16}"))
    tiny.button("Play").click()
    expect(tiny.inspector).to_contain_text("step 5")
    expect(tiny.button("Play")).to_be_visible()
    page.reload()  # the server has the branch still
    expect(page.locator(".samplers-name").nth(1)).to_have_text("↳ 1 · Greedy")


def test_rows_fill_while_the_model_writes_and_a_stop_keeps_them(samplers):
    page = samplers.goto().page  # a tiny model is done before anybody can stop it
    samplers.prompt("The old lighthouse keeper", 400)
    live = page.locator(".samplers-row.live")
    expect(live.first).to_be_visible(timeout=LOADING)
    expect(live.first.locator(".t").nth(4)).to_be_visible()
    page.locator(".progress").get_by_role("button", name="Stop").click()
    expect(page.locator(".notice", has_text="What was there until then is kept")).to_be_visible()
    expect(page.locator(".samplers-row.live")).to_have_count(0)
    expect(samplers.rows.first.locator(".t").nth(4)).to_be_visible()
    kept = samplers.rows.first.locator(".t").count()
    assert 5 <= kept < 400
    expect(page).to_have_url(re.compile("run=[0-9a-f]{32}"))
    page.reload()
    expect(samplers.rows.first.locator(".t")).to_have_count(kept)


def test_a_knob_is_run_with_what_it_says(tiny):
    page = tiny.page
    page.get_by_role("slider", name=re.compile("Top-p: ")).fill("0.5")
    tiny.button(re.compile("Run")).first.click()
    expect(page.locator(".samplers-row.changed")).to_have_count(0, timeout=LOADING)
    expect(page.get_by_role("slider", name=re.compile("Top-p: "))).to_have_value("0.5")


def test_a_prompt_is_text_whatever_it_says(tiny):
    tiny.prompt(HOSTILE, 4)
    done(tiny, 4)
    assert tiny.page.evaluate("window.hacked") is None


def test_what_samplers_keep_is_asked_for_where_a_run_does_not_know_it(tiny):
    tiny.prompt("Once there was", 4)
    done(tiny, 4)
    tiny.cell(0, 1).click()
    expect(tiny.page.locator(".step-samplers td:nth-child(3)")).to_have_count(5, timeout=LOADING)


def test_a_model_that_is_not_there_is_refused_and_the_rows_stay(samplers):
    samplers.goto("model=%2Fnowhere%2Fat-all.gguf")
    samplers.button(re.compile("Run")).first.click()
    expect(samplers.page.locator(".notice.error")).to_be_visible(timeout=LOADING)
    expect(samplers.rows).to_have_count(5)


@pytest.mark.slow
def test_more_texts_than_are_decoded_together_are_refused_with_the_number(samplers):
    samplers.goto()
    samplers.button("＋ Sampler ▾").click()
    samplers.page.get_by_label("Seeds, with commas between").fill(", ".join(map(str, range(20))))
    expect(samplers.page.locator(".wrong")).to_contain_text("at most 96 texts")
