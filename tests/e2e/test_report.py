"""A report opens from a file with the network blocked, and says what the run says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from backend.report import report_html
from backend.storage.files import load_run
from tests.runs.makers import all_kinds, text_run

EXAMPLE = Path(__file__).parents[2] / "examples" / "text_fact.safetensors"
HOSTILE = '</script><img src=x onerror="window.hacked = 1"><b>x</b>'


@pytest.fixture
def opened(page: Page, tmp_path: Path):
    """Return a function that writes a page and opens it without any network."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.context.set_offline(True)

    def go(html: str) -> Page:
        file = tmp_path / "report.html"
        file.write_text(html, encoding="utf-8")
        page.goto(file.as_uri())
        assert asked == [file.as_uri()]
        return page

    return go


def test_every_number_of_the_strip_is_that_of_the_run(opened):
    run = load_run(EXAMPLE)
    page = opened(report_html(run))
    tokens = page.locator("#strip > .token")
    expect(tokens).to_have_count(len(run))
    assert page.locator("#strip").inner_text().strip() == run.text.strip()
    for index in (1, 5, len(run) - 1):
        tokens.nth(index).hover()
        card = page.locator("#card")
        expect(card).to_contain_text(f"id {run.token_ids[index]}")
        expect(card).to_contain_text(f"{run.entropy[index]:.4f} nats")
        expect(card).to_contain_text(f"{run.surprisal[index]:.4f} nats")
        expect(card).to_contain_text(f"{100 * np.exp(-run.surprisal[index]):.3f} %")


def test_the_figures_are_those_of_the_run(opened):
    run = load_run(EXAMPLE)
    page = opened(report_html(run, "bits"))
    figures = page.locator(".figures").inner_text()
    mean = float(np.nanmean(run.entropy)) / np.log(2)
    assert f"{mean:.4f}" in figures
    assert f"{np.exp(np.nanmean(run.surprisal.astype(np.float64))):.4f}" in figures


def test_arrow_keys_walk_through_the_tokens(opened):
    page = opened(report_html(load_run(EXAMPLE)))
    page.locator("#strip").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#card")).to_contain_text("token 2")
    page.keyboard.press("Escape")
    expect(page.locator("#card")).to_be_hidden()


def test_what_the_model_rules_out_is_infinite_and_has_no_share(opened):
    run = text_run()
    surprisal, logprobs = run.surprisal.copy(), run.top_logprobs.copy()
    surprisal[2], logprobs[2, -1] = np.inf, -np.inf
    page = opened(report_html(replace(run, surprisal=surprisal, top_logprobs=logprobs)))
    page.locator(".token").nth(2).hover()
    card = page.locator("#card")
    expect(card).to_contain_text("∞ nats")
    expect(card).to_contain_text("0.000 %")
    expect(card.locator("tr").last).to_contain_text("0.0 %")


def test_another_measure_paints_other_colours(opened):
    page = opened(report_html(load_run(EXAMPLE)))
    before = page.locator(".token").nth(1).get_attribute("class")
    page.get_by_label("Colour by").select_option("Surprisal")
    expect(page.locator(".token").nth(1)).not_to_have_class(re.compile(f"^{before}$"))


def test_the_strip_of_attention_tells_the_numbers_of_a_token(opened):
    run = load_run(EXAMPLE.with_name("attention_fact.safetensors"))
    page = opened(report_html(run))
    page.locator("#strip > .token").nth(5).hover()
    card = page.locator("#card")
    expect(card).to_contain_text(f"id {run.token_ids[5]}")
    expect(card).to_contain_text(f"{np.nanmean(run.entropy[:, :, 5], dtype=np.float64):.4f} nats")
    expect(card).not_to_contain_text("probability")


def test_the_strip_of_a_divergence_can_be_coloured_by_each_measure(opened):
    run = next(each for each in all_kinds() if each.kind == "divergence")
    page = opened(report_html(replace(run, kl_ab=2 * run.kl_ab)))
    token = page.locator("#strip > .token").nth(2)
    before = token.get_attribute("class")
    page.get_by_label("Colour by").select_option("KL(A‖B)")
    expect(token).not_to_have_class(re.compile(f"^{before}$"))
    token.hover()
    for number in ("1.0000 nats", "0.5000 nats"):
        expect(page.locator("#card")).to_contain_text(number)


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(run, id=run.kind, marks=pytest.mark.slow if i % 12 else ())
        for i, run in enumerate(all_kinds()[1:])
    ],
)
def test_reports_of_the_other_kinds_open_too(opened, run):
    page = opened(report_html(run))
    expect(page.locator("svg").first).to_be_visible()
    expect(page.get_by_role("heading", name="Make it again")).to_be_visible()


def test_hostile_text_stays_text(opened):
    run = text_run(HOSTILE, width=60, title=HOSTILE)
    run = replace(run, vocabulary=dict.fromkeys(run.vocabulary, HOSTILE), note=HOSTILE)
    page = opened(report_html(run))
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    page.locator(".token").nth(0).hover()
    expect(page.locator("#card")).to_contain_text("<img src=x")
    assert page.evaluate("window.hacked") is None
    assert page.locator("img, b").count() == 0
