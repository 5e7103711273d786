"""Samplers in Chromium: rows, cursor, knobs, branches, live rows, one distribution, tree."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from backend.charts.scales import share
from backend.derived import quantity_of
from tests.browser.samplers_stage import CLASSICS, Server, open_stage, runs


class Samplers:
    """The views on a page, and what they asked for."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server

    def cell(self, row: int, step: int) -> Locator:
        return self.page.locator(f"#r{row}s{step}")

    @property
    def rows(self) -> list[str]:
        """The names of the rows."""
        return self.page.locator(".samplers-name").all_inner_texts()

    @property
    def place(self) -> tuple[int, int]:
        return tuple(self.page.evaluate("() => [stage.state.row, stage.state.step]"))  # type: ignore[return-value]

    @property
    def asked(self) -> list[dict[str, Any]]:
        return self.page.evaluate("() => window.asked")

    def fields(self) -> dict[str, Any]:
        return self.page.evaluate("() => window.views[0].fields()")

    def set(self, **change: Any) -> None:
        self.page.evaluate("change => stage.set(change)", change)

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name)

    @property
    def pinned(self) -> Locator:
        return self.page.locator(".t.pin")

    @property
    def inspector(self) -> Locator:
        return self.page.locator(".step-view")


@pytest.fixture
def show(page: Page) -> Callable[..., Samplers]:
    """Return a function that opens the stage at a run."""
    page.set_viewport_size({"width": 1280, "height": 720})

    def go(content: str = CLASSICS, branches: tuple[str, ...] = (), **state: Any) -> Samplers:
        server = open_stage(page, content, list(branches), **state)
        return Samplers(page, server)

    return go


RUNS = runs()


def first_fork() -> tuple[int, int]:
    """Return row and step where a row of seed 0 first departs from the first."""
    ids = RUNS[CLASSICS].token_ids[:, 0]
    steps = [int((each != ids[0]).argmax()) if (each != ids[0]).any() else 99 for each in ids]
    sampler = int(np.argmin(steps))
    return sampler * len(RUNS[CLASSICS].request.seeds), steps[sampler]


# ── rows and cursor ──────────────────────────────────────────────────────────────────────────────


def test_the_first_fork_is_pinned_at_first(show):
    stage = show()
    assert stage.place == first_fork()
    expect(stage.pinned).to_have_count(1)
    expect(stage.pinned).to_have_attribute("aria-selected", "true")


def test_a_link_pins_what_it_says(show):
    stage = show(row=6, step=3)
    assert stage.place == (6, 3)
    expect(stage.cell(6, 3)).to_have_class(re.compile(r"\bpin\b"))


def test_rows_are_named_by_sampler_and_by_seed_where_several_are_shown(show):
    stage = show("seeds")
    assert stage.rows == ["Greedy", "Top-p"]
    stage.set(seed=-1)
    assert stage.rows == ["Greedy", "seed 9", "Top-p", "seed 9"]
    stage.set(seed=1)
    expect(stage.cell(1, 0)).to_be_visible()
    expect(stage.cell(0, 0)).to_have_count(0)


def test_every_token_stands_in_its_row(show):
    stage = show("made")
    run = RUNS["made"]
    for sampler in (0, 1):
        length = int(run.lengths[sampler, 0])
        words = [run.token(each) for each in run.token_ids[sampler, 0, :length]]
        cells = stage.page.locator(".samplers-row").nth(sampler).locator(".t")
        expect(cells).to_have_count(length)
        assert [each.replace("⑂", "") for each in cells.all_inner_texts()] == words


@pytest.mark.parametrize("name", ["entropy", "kept", "kept_mass", "kl"])
def test_tokens_are_shaded_as_the_scale_says(show, name):
    stage = show("made", colour=name)
    run = RUNS["made"]
    values = {"kept": run.kept_count}.get(name, getattr(run, name, None))
    quantity = quantity_of(run, name)
    at = share(quantity, np.asarray(values[0, 0], float), quantity.low, quantity.high)
    for step in range(5):
        shade = f"c{round(255 * float(at[step]))}"
        expect(stage.cell(0, step)).to_have_class(re.compile(rf"\b{shade}\b"))


