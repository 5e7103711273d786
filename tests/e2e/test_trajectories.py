"""The Trajectories page in a real browser: a shipped run, stepping, decoding, Stop, branches."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

LOADING = (
    120_000  # milliseconds; torch and a model are loaded once a server, on a busy machine slowly
)
HOSTILE = "<img src=x onerror='window.hacked=1'> :red[x] $x$ "


@pytest.fixture
def trajectories(page: Page, serve, tiny_folder) -> Callable[..., Page]:
    """Open the page with a tiny model chosen, which decodes in a moment."""

    def go(parameters: str = "") -> Page:
        if "model=" not in parameters:
            parameters += f"&model={quote(str(tiny_folder('llama')), safe='')}"
        page.goto(f"{serve('app.py').url}/trajectories?{parameters}")
        expect(cell(page, 0, 1)).to_be_visible(timeout=LOADING)
        # The form comes after the run: it waits for torch.
        expect(page.get_by_role("button", name="Decode")).to_be_visible(timeout=LOADING)
        return page

    return go


def cell(page: Page, row: int, step: int) -> Locator:
    return page.locator(f"#r{row}s{step}")


def panel(page: Page) -> Locator:
    return page.locator(".st-key-panel")


def steps_to(page: Page, count: int) -> None:
    field = page.get_by_role("spinbutton", name="Steps")
    field.fill(str(count))
    field.press("Enter")
    expect(page.get_by_text(f"of {count} steps")).to_be_visible()


def decode(page: Page) -> None:
    page.get_by_role("button", name="Decode").click()
    expect(page).to_have_url(re.compile(r"trajectories_run=[0-9a-f]{16}"), timeout=LOADING)
    expect(page.get_by_role("heading", name="Your texts")).to_be_visible()
    # Until the script has ended, the cells of the run before stand beside the new ones.
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(cell(page, 0, 0)).to_have_count(1)


# ── a shipped run ────────────────────────────────────────────────────────────────────────────────


def test_a_shipped_run_is_walked_through_with_buttons_and_keys(trajectories):
    page = trajectories()
    cell(page, 2, 3).click()
    expect(panel(page)).to_contain_text("Step 3")
    expect(panel(page)).to_contain_text("Top-k 50")
    page.locator(".st-key-player").get_by_role("button", name="chevron_right").first.click()
    expect(panel(page)).to_contain_text("Step 4")
    expect(cell(page, 2, 4)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Shift+ArrowLeft")
    expect(panel(page)).to_contain_text("Step 3")
    cell(page, 2, 3).click()  # a second click takes the pin away
    expect(panel(page)).to_contain_text("No step pinned")


def test_the_player_stands_in_the_row_of_the_title(trajectories):
    page = trajectories("token=4")
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    apart = page.evaluate(
        """() => {
            const [title, player] = ["about-grid", "player"].map((key) => {
                const box = document.querySelector(`.st-key-${key} button`).getBoundingClientRect();
                return box.top + box.height / 2;
            });
            return Math.abs(title - player);
        }"""
    )
    assert apart < 8


def test_a_link_restores_example_and_step(trajectories):
    page = trajectories("trajectories_example=trajectories_traps&token=4")
    expect(page.get_by_role("heading", name="Boredom and confusion traps")).to_be_visible()
    expect(panel(page)).to_contain_text("Step 4")
    expect(page.get_by_text("μ against τ", exact=True)).to_be_visible()
    page.reload()
    expect(panel(page)).to_contain_text("Step 4")


def test_a_click_in_a_curve_moves_the_step(trajectories):
    page = trajectories("token=0")
    chart = page.locator(".st-key-figure-trajectories-entropy [data-testid=stVegaLiteChart]")
    drawing = chart.locator("canvas, svg").first
    expect(drawing).to_be_visible()
    box = drawing.bounding_box()
    assert box is not None
    drawing.click(position={"x": box["width"] * 0.6, "y": box["height"] * 0.5})
    expect(page).to_have_url(re.compile(r"token=[1-9]"))
    expect(panel(page)).not_to_contain_text("Step 0")


# ── decoding ─────────────────────────────────────────────────────────────────────────────────────


def test_a_new_prompt_is_decoded_and_shown_as_text_whatever_it_says(trajectories):
    page = trajectories()
    page.get_by_role("textbox", name="Prompt", exact=True).fill(HOSTILE)
    steps_to(page, 6)
    decode(page)
    expect(cell(page, 0, 5)).to_be_visible()
    expect(cell(page, 0, 6)).to_have_count(0)
    page.get_by_text("Tree", exact=True).click()
    expect(page.get_by_text("No branches yet")).to_be_visible()
    assert page.evaluate("window.hacked") is None


def test_stop_keeps_the_steps_so_far(trajectories):
    page = trajectories("model=bundled")  # a tiny model is done before anybody can stop it
    steps_to(page, 400)
    page.get_by_role("button", name="Decode").click()
    live = page.locator(".live")  # the texts as they are written
    expect(live).to_be_visible(timeout=LOADING)
    page.locator(".st-key-job-trajectories").get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile(r"Stopped after \d+ steps"))).to_be_visible()
    expect(page).to_have_url(re.compile(r"trajectories_run=kept-"))
    expect(page.get_by_role("heading", name="Your texts")).to_be_visible()
    expect(cell(page, 0, 0)).to_have_count(1)


def test_a_branch_stands_in_the_tree_and_opens(trajectories):
    page = trajectories()
    steps_to(page, 6)
    decode(page)
    cell(page, 1, 2).click()
    expect(panel(page)).to_contain_text("Step 2")
    page.get_by_role("button", name="Branch", exact=True).click()
    expect(page.get_by_text("from step 2")).to_be_visible()
    page.get_by_role("button", name="Open this branch").click()
    expect(cell(page, 0, 3)).to_be_visible()
    expect(cell(page, 0, 4)).to_have_count(0)  # 6 steps less the 2 it shares
    expect(cell(page, 1, 0)).to_have_count(0)


# ── one distribution ─────────────────────────────────────────────────────────────────────────────


def test_a_sampler_added_on_the_bench_gets_its_row(trajectories):
    page = trajectories()
    page.get_by_text("One distribution", exact=True).click()
    chart = page.locator(".st-key-figure-trajectories-survive [data-testid=stVegaLiteChart]")
    expect(chart.locator("canvas, svg").first).to_be_visible()
    page.get_by_role("combobox", name=re.compile("Add a sampler")).click()
    page.get_by_role("option", name=re.compile("Top-H")).click()
    card = page.locator("[class*=st-key-sampler-card-]").last
    expect(card).to_contain_text("Top-H")
    expect(card.get_by_role("slider").first).to_be_visible()
