"""The playground: bars as sliders, and what entropy and samplers make of them, in the browser."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.parts import run

PANEL = {"name": "playground", "module": "playground", "title": "", "options": {}, "numbers": []}
PRESETS = {
    "Sure": (100, 1, 1, 1, 1, 1),
    "Two ways": (100, 100, 1, 1, 1, 1),
    "Long tail": (100, 20, 15, 12, 10, 8),
    "No idea": (50, 50, 50, 50, 50, 50),
}
TOKEN = 16
PULL_MILLISECONDS = 16


def of(weights: Sequence[float], temperature: float = 1.0) -> np.ndarray:
    """Return weights^(1/T), normalised: what a temperature does to a softmax."""
    shares = (np.array(weights, float) / max(weights)) ** (1 / temperature)
    return shares / shares.sum()


def entropy(shares: np.ndarray) -> float:
    seen = shares[shares > 0]
    return float(-(seen * np.log(seen)).sum())


def varentropy(shares: np.ndarray) -> float:
    seen = shares[shares > 0]
    return float((seen * (-np.log(seen) - entropy(shares)) ** 2).sum())


def shown_shares(shown) -> np.ndarray:
    """The shares behind the bars, exactly."""
    return np.array(
        shown.locator(".play-row").evaluate_all(
            "rows => rows.map(row => +row.style.getPropertyValue('--share'))"
        )
    )


def figure(shown, name: str) -> str:
    return shown.locator(".play-facts dt", has_text=name).locator("xpath=../dd").inner_text()


def kept(shown) -> Mapping[str, list[int]]:
    """Which places every sampler keeps."""
    found = {}
    for line in shown.locator(".play-kept tr").all():
        cells = line.locator(".play-cells span").evaluate_all(
            "cells => cells.map(cell => cell.className)"
        )
        found[line.locator("th").inner_text()] = [i for i, name in enumerate(cells) if name == "in"]
    return found


def reaching(shares: np.ndarray, order: np.ndarray, mass: float) -> list[int]:
    held = np.cumsum(shares[order])
    return sorted(order[: int(np.searchsorted(held, mass - 1e-9)) + 1].tolist())


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_its_entropy_varentropy_choices_and_distance_from_uniform(show, name):
    shown = show("text_fact", PANEL, token=0)
    shown.get_by_role("button", name=name).click()
    shares = of(PRESETS[name])
    np.testing.assert_allclose(shown_shares(shown), shares, atol=1e-9)
    for label, value in (
        ("Entropy H", entropy(shares)),
        ("Varentropy", varentropy(shares)),
        ("KL to uniform", math.log(6) - entropy(shares)),
    ):
        written = figure(shown, label).split("\u00a0")[0]
        assert float(written.lstrip("<")) == pytest.approx(value, abs=1e-3), label
    expect(shown.locator(".play-choices")).to_contain_text(f"{math.exp(entropy(shares)):.1f} equal")


@pytest.mark.parametrize("temperature", [0.3, 2.0])
def test_a_temperature_sharpens_or_flattens_what_is_there(show, temperature):
    shown = show("text_fact", PANEL, token=0)
    shown.get_by_role("button", name="Long tail").click()
    shown.get_by_label("Temperature").fill(str(temperature))
    np.testing.assert_allclose(
        shown_shares(shown), of(PRESETS["Long tail"], temperature), atol=1e-9
    )


def test_a_bar_that_is_pulled_leaves_the_proportions_of_the_others(show):
    shown = show("text_fact", PANEL, token=0)
    shown.get_by_role("button", name="Long tail").click()
    shown.locator(".play-row input").first.fill("80")
    weights = np.array(PRESETS["Long tail"], float)
    rest = 0.2 * weights[1:] / weights[1:].sum()
    np.testing.assert_allclose(shown_shares(shown), [0.8, *rest], atol=1e-9)


def test_a_bar_pulled_to_everything_can_be_pulled_back(show):
    shown = show("text_fact", PANEL, token=0)
    bar = shown.locator(".play-row input").first
    bar.fill("100")
    assert shown_shares(shown).tolist() == [1, 0, 0, 0, 0, 0]
    assert figure(shown, "Entropy H").startswith("0")
    bar.fill("50")
    np.testing.assert_allclose(shown_shares(shown), [0.5] + [0.1] * 5, atol=1e-9)


def test_a_pull_under_a_temperature_moves_what_is_seen(show):
    shown = show("text_fact", PANEL, token=0)
    shown.get_by_label("Temperature").fill("2")
    shown.locator(".play-row input").first.fill("60")
    assert shown_shares(shown)[0] == pytest.approx(0.6, abs=1e-9)


def test_samplers_keep_what_their_rules_say(show):
    shown = show("text_fact", PANEL, token=0)
    shown.get_by_role("button", name="Long tail").click()
    shares = of(PRESETS["Long tail"])
    order = np.argsort(-shares, kind="stable")
    near = np.argsort(np.abs(-np.log(shares) - entropy(shares)), kind="stable")
    assert kept(shown) == {
        "Greedy": [0],
        "Top-k": [0, 1, 2],
        "Top-p": reaching(shares, order, 0.9),
        "Min-p": [i for i in range(6) if shares[i] >= 0.1 * shares.max()],
        "Typical": reaching(shares, near, 0.9),
    }
    left = shown.locator(".play-kept tr").nth(1).locator(".play-left").inner_text()
    assert float(left.split("\u00a0")[0]) == pytest.approx(
        entropy(shares[:3] / shares[:3].sum()), abs=1e-3
    )


def test_a_knob_changes_what_its_sampler_keeps(show):
    shown = show("text_fact", PANEL, token=0)
    shown.get_by_role("button", name="No idea").click()
    shown.get_by_label("Top-k").fill("5")
    assert len(kept(shown)["Top-k"]) == 5
    shown.get_by_label("Top-p").fill("0.4")
    assert len(kept(shown)["Top-p"]) == 3


def test_it_begins_with_what_the_model_expected_at_the_pinned_token(show):
    shown = show("text_fact", PANEL, token=TOKEN)
    text = run("text_fact")
    tops = np.exp(text.top_logprobs[TOKEN][:8].astype(float))
    came = math.exp(-float(text.surprisal[TOKEN]))
    whole = np.array([*tops, came])
    np.testing.assert_allclose(shown_shares(shown), whole / whole.sum(), rtol=1e-5)
    expect(shown.locator(".play-top")).to_contain_text("others, together")
    assert shown.locator(".play-name").first.inner_text() == "·capital"


def test_another_pinned_token_begins_anew(show):
    shown = show("text_fact", PANEL, token=TOKEN)
    before = shown_shares(shown)
    shown.set(token=3)
    assert shown_shares(shown).tolist() != before.tolist()
    shown.get_by_role("button", name="Sure").click()
    shown.get_by_role("button", name="This token").click()
    assert shown.locator(".play-row").count() >= 8


def test_the_first_token_which_nothing_predicts_leaves_a_made_up_sentence(show):
    shown = show("text_fact", PANEL, token=0)
    expect(shown.get_by_role("button", name="This token")).to_be_disabled()
    assert shown.locator(".play-name").first.inner_text() == "mat"


def test_the_figures_follow_the_unit(show):
    shown = show("text_fact", PANEL, token=0, unit="bits")
    shown.get_by_role("button", name="No idea").click()
    assert figure(shown, "Entropy H") == "2.585\u00a0bits"


def test_a_pull_takes_one_frame_and_asks_nobody(show):
    shown = show("text_fact", PANEL, token=TOKEN)
    requests: list[str] = []
    shown.page.on("request", lambda request: requests.append(request.url))
    spent = shown.evaluate(
        """() => {
          const bar = window.root.querySelector(".play-row input");
          const times = [];
          for (let i = 0; i < 20; i++) {
            bar.value = 5 * i;
            const begun = performance.now();
            bar.dispatchEvent(new Event("input"));
            times.push(performance.now() - begun);
          }
          return times.sort((a, b) => a - b)[10];
        }"""
    )
    assert spent < PULL_MILLISECONDS
    assert requests == []


def test_tokens_of_anybody_are_no_markup(show):
    shown = show("hostile", PANEL, token=2)
    assert shown.locator(".play-row script, .play-row img").count() == 0
    assert shown.locator(".play-row").count() > 2