def test_a_row_that_departs_is_marked_where_it_does(show):
    stage = show()
    ids = RUNS[CLASSICS].token_ids[:, 0]
    seeds = len(RUNS[CLASSICS].request.seeds)
    for sampler in range(1, len(ids)):
        step = int((ids[sampler] != ids[0]).argmax())
        expect(stage.cell(sampler * seeds, step)).to_have_class(re.compile(r"\bdeparts\b"))
    stage.set(reference=RUNS[CLASSICS].labels[2])
    step = int((ids[1] != ids[2]).argmax())
    expect(stage.cell(seeds, step)).to_have_class(re.compile(r"\bdeparts\b"))


def test_a_click_pins_and_arrows_walk(show):
    stage = show()
    stage.cell(3, 4).click()
    assert stage.place == (3, 4)
    grid = stage.page.get_by_role("grid")
    grid.focus()
    for key, place in [
        ("ArrowRight", (3, 5)), ("ArrowLeft", (3, 4)), ("ArrowDown", (6, 4)), ("ArrowUp", (3, 4)),
        ("Home", (3, 0)), ("End", (3, 47)),
    ]:  # fmt: skip
        stage.page.keyboard.press(key)
        assert stage.place == place
    stage.page.keyboard.press("Escape")
    assert stage.place == first_fork()


def test_the_pinned_step_stands_at_one_place_in_all_rows(show):
    stage = show(row=0, step=20)
    lefts = stage.page.locator(".t.at").evaluate_all(
        "cells => cells.map((cell) => cell.getBoundingClientRect().left)"
    )
    assert len(lefts) == 5
    assert max(lefts) - min(lefts) < 2


