"""The parts of the stage in a notebook: the widget's own module, answered by the widget."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

import backend
from backend.notebook.bundle import in_order, widget_module
from backend.notebook.widget import RunView
from backend.runs.base import Run
from tests.browser.parts import EXAMPLES
from tests.browser.serving import Serving

# What a notebook gives a widget's module, as anywidget describes it.
MODEL = """
async ([source, state]) => {
  const acts = {};
  const fire = (name, ...what) => (acts[name] ?? []).forEach((act) => act(...what));
  window.saves = 0;
  window.model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; fire(`change:${name}`); },
    save_changes: () => { window.saves += 1; },
    on: (name, act) => (acts[name] ??= []).push(act),
    off: (name, act) => { acts[name] = (acts[name] ?? []).filter((each) => each !== act); },
    send: async (message) => {
      const [answer, bytes] = await window.answer(message);
      const buffers = bytes.map((each) => {
        const whole = Uint8Array.from("odd" + atob(each), (letter) => letter.charCodeAt(0));
        return new DataView(whole.buffer, 3);
      });
      fire("msg:custom", answer, buffers);
    },
  };
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { default: widget } = await import(address);
  const el = document.createElement("div");
  document.body.replaceChildren(el);
  window.close_widget = await widget.render({ model: window.model, el });
}
"""

Draw = Callable[[Run], RunView]


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page of its own: what Python exposes to it stays."""
    return context.new_page()


@pytest.fixture
def draw(page: Page, serving: Serving) -> Draw:
    """Return a function that draws the widget of a run as a notebook would."""
    views: list[RunView] = []

    def answer(message: dict[str, Any]) -> list[Any]:
        told, buffers = views[-1].answer(message)
        return [told, [base64.b64encode(each).decode() for each in buffers]]

    page.expose_function("answer", answer)

    def go(run: Run) -> RunView:
        view = run.view()
        views.append(view)
        page.goto(serving.url)
        names = ("run", "panels", "token", "head", "unit")
        page.evaluate(MODEL, [widget_module(), {name: getattr(view, name) for name in names}])
        return view

    return go


def example(name: str) -> Run:
    return backend.load_run(EXAMPLES / f"{name}.safetensors")


def test_a_click_pins_a_token_and_python_is_told(draw, page):
    run = example("text_fact")
    draw(run)
    page.locator(".strip-text .t").nth(5).click()
    assert page.evaluate("model.get('token')") == 5
    assert page.evaluate("window.saves") == 1
    expect(page.locator(".pinned-head")).to_contain_text(f"token 5 of {len(run.tokens)}")
    expect(page.locator(".pinned-head")).to_contain_text(run.tokens[5].strip())


def test_a_pin_set_in_python_moves_in_the_picture(draw, page):
    draw(example("text_fact"))
    page.evaluate("model.set('token', 3)")
    expect(page.locator(".strip-text .t.pin")).to_have_count(1)
    expect(page.locator(".pinned-head")).to_contain_text("token 3 of")


def test_the_unit_is_that_of_python(draw, page):
    draw(example("text_fact"))
    expect(page.locator(".strip-top")).to_contain_text("nats")
    page.evaluate("model.set('unit', 'bits')")
    expect(page.locator(".strip-top")).to_contain_text("bits")


def test_a_head_chosen_in_the_grid_is_known_in_python(draw, page):
    draw(example("attention_fact"))
    page.locator(".heads-row").nth(4).locator("span[role=gridcell]").nth(2).click()
    assert page.evaluate("model.get('head')") == [4, 2]


def test_a_widget_that_is_taken_away_listens_no_more(draw, page):
    draw(example("text_fact"))
    page.evaluate("window.close_widget()")
    page.evaluate("model.set('token', 3)")
    expect(page.locator(".pinned-head")).not_to_contain_text("token 3 of")


def test_the_widget_has_the_files_of_the_app_those_first_that_import_nothing():
    names = [name for name, _, _ in in_order("notebook/widget.js")]
    assert {"views/strip.js", "views/expected.js", "views/heads.js"} <= set(names)
    for place, (_, _, imports) in enumerate(in_order("notebook/widget.js")):
        assert set(imports.values()) <= set(names[:place])
