"""Training in the app: a recorded run at once, its history, and one that is started and stopped."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

LOADING = 120_000  # milliseconds; torch is loaded once a server


@pytest.fixture
def training(page: Page, url: str) -> Iterator[Page]:
    page.set_default_timeout(LOADING)
    expect.set_options(timeout=LOADING)
    page.goto(f"{url}/training?example=training_rare_positives")
    expect(page.locator(".stage-area .chart-box").locator("svg, canvas").first).to_be_visible()
    yield page
    expect.set_options(timeout=5_000)


def test_a_recorded_run_has_a_slider_through_its_steps(training):
    last = training.locator(".stage-area .training-place")
    expect(last).to_have_text("step 300")
    training.get_by_label("Record", exact=True).fill("0")
    expect(last).to_have_text("step 0")


def test_a_training_starts_stops_and_goes_on_where_it_was(training):
    start = training.locator(".training-top .primary")
    place = training.locator(".stage-area .training-place")
    seeds = random.sample(range(1_000, 100_000), 12)  # of no training before: seconds of work
    training.get_by_label("Seeds", exact=True).fill(" ".join(map(str, seeds)))
    start.click()
    expect(start).to_have_text("Stop")
    # What is stopped before its first record leaves nothing to resume.
    expect(place).not_to_have_text("step 300")
    start.click()
    expect(start).to_have_text("Resume")
    start.click()
    expect(start).to_have_text("Start")
    expect(place).to_have_text("step 300")


def test_limits_between_phases_are_moved_without_a_new_run(training, url):
    training.goto(f"{url}/training?example=training_phases")
    alike = training.locator(".timeline-area svg text", has_text="IV-B")
    expect(alike.first).to_be_visible()
    slider = training.get_by_role("slider", name="Alike from")
    slider.fill("1")
    expect(alike).to_have_count(1)  # of the legend
    expect(training).to_have_url(re.compile("similarity_limit"))
    training.reload()
    expect(alike).to_have_count(1)
    expect(slider).to_have_value("1")
