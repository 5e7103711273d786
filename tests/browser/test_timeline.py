"""Numbers along the text: the cursor, the brush, columns of long texts, keys."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.parts import run


@pytest.fixture(autouse=True)
def low_window(page):
    page.set_viewport_size({"width": 900, "height": 200})


def place(shown, part: float) -> tuple[float, float]:
    box = shown.locator(".timeline-plot").bounding_box()
    return box["x"] + 44 + part * (box["width"] - 50), box["y"] + box["height"] / 2


def drawn(shown) -> bytes:
    return shown.locator("canvas").evaluate("node => node.toDataURL()")


def test_the_readout_names_the_pinned_token_and_its_numbers(show):
    shown = show("text_fact", "along_entropy", token=5)
    readout = shown.locator(".timeline-readout")
    expect(readout).to_contain_text("“Paris” 5 · Entropy 1.48 · Surprisal 0.26")
    shown.set(unit="bits")
    expect(readout).to_contain_text("Entropy 2.14")
    expect(shown.locator(".timeline-keys")).to_contain_text("bits")


def test_a_click_pins_the_nearest_token(show):
    shown = show("text_fact", "along_entropy", token=5)
    shown.page.mouse.click(*place(shown, 20.5 / 37))
    assert shown.calls == [{"token": 20}]


def test_the_cursor_follows_the_pin_without_a_new_drawing(show):
    shown = show("text_fact", "along_entropy", token=5)
    before = drawn(shown)
    x = shown.locator(".timeline-cursor").bounding_box()["x"]
    shown.set(token=25)
    assert shown.locator(".timeline-cursor").bounding_box()["x"] > x + 300
    assert drawn(shown) == before


def test_a_drag_zooms_and_a_double_click_shows_all_again(show):
    shown = show("long", "along_entropy", token=4000)
    mouse = shown.page.mouse
    mouse.move(*place(shown, 0.4))
    mouse.down()
    mouse.move(*place(shown, 0.5), steps=4)
    mouse.move(*place(shown, 0.6), steps=4)
    mouse.up()
    assert shown.calls == []
    first, last = shown.page.evaluate("window.view.zoom")
    assert first == pytest.approx(3200, abs=20)
    assert last == pytest.approx(4800, abs=20)
    expect(shown.page.get_by_role("button", name="Whole text")).to_be_visible()
    mouse.dblclick(*place(shown, 0.5))
    assert shown.page.evaluate("window.view.zoom") is None


def test_a_pin_outside_the_zoom_moves_it(show):
    shown = show("long", "along_entropy", token=4000)
    shown.locator(".timeline-plot").focus()
    shown.page.keyboard.press("+")
    assert shown.page.evaluate("window.view.zoom") == [2000, 6000]
    shown.set(token=100)
    assert shown.page.evaluate("window.view.zoom") == [0, 4000]
    shown.page.keyboard.press("0")
    assert shown.page.evaluate("window.view.zoom") is None


def test_keys_step_the_pin_and_say_it(show):
    shown = show("text_fact", "along_entropy", token=5)
    plot = shown.get_by_role("slider")
    plot.focus()
    for key, at in (("ArrowRight", 6), ("PageUp", 10), ("Home", 0), ("End", 36), ("Escape", 5)):
        shown.page.keyboard.press(key)
        assert shown.state("token") == at
    expect(plot).to_have_attribute("aria-valuenow", "5")
    mean = np.mean(run("text_fact").entropy[5:10])
    said = f"“Paris” 5 · Entropy 1.48 · Surprisal 0.26 · mean of 5 tokens {mean:.2f}\u00a0nats"
    expect(plot).to_have_attribute("aria-valuetext", said)


def test_the_running_mean_follows_the_window_at_once(show):
    shown = show("text_fact", "along_entropy", token=5)
    entropy = run("text_fact").entropy
    for width in (3, 9):
        shown.set(window=width)
        mean = np.mean(entropy[5 : 5 + width])
        expect(shown.locator(".timeline-readout")).to_contain_text(
            f"mean of {width} tokens {mean:.2f}"
        )


def test_the_part_of_the_text_in_view_is_marked(show):
    shown = show("long", "along_entropy", token=0)
    expect(shown.locator(".timeline-seen")).to_be_hidden()
    shown.set(view=[2000, 4000])
    box = shown.locator(".timeline-seen").bounding_box()
    assert box["x"] == pytest.approx(place(shown, 0.25)[0], abs=2)
    assert box["width"] == pytest.approx(0.25 * (place(shown, 1)[0] - place(shown, 0)[0]), abs=3)


def test_a_column_of_many_tokens_shows_their_mean_and_middle_half(show):
    shown = show("long", "along_entropy", token=0)
    points = shown.page.evaluate("window.view.series[0].points")
    assert 200 < len(points) < 400
    entropy = np.asarray(run("long").entropy)
    columns = len(points)
    for at in (0, 7, columns // 2, columns - 1):
        first, last = at * 8000 / columns, (at + 1) * 8000 / columns
        known = entropy[int(first) : int(np.ceil(last))]
        known = known[np.isfinite(known)]
        assert points[at]["value"] == pytest.approx(known.mean(), rel=1e-5)
        assert np.quantile(known, 0.15) <= points[at]["low"] <= np.quantile(known, 0.4)
        assert np.quantile(known, 0.6) <= points[at]["high"] <= np.quantile(known, 0.85)


@pytest.mark.parametrize("name", ["one", "hostile", "pieces"])
def test_odd_texts_are_drawn(show, name):
    shown = show(name, "along_entropy")
    for i in range(len(run(name))):
        shown.set(token=i)
    assert shown.locator(".timeline-view img").count() == 0


def test_the_theme_draws_it_anew(show):
    shown = show("text_fact", "along_entropy")
    before = drawn(shown)
    shown.set(theme="dark")
    assert drawn(shown) != before


def test_a_second_head_is_drawn_beside_the_first(show):
    shown = show("attention_fact", "along_head", head=[3, 1], token=20)
    shown.set(second=[4, 2])
    expect(shown.locator(".timeline-keys")).to_contain_text("L4.H2")
    value = run("attention_fact").entropy[4, 2, 20]
    expect(shown.locator(".timeline-readout")).to_contain_text(f"L4.H2 {value:.2f}")
