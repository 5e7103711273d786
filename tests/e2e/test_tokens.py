"""The Tokens page in a real browser: analyse, hover, pin, keys, charts, Stop, hostile text."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

HOSTILE = (
    "<script>window.hacked = 1</script> "
    '"><img src=x onerror="window.hacked = 2"> '
    "{{constructor.constructor('window.hacked = 3')()}} "
    "\u202eoverride\u202c :red[x] $x$ [a](javascript:window.hacked=4) # \u0000\u0007 "
)
LONGEST_WORD = "x" * 10_000


@pytest.fixture
def tokens(page: Page, serve, tiny_folder) -> Callable[..., Page]:
    """Open the page with a tiny model chosen, which answers in a moment."""

    def go(parameters: str = "") -> Page:
        model = quote(str(tiny_folder("llama")), safe="")
        page.goto(f"{serve('app.py').url}/tokens?model={model}&{parameters}")
        expect(token(page, 1)).to_be_visible()
        return page

    return go


def token(page: Page, i: int) -> Locator:
    return page.locator(f"#t{i}")


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Text", exact=True)


def pinned(page: Page, i: int) -> Locator:
    return page.get_by_text(f"Token {i}", exact=True)


def analyse(page: Page, text: str) -> None:
    box(page).fill(text)
    expect(page.get_by_text(f"{len(text):,} characters")).to_be_visible()
    page.get_by_role("button", name="Analyse").click()
    expect(page).to_have_url(re.compile(r"[?&]run=[0-9a-f]{16}"))
    # The strip of the run before stays on screen until its successor is there.
    expect(token(page, 0)).to_have_count(1)
    expect(page.get_by_role("listbox")).to_have_count(1)
    expect(page.get_by_role("listbox")).to_contain_text(text.split()[-1])


def canvas(page: Page, chart: str) -> Locator:
    return page.locator(f".st-key-{chart} [data-testid=stVegaLiteChart]").locator("canvas, svg")


# ── from text to numbers ─────────────────────────────────────────────────────────────────────────


def test_a_new_text_is_analysed_and_shown(tokens):
    page = tokens()
    analyse(page, "Hello there, little model.")
    expect(page.get_by_role("heading", name="Your text")).to_be_visible()
    text = page.get_by_role("listbox").evaluate("node => node.innerText")
    assert "Hello there, little model." in text.replace("\n", "")


def test_ctrl_enter_analyses(tokens):
    page = tokens()
    box(page).fill("By keyboard only.")
    box(page).press("Control+Enter")
    expect(page.get_by_role("heading", name="Your text")).to_be_visible()
    expect(page.get_by_role("listbox").last).to_contain_text("keyboard")


def test_a_reload_restores_run_unit_and_pin(tokens):
    page = tokens("unit=bits")
    analyse(page, "Restore me after a reload.")
    token(page, 2).click()
    expect(pinned(page, 2)).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Your text")).to_be_visible()
    expect(pinned(page, 2)).to_be_visible()
    expect(page.get_by_text("Mean entropy (bits)", exact=True).first).to_be_visible()
    expect(box(page)).to_have_value("Restore me after a reload.")


def test_a_typed_text_survives_a_visit_to_another_page(tokens):
    page = tokens()
    box(page).fill("Not analysed yet.")
    expect(page.get_by_text("17 characters")).to_be_visible()
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Entroscope")).to_be_visible()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Tokens").click()
    expect(box(page)).to_have_value("Not analysed yet.")
    expect(page.get_by_text("17 characters")).to_be_visible()


def test_an_example_replaces_text_and_run(tokens):
    page = tokens()
    analyse(page, "Soon gone.")
    page.get_by_role("radio", name="Code").first.click()
    expect(page.get_by_role("heading", name="Code")).to_be_visible()
    expect(box(page)).to_have_value(re.compile("def "))
    expect(page).not_to_have_url(re.compile("run="))


def test_an_empty_text_is_refused_and_what_was_there_stays(tokens):
    page = tokens()
    box(page).fill("")
    expect(page.get_by_text("0 characters")).to_be_visible()
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("The text is empty")
    expect(token(page, 1)).to_be_visible()


def test_a_text_over_the_context_is_announced_before_the_run_and_refused(tokens):
    page = tokens()
    analyse(page, "Now the context of this model is known.")
    box(page).fill("one two three four five six seven " * 100)
    expect(page.get_by_test_id("stAlert")).to_contain_text(re.compile(r"this model reads 512"))
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_test_id("stAlert").filter(has_text="overlapping")).to_be_visible()
    expect(token(page, 1)).to_be_visible()


@pytest.mark.model
def test_stop_ends_a_long_run_and_keeps_what_was_there(page, serve):
    page.goto(f"{serve('app.py').url}/tokens")
    expect(token(page, 1)).to_be_visible()
    text = "The lighthouse keeper counted the waves, one by one. " * 400
    box(page).fill(text)
    page.get_by_role("button", name="Analyse").click()
    # Streamlit's own toolbar has a Stop too; ours is in the page.
    stop = page.get_by_test_id("stMain").get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    expect(box(page)).to_have_value(text)
    stop.click()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    expect(stop).to_have_count(0)
    expect(token(page, 1)).to_be_visible()
    expect(box(page)).to_have_value(text)


# ── the cursor ───────────────────────────────────────────────────────────────────────────────────


def test_hover_shows_the_card(tokens):
    page = tokens()
    token(page, 3).hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Surprisal")


def test_a_click_pins_and_a_second_click_lets_go(tokens):
    page = tokens()
    token(page, 3).click()
    expect(pinned(page, 3)).to_be_visible()
    expect(page).to_have_url(re.compile("token=3"))
    token(page, 3).click()
    expect(page.get_by_text("No token pinned")).to_be_visible()
    expect(page).not_to_have_url(re.compile("token="))


def test_arrow_keys_move_the_cursor_of_the_whole_page(tokens):
    page = tokens("token=3")
    token(page, 3).click()
    token(page, 3).click()
    page.keyboard.press("ArrowRight")
    expect(pinned(page, 4)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("No token pinned")).to_be_visible()


def test_a_click_in_the_curve_pins_and_a_second_lets_go(tokens):
    page = tokens()
    chart = canvas(page, "text-curve")
    expect(chart).to_be_visible()
    middle = chart.bounding_box()
    spot = {"x": middle["width"] * 0.5, "y": middle["height"] * 0.5}
    chart.click(position=spot)
    expect(page).to_have_url(re.compile(r"token=\d+"))
    chart.click(position=spot)
    expect(page).not_to_have_url(re.compile("token="))
    chart.click(position=spot)
    expect(page).to_have_url(re.compile(r"token=\d+"))


@pytest.mark.parametrize(("tab", "chart"), [("walk", "text-gap-walk"), ("scatter", "text-scatter")])
def test_a_click_in_another_chart_pins_and_a_second_lets_go(tokens, tab, chart):
    page = tokens(f"tokens.tab={tab}")
    drawn = canvas(page, chart)
    expect(drawn).to_be_visible()
    size = drawn.bounding_box()
    spot = {"x": size["width"] * 0.4, "y": size["height"] * 0.5}
    drawn.click(position=spot)
    expect(page).to_have_url(re.compile(r"token=\d+"))
    drawn.click(position=spot)
    expect(page).not_to_have_url(re.compile("token="))


def test_charts_are_dark_for_a_dark_reader(serve, dark_page):
    page = dark_page
    page.goto(f"{serve('app.py').url}/tokens?token=3")
    for tab in ("Curve", "Gap", "Histogram", "Scatter"):
        page.get_by_test_id("stButtonGroup").get_by_text(tab, exact=True).click()
        chart = page.locator(".st-key-charts").get_by_test_id("stVegaLiteChart")
        expect(chart.locator("canvas, svg").first).to_be_visible()
        page.wait_for_timeout(500)
        grey = np.asarray(Image.open(BytesIO(chart.screenshot())).convert("L"))
        assert (grey > 200).mean() < 0.1, tab  # letters and lines, no white plate


def test_two_readers_analyse_at_once_and_each_sees_their_own(tokens, new_context):
    one = tokens()
    other = new_context().new_page()
    other.goto(one.url)
    expect(token(other, 1)).to_be_visible()
    texts = {one: "The first reader wrote this.", other: "Another one asked for that."}
    for page, text in texts.items():
        box(page).fill(text)
        expect(page.get_by_text(f"{len(text):,} characters")).to_be_visible()
    for page in texts:
        page.get_by_role("button", name="Analyse").click()
    for page, text in texts.items():
        expect(page).to_have_url(re.compile(r"[?&]run=[0-9a-f]{16}"))
        expect(page.get_by_role("listbox")).to_contain_text(text.split()[-1])
        expect(box(page)).to_have_value(text)
    assert one.url != other.url


def test_a_pin_does_not_build_the_chart_anew(tokens):
    page = tokens()
    chart = canvas(page, "text-curve")
    expect(chart).to_be_visible()
    chart.evaluate("node => { node.dataset.same = 'yes' }")
    token(page, 5).click()
    expect(pinned(page, 5)).to_be_visible()
    expect(chart).to_have_attribute("data-same", "yes")


def test_a_row_of_the_table_pins_its_token(tokens):
    page = tokens()
    page.get_by_test_id("stButtonGroup").get_by_text("Table", exact=True).click()
    table = page.get_by_test_id("stDataFrame")
    expect(table).to_be_visible()
    page.wait_for_timeout(500)
    table.click(position={"x": 12, "y": 35 * 3 + 17})
    expect(page).to_have_url(re.compile("token=2"))


def test_the_row_of_the_table_follows_the_cursor(tokens):
    page = tokens("tokens.tab=table&token=1")
    table = page.get_by_test_id("stDataFrame")
    expect(table).to_be_visible()
    page.wait_for_timeout(500)
    table.click(position={"x": 12, "y": 35 * 2 + 17})  # lets the chosen row go
    expect(page).not_to_have_url(re.compile("token="))
    token(page, 3).click()
    expect(page).to_have_url(re.compile("token=3"))
    page.wait_for_timeout(500)
    table.click(position={"x": 12, "y": 35 * 4 + 17})
    expect(page).not_to_have_url(re.compile("token="))


def test_a_model_with_signs_in_its_name_is_shown_as_it_is(page, serve):
    page.goto(f"{serve('app.py').url}/tokens?model=owner/name-0.6B_x")
    expect(token(page, 1)).to_be_visible()
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_role("combobox", name="Model")).to_have_value("owner/name-0.6B_x")
    expect(page.get_by_text("tokens are counted once the model has been fetched")).to_be_visible()


def test_the_unit_switch_changes_the_legend(tokens):
    page = tokens()
    page.get_by_text("bits", exact=True).first.click()
    expect(page.get_by_text("Mean entropy (bits)", exact=True).first).to_be_visible()
    expect(page.locator(".legend .unit").first).to_have_text("bits")


# ── hostile text ─────────────────────────────────────────────────────────────────────────────────


def test_hostile_text_is_only_ever_text(tokens):
    page = tokens()
    box(page).fill(HOSTILE)
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("heading", name="Your text")).to_be_visible()
    expect(page.get_by_role("listbox")).to_have_count(1)
    expect(page.get_by_role("listbox")).to_contain_text("override")
    for i in range(0, 60, 6):
        token(page, i).click()
        expect(pinned(page, i)).to_be_visible()
    for tab in ("Gap", "Scatter", "Table", "Model"):
        page.get_by_test_id("stButtonGroup").get_by_text(tab, exact=True).click()
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0


def test_a_word_of_ten_thousand_letters_breaks_nothing(tokens):
    page = tokens("device=cpu")
    page.get_by_role("button", name="Options").click()
    page.get_by_text("windows", exact=True).click()
    page.keyboard.press("Escape")
    box(page).fill(LONGEST_WORD)
    expect(page.get_by_text("10,000 characters")).to_be_visible()
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("heading", name="Your text")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