def test_a_pin_is_drawn_at_once(show):
    stage = show()
    took = stage.page.evaluate(
        """async () => {
          const times = [];
          for (let step = 2; step < 26; step++) {
            const before = performance.now();
            stage.set({ row: 3 * (step % 5), step });
            await new Promise((done) => setTimeout(done));
            document.querySelector("#host").shadowRoot.querySelector(".t.pin").getBoundingClientRect();
            times.push(performance.now() - before);
          }
          return times.sort((a, b) => a - b);
        }"""
    )
    assert took[len(took) // 2] < 25  # milliseconds; the machine is shared
    expect(stage.inspector).to_contain_text("step 25")


def test_the_slider_and_the_buttons_move_the_step_of_the_row(show):
    stage = show(row=3, step=4)
    stage.button("One step on").click()
    assert stage.place == (3, 5)
    stage.button("One step back").click()
    slider = stage.page.get_by_role("slider", name="Step", exact=True)
    slider.fill("9")
    assert stage.place == (3, 9)


def test_a_step_that_the_row_does_not_reach_is_shown_in_one_that_does(show):
    stage = show("made", row=1, step=4)  # the second row ends after 3 steps
    expect(stage.cell(0, 4)).to_have_class(re.compile(r"\bpin\b"))
    expect(stage.inspector).to_contain_text("greedy")


def test_play_walks_to_the_end_and_stops(show):
    stage = show("made", row=0, step=2)
    stage.button("Play").click()
    expect(stage.button("Pause")).to_be_visible()
    expect(stage.cell(0, 4)).to_have_class(re.compile(r"\bpin\b"))
    expect(stage.button("Play")).to_be_visible()


def test_jumps_pin_the_largest_step_of_the_rows_shown(show):
    stage = show()
    stage.button("Jump to ▾").click()
    stage.page.get_by_role("menuitem", name="Most unsure").click()
    entropy = RUNS[CLASSICS].entropy[:, 0]
    sampler, step = divmod(int(np.nanargmax(entropy)), entropy.shape[1])
    assert stage.place == (3 * sampler, step)


def test_the_curve_of_a_row_moves_the_step(show):
    stage = show(row=0, step=1)
    line = stage.page.locator(".samplers-curve").nth(1)
    box = line.bounding_box()
    assert box
    line.click(position={"x": box["width"] * 0.5, "y": 8})
    assert stage.place == (3, 24)


def test_whole_texts_are_shown_in_lines(show):
    stage = show()
    height = stage.page.locator(".samplers-text").first.evaluate("node => node.clientHeight")
    stage.set(wrapped=True)
    taller = stage.page.locator(".samplers-text").first.evaluate("node => node.clientHeight")
    assert taller > 1.5 * height


def test_tokens_are_text_whatever_they_say(show):
    stage = show("hostile")
    expect(stage.page.locator("img, b b")).to_have_count(0)
    expect(stage.page.get_by_text("↵").first).to_be_visible()
    expect(stage.page.get_by_text("<img src=x").first).to_be_visible()


@pytest.mark.parametrize("content", ["one", "empty"])
def test_short_runs_are_shown(show, content):
    stage = show(content)
    if content == "empty":
        expect(stage.inspector).to_contain_text("No step was decoded")
        expect(stage.page.locator(".tree-view")).to_contain_text("No step was decoded")
    else:
        expect(stage.pinned).to_have_count(1)
    assert stage.rows == ["Greedy", "Top-p"]


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_nothing_overflows_sideways(show, width):
    stage = show()
    stage.page.set_viewport_size({"width": width, "height": 800})
    over = stage.page.locator(".samplers-view, .samplers-rows, .samplers-row").evaluate_all(
        "nodes => nodes.filter((node) => node.scrollWidth > node.clientWidth + 1).length"
    )
    assert over == 0


# ── samplers ─────────────────────────────────────────────────────────────────────────────────────


def names(stage: Samplers) -> list[str]:
    return [" → ".join(each["name"] for each in chain) for chain in stage.fields()["samplers"]]


def test_what_was_not_touched_is_asked_for_as_it_was(show):
    stage = show("chain")
    assert stage.fields() == {
        "samplers": [
            [{"name": "greedy", "parameters": {}}],
            [
                {"name": "top_k", "parameters": {}},
                {"name": "top_p", "parameters": {"p": 0.8}},
            ],
        ],
        "seeds": [0],
    }
    assert stage.rows == ["Greedy", "Top-k → Top-p"]


def test_a_row_has_one_knob_and_greedy_none(show):
    stage = show()
    rows = stage.page.locator(".samplers-row")
    assert [each.locator(".knob").count() for each in rows.all()] == [0, 1, 1, 1, 1]


def test_a_knob_changes_what_is_run_next_and_marks_its_row(show):
    stage = show()
    knob = stage.page.get_by_role("slider", name=re.compile("Top-p: "))
    knob.fill("0.5")
    chain = stage.fields()["samplers"][3]
    assert chain[0]["parameters"]["p"] == 0.5
    expect(stage.page.locator(".samplers-row").nth(3)).to_have_class(re.compile("changed"))
    stage.button(re.compile("Run")).click()
    assert stage.asked[-1]["do"] == "run"
    assert stage.asked[-1]["samplers"][3] == chain
    stage.button("＋ Sampler ▾").click()
    stage.page.get_by_role("menuitem", name="as they were run").click()
    expect(stage.page.locator(".samplers-row.changed")).to_have_count(0)


def test_a_wide_range_goes_by_ratios(show):
    stage = show()
    knob = stage.page.get_by_role("slider", name=re.compile("Top-k: "))
    knob.fill("0.5")
    assert stage.fields()["samplers"][2][0]["parameters"]["k"] == round(math.sqrt(200))
    knob.fill("1")
    assert stage.fields()["samplers"][2][0]["parameters"]["k"] == 200


def test_a_target_is_shown_in_the_unit_of_the_app(show):
    stage = show("mirostat")
    shown = stage.page.locator(".samplers-who output")
    expect(shown).to_have_text(f"{3 * math.log(2):.2f}\u00a0nats")
    stage.set(unit="bits")
    expect(stage.page.locator(".samplers-who output")).to_have_text("3.00\u00a0bits")
    assert stage.fields()["samplers"][1][0]["parameters"]["tau"] == 3.0


def test_a_sampler_is_added_and_removed(show):
    stage = show()
    stage.button("＋ Sampler ▾").click()
    stage.page.get_by_role("combobox", name="Choose a sampler…").select_option("top_h")
    assert names(stage)[-1] == "top_h"
    expect(stage.page.locator(".samplers-row").last).to_contain_text("not run yet")
    stage.button("More about Top-H").click()
    stage.button("Remove Top-H").click()
    assert "top_h" not in names(stage)
    expect(stage.page.locator(".samplers-row")).to_have_count(5)


def test_there_are_twelve_samplers_at_most(show):
    stage = show()
    many = [{"of": None, "chain": [{"name": "greedy", "parameters": {}}]}] * 12
    stage.set(draft={"samplers": many, "seeds": [0]})
    stage.button("＋ Sampler ▾").click()
    expect(stage.page.get_by_role("combobox", name="12 samplers at most")).to_be_disabled()


def test_a_set_takes_the_place_of_all(show):
    stage = show()
    stage.button("＋ Sampler ▾").click()
    stage.page.get_by_role("menuitem", name=re.compile("Mirostat against")).click()
    assert names(stage) == ["top_k", "top_k", "mirostat_v2", "mirostat_v1"]


def test_a_sampler_is_applied_after_another(show):
    stage = show()
    stage.button("More about Top-k").click()
    stage.page.get_by_role("combobox", name="Then apply…").select_option("top_p")
    assert names(stage)[2] == "top_k → top_p"
    form = stage.page.locator(".sampler-form")
    form.get_by_role("slider", name=re.compile("Top-p: Prob")).fill("0.5")
    chain = stage.fields()["samplers"][2]
    assert chain[1]["parameters"]["p"] == 0.5
    stage.page.keyboard.press("Escape")
    expect(stage.page.locator(".samplers-name").nth(2)).to_have_text("Top-k → Top-p")


def test_all_parameters_of_a_sampler_and_its_source_are_behind_one_button(show):
    stage = show()
    stage.button("More about Min-p").click()
    form = stage.page.locator(".sampler-form")
    expect(form.get_by_role("slider")).to_have_count(2)  # floor and temperature
    form.get_by_role("button", name="last").click()
    assert stage.fields()["samplers"][4][0]["parameters"]["temperature_order"] == "last"
    form.get_by_text("What it does").click()
    expect(form.locator("math")).to_be_visible()
    expect(form).to_contain_text("Nguyen")


def test_seeds_are_edited_with_commas_and_refused_when_they_are_none(show):
    stage = show()
    stage.button("＋ Sampler ▾").click()
    field = stage.page.get_by_label("Seeds, with commas between")
    field.fill("3, 5")
    assert stage.fields()["seeds"] == [3, 5]
    field.fill("3, x")
    expect(stage.page.locator(".wrong")).to_have_count(1)
    field.fill(", ".join(map(str, range(20))))  # 100 texts
    expect(stage.page.locator(".wrong")).to_have_count(1)
    assert stage.fields()["seeds"] == [3, 5]


def test_the_button_says_how_long_it_takes(show):
    expect(show().button(re.compile("Run"))).to_contain_text("about 3 s")


# ── branches ─────────────────────────────────────────────────────────────────────────────────────


def listed(content: str, row: int, step: int) -> list[int]:
    run = RUNS[content]
    return run.raw_top_ids[(*divmod(row, len(run.request.seeds)), step)].tolist()


def test_a_branch_begins_with_the_second_likeliest_token(show):
    stage = show(row=0, step=4)  # greedy: the likeliest came
    stage.button("Branch here with").click()
    assert stage.asked == [
        {
            "do": "branch",
            "content": CLASSICS,
            "row": 0,
            "step": 4,
            "token": listed(CLASSICS, 0, 4)[1],
        }
    ]


def test_a_branch_never_begins_with_what_came(show):
    run = RUNS[CLASSICS]
    second = next(
        (row, step)
        for row in (3, 6, 9, 12)
        for step in range(47)
        if run.token_ids[row // 3, 0, step] == listed(CLASSICS, row, step)[1]
    )
    stage = show(row=second[0], step=second[1])
    stage.button("Branch here with").click()
    assert stage.asked[0]["token"] == listed(CLASSICS, *second)[0]


def test_a_branch_where_nothing_would_differ_is_refused_with_the_reason(show):
    stage = show("one")  # its stored tokens are all the one that came
    expect(stage.button(re.compile("written already"))).to_be_disabled()


def test_another_token_sampler_and_length_are_chosen_under_the_arrow(show):
    stage = show(row=3, step=4)
    stage.button("Branch otherwise").click()
    form = stage.page.locator(".branch .form")
    form.get_by_label("With the token").select_option(index=3)
    form.get_by_label("By the sampler").select_option(label="Min-p")
    form.get_by_label("Steps").fill("12")
    form.get_by_role("button", name="Branch", exact=True).click()
    (asked,) = stage.asked
    assert asked["token"] == listed(CLASSICS, 3, 4)[3]
    assert asked["plan"] == stage.fields()["samplers"][4]
    assert (asked["steps"], asked["fresh"], asked["step"]) == (12, False, 4)


def test_after_its_last_token_a_text_grows_longer_with_its_own_luck(show):
    stage = show(row=3, step=47)
    stage.button("Branch otherwise").click()
    stage.page.get_by_role("button", name="Branch", exact=True).click()
    (asked,) = stage.asked
    assert (asked["token"], asked["fresh"], asked["step"]) == (None, False, 48)


def test_drawing_greedy_anew_is_refused_with_the_reason(show):
    stage = show(row=0, step=4)
    stage.button("Branch otherwise").click()
    stage.page.get_by_label("With the token").select_option(label="drawn anew, other luck")
    expect(stage.page.get_by_role("button", name="Branch", exact=True)).to_be_disabled()
    expect(stage.page.get_by_text("Nothing would differ")).to_be_visible()
    stage.page.get_by_label("By the sampler").select_option(label="Top-k")
    expect(stage.page.get_by_role("button", name="Branch", exact=True)).to_be_enabled()


def test_branches_at_the_most_unsure_places_are_asked_for_together(show):
    stage = show(row=6, step=4)
    stage.button("Branch otherwise").click()
    stage.page.get_by_label("Most unsure places").fill("2")
    stage.button("Branch at the most unsure places").click()
    assert stage.asked[0]["places"] == 2


def test_a_branch_stands_under_the_row_it_left(show):
    stage = show(branches=("branch",))
    assert stage.rows[:3] == ["Greedy", "Temperature", "↳ 1 · Temperature"]
    row = RUNS[CLASSICS].token_ids.shape[0] * 3
    shared = stage.page.locator(f"[id^=r{row}s].shared")
    expect(shared).to_have_count(3)  # two tokens and the chosen one
    expect(stage.cell(row, 2)).to_have_text(re.compile("chosen"))
    expect(stage.cell(row, 2)).to_have_class(re.compile("departs"))
    stage.cell(row, 1).click()
    assert stage.place == (3, 1)  # what it shares belongs to the row it left
    stage.cell(row, 4).click()
    assert stage.place == (row, 4)
    expect(stage.inspector).to_contain_text("↳ 1 Temperature")


def test_a_new_branch_is_pinned_at_its_first_own_step(show):
    stage = show()
    stage.page.evaluate(
        "() => window.show({ content: 'classics', kind: 'trajectories', branches: ['branch'] })"
    )
    expect(stage.page.locator(".samplers-name").nth(2)).to_have_text("↳ 1 · Temperature")
    assert stage.place == (15, 3)


def test_a_branch_of_a_run_that_is_gone_begins_a_tree_of_its_own(show):
    stage = show("branch")
    assert stage.rows == ["Temperature"]
    expect(stage.page.locator(".tree-view")).to_contain_text("not here any longer")


# ── rows that are being written ──────────────────────────────────────────────────────────────────


def partial(stage: Samplers, content: str, *, branch: bool = False) -> None:
    stage.page.evaluate(
        "([content, branch]) => window.views[0].partial({ content, branch })", [content, branch]
    )


def test_rows_fill_while_they_are_written(show):
    stage = show("made")
    partial(stage, "partial-1")
    cells = stage.page.locator(".samplers-row").first.locator(".t")
    expect(cells).to_have_count(1)
    expect(stage.page.locator(".samplers-row.live")).to_have_count(2)
    partial(stage, "partial-2")
    expect(cells).to_have_count(3)
    stage.page.evaluate("() => window.show({ content: 'made', kind: 'trajectories' })")
    expect(cells).to_have_count(5)
    expect(stage.page.locator(".samplers-row.live")).to_have_count(0)


def test_what_comes_too_late_of_an_unfinished_run_is_not_shown(show):
    stage = show("made")
    stage.page.evaluate(
        """() => {
          const late = window.views[0].partial({ content: 'partial-2' });
          return Promise.all([window.show({ content: 'made', kind: 'trajectories' }), late]);
        }"""
    )
    expect(stage.page.locator(".samplers-row.live")).to_have_count(0)
    expect(stage.page.locator(".samplers-row").first.locator(".t")).to_have_count(5)


def test_a_branch_is_written_under_the_row_it_leaves(show):
    stage = show()
    partial(stage, "branch", branch=True)
    expect(stage.page.locator(".samplers-name").nth(2)).to_have_text("↳ 1 · Temperature")
    assert len(stage.rows) == 6


# ── one distribution ─────────────────────────────────────────────────────────────────────────────


def test_the_inspector_says_what_was_expected_and_marks_what_came(show):
    stage = show(row=3, step=1)
    run = RUNS[CLASSICS]
    choices = round(math.exp(run.entropy[1, 0, 1]))
    expect(stage.inspector).to_contain_text(f"As unsure as {choices} equal choices")
    came = stage.page.locator(".step-table .came .step-name")
    expect(came).to_have_text("▸ " + run.token(int(run.token_ids[1, 0, 1])).replace(" ", "·"))
    rows = stage.page.locator(".step-table tr:not(.rest)")
    expect(rows).to_have_count(12)  # a head, ten of the likeliest, and what came from beyond


def test_each_sampler_has_a_numbered_column_of_what_it_keeps(show):
    stage = show(row=0, step=1)
    run = RUNS[CLASSICS]
    for sampler in range(5):
        kept = stage.page.locator(f".step-table td:nth-child({4 + sampler}) i.kept")
        stored = run.compare_probs[sampler, 0, 0, 1, :10]
        expect(kept).to_have_count(int((stored > 0).sum()))
    counts = stage.page.locator(".step-samplers td:nth-child(2)").all_inner_texts()
    assert [int(each.replace(",", "")) for each in counts] == run.compare_count[:, 0, 0, 1].tolist()
    assert stage.server.asked == []  # all of this came with the run


def test_what_a_run_does_not_know_is_asked_of_the_server(show):
    stage = show("made", row=0, step=1)
    expect(stage.page.locator(".step-samplers td:nth-child(3)")).to_have_count(2)
    (asked,) = stage.server.asked
    assert (asked["content"], asked["row"], asked["step"]) == ("made", 0, 1)
    assert asked["of"] == [0, 1]


def test_a_knob_moves_what_its_sampler_keeps(show):
    stage = show(row=0, step=1)
    stage.page.get_by_role("slider", name=re.compile("Top-k: ")).fill("0")
    kept = stage.page.locator(".step-samplers tr").nth(3).locator("td").first
    expect(kept).to_have_text("1")
    assert stage.server.asked[-1]["samplers"][2][0]["parameters"]["k"] == 1


def test_a_made_up_distribution_takes_the_place_of_the_step(show):
    stage = show(row=0, step=1)
    stage.page.get_by_role("combobox", name="Which distribution").select_option("Sure")
    expect(stage.page.locator(".step-name").first).to_have_text("mat")
    stage.page.get_by_label("Weight of sofa").fill("920")
    stage.page.get_by_label("Weight of sofa").blur()
    expect(
        stage.page.locator(".step-table tr:nth-child(3) .step-kept:nth-child(4) .kept")
    ).to_have_count(1)
    assert stage.server.asked[-1]["probs"][1] == 920
    stage.page.get_by_role("combobox", name="Which distribution").select_option("")
    expect(stage.page.locator(".step-share").first).to_contain_text("%")


def test_temperature_is_tried_on_all_samplers_at_once(show):
    stage = show(row=0, step=1)
    stage.page.get_by_text("What if it were hotter?").click()
    expect(stage.page.locator(".step-sweep")).to_have_count(6)  # the model and five samplers
    stage.page.get_by_label("Temperature of all samplers").fill("2")
    stage.button("last").click()
    expect(stage.page.locator(".step-sweep .tick").first).to_have_attribute("title", "T = 2")
    asked = stage.server.asked[-1]["samplers"]
    assert all(chain[0]["parameters"]["temperature"] == 2 for chain in asked)
    assert asked[2][0]["parameters"]["temperature_order"] == "last"
    assert "temperature_order" not in asked[0][0]["parameters"]  # greedy has none


def test_a_problem_of_the_server_is_told_in_its_words(show, nothing_went_wrong):
    stage = show("made", row=0, step=1)
    stage.set(
        draft={
            "samplers": [{"of": None, "chain": [{"name": "gone", "parameters": {}}]}],
            "seeds": [0],
        }
    )
    expect(stage.page.locator(".step-problem")).to_contain_text("gone")
    nothing_went_wrong.clear()  # a browser notes every refusal


def test_information_is_told_in_the_unit_of_the_app(show):
    stage = show(row=0, step=1)
    entropy = RUNS[CLASSICS].entropy[0, 0, 1]
    stage.page.get_by_text("All numbers").click()
    numbers = stage.page.locator(".step-numbers")
    expect(numbers).to_contain_text(f"{entropy:.2f}\u00a0nats")
    stage.set(unit="bits")
    expect(numbers).to_contain_text(f"{entropy / math.log(2):.2f}\u00a0bits")


def test_a_cut_is_a_line_across_the_bars(show):
    stage = show(row=12, step=1)  # min-p
    expect(stage.page.locator(".step-bar .cut").first).to_have_attribute(
        "title", re.compile("least probability kept|floor")
    )


# ── the tree ─────────────────────────────────────────────────────────────────────────────────────


def test_common_beginnings_stand_once_in_the_tree(show):
    stage = show(branches=("branch",))
    tree = stage.page.locator(".tree-view")
    expect(tree.locator(".tree-leaf")).to_have_count(6)
    starts = tree.locator(".tree-stretch small").all_inner_texts()
    assert starts.count("0") == 1
    expect(tree.locator(".tree-leaf", has_text="◆")).to_have_text("◆ 1 · Temperature")


def test_no_label_of_the_tree_covers_another(show):
    stage = show(branches=("branch",))
    boxes = stage.page.locator(".tree-stretch, .tree-leaf").evaluate_all(
        "nodes => nodes.map((node) => node.getBoundingClientRect().toJSON())"
    )
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            apart = (
                one["right"] <= other["left"] + 1
                or other["right"] <= one["left"] + 1
                or one["bottom"] <= other["top"] + 1
                or other["bottom"] <= one["top"] + 1
            )
            assert apart


def test_a_stretch_of_the_tree_leads_to_its_first_step(show):
    stage = show()
    stretch = stage.page.locator(".tree-stretch").last
    step = int(stretch.locator("small").inner_text())
    stretch.click()
    assert stage.place[1] == step
    expect(stretch).to_have_class(re.compile("here"))


def test_equal_texts_end_in_one_leaf(show):
    stage = show("seeds")
    stage.set(seed=-1)
    leaves = stage.page.locator(".tree-leaf").all_inner_texts()
    assert sum(each.count("seed") for each in leaves) == 4
