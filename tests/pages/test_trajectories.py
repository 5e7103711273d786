"""The Trajectories page without a browser: what it shows, decodes, branches and refuses."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from backend import cached
from backend.errors import CancelledError
from backend.runs.trajectories import Origin, plans
from components import job
from components.trajectories import presets
from components.trajectories.cards import Card
from tests.runs.makers import trajectory_run

EXAMPLE = "trajectories_classics"


@pytest.fixture
def shown(app):
    """Return a function that opens the page at a run put into memory."""

    def open_at(run, **parameters: str):
        return app("trajectories", trajectories_run=cached.put_run(run), **parameters)

    return open_at


def captions(at) -> str:
    return "\n".join(each.value for each in at.caption)


def markdown(at) -> list[str]:
    return [each.value for each in at.markdown]


def button(at, label: str):
    return next(each for each in at.button if each.label == label)


def control(those, label: str):
    return next(each for each in those if each.label == label)


def chosen(those, label: str):
    return control(those, label).value


def labels_of(at) -> list[str]:
    """Return the samplers of the cards as the form names them."""
    title = next(each.label for each in at.expander if "Samplers" in each.label)
    return title.partition(": ")[2].replace("\\", "").split(", ")


def finish(at) -> None:
    """Look again until the job is over."""
    for _ in range(100):
        if "jobs" not in at.session_state or not at.session_state["jobs"]:
            return
        at.session_state["jobs"]["trajectories"].job.wait(5)
        at.run()
    raise AssertionError("the job did not end")


# ── looking at a run ─────────────────────────────────────────────────────────────────────────────


def test_an_example_is_shown_without_any_model(app):
    at = app("trajectories")
    assert at.get_by_key("trajectories:grid") is not None
    assert cached.engine().loaded() == []


def test_the_form_begins_with_samplers_and_options_of_the_run(app):
    at = app("trajectories")
    request = cached.example_run(EXAMPLE).request
    assert labels_of(at) == cached.sampler_labels(request.samplers)
    assert at.session_state["trajectories:steps"] == request.steps
    assert at.session_state["trajectories:seeds"] == len(request.seeds)


@pytest.mark.parametrize("unit", ["nats", "bits"])
@pytest.mark.parametrize("tab", ["curves", "texts", "measures", "tree", "lessons"])
def test_every_tab_is_drawn_in_both_units(app, tab, unit):
    at = app("trajectories", unit=unit, token="3", **{"trajectories.tab": tab})
    assert at.query_params.get("trajectories.tab", "curves") == tab


@pytest.mark.parametrize("seed", ["1", "all"])
def test_any_seed_or_all_of_them_can_be_shown(app, seed):
    at = app("trajectories", **{"trajectories.seed": seed})
    assert chosen(at.segmented_control, "Seed") == seed


VIEW = {
    "trajectories.colour": "kl",
    "trajectories.reference": "Top-k 50",
    "trajectories.seed": "2",
    "trajectories.curves": "surprisal,mass",
    "trajectories.automatic": "on",
}


def test_a_link_restores_what_its_sender_saw(app):
    at = app("trajectories", **VIEW)
    assert chosen(at.selectbox, "Colour by") == "kl"
    assert chosen(at.selectbox, "Departures from") == "Top-k 50"
    assert chosen(at.segmented_control, "Seed") == "2"
    assert chosen(at.pills, "Curves") == ["surprisal", "mass"]
    assert chosen(at.toggle, "Colours span these texts") is True
    assert {name: at.query_params[name] for name in VIEW} == VIEW
    assert "Surprisal along the steps (nats)" in "\n".join(markdown(at))
    assert chosen(
        app("trajectories", **{"trajectories.mode": "bench"}).segmented_control, "View"
    ) == ("bench")


def test_a_choice_goes_into_the_address_and_comes_back_after_another_run(app):
    at = app("trajectories")
    assert not any(name.startswith("trajectories.") for name in at.query_params)
    control(at.selectbox, "Departures from").select("Top-k 50").run()
    control(at.pills, "Curves").set_value([]).run()
    assert at.query_params["trajectories.reference"] == "Top-k 50"
    assert "Choose a curve above." in captions(at)
    control(at.pills, "Examples, ready to look at").set_value("trajectories_traps").run()
    assert chosen(at.selectbox, "Departures from") == "Greedy"  # this run has no top-k of 50
    control(at.pills, "Examples, ready to look at").set_value(EXAMPLE).run()
    assert chosen(at.selectbox, "Departures from") == "Top-k 50"


def test_a_run_with_feedback_offers_its_curve(app):
    at = app("trajectories", trajectories_example="trajectories_traps")
    assert chosen(at.pills, "Curves") == ["entropy", "feedback"]
    control(at.pills, "Curves").set_value(["feedback", "surprisal"]).run()
    assert not at.exception
    assert any("against τ" in each for each in markdown(at))


# ── the cursor ───────────────────────────────────────────────────────────────────────────────────


def test_without_a_pin_the_panel_says_how_to_pin(app):
    assert "Click a token of the grid" in captions(app("trajectories"))


def test_the_player_moves_the_shared_cursor(app):
    at = app("trajectories")
    steps = int(cached.example_run(EXAMPLE).lengths.max())
    for key, step in (("on", 0), ("on", 1), ("last", steps - 1), ("back", steps - 2), ("first", 0)):
        at.button(key=f"trajectories:{key}").click().run()
        assert at.session_state["state:token"] == step
        assert f"**Step {step}**" in markdown(at)


def test_a_step_that_a_row_does_not_reach_is_shown_in_one_that_does(shown):
    run = trajectory_run(seeds=(0,))  # the second sampler ends after 3 steps
    at = shown(run, token="4")
    assert "**Step 4**" in markdown(at)
    assert "greedy" in captions(at)


def test_a_step_beyond_the_end_counts_as_no_pin(shown):
    assert "Click a token of the grid" in captions(shown(trajectory_run(), token="5"))


def test_a_run_made_without_the_comparison_says_what_is_missing(shown):
    assert "Compare samplers at every step" in captions(shown(trajectory_run(), token="1"))


def test_an_example_compares_every_sampler_at_the_pinned_step(app):
    at = app("trajectories", token="2")
    assert "Compare samplers at every step" not in captions(at)
    assert len(at.dataframe[0].value) == len(cached.example_run(EXAMPLE).labels)


def test_a_run_stopped_before_its_first_step_says_so(shown):
    run = trajectory_run()
    empty = replace(run, lengths=np.zeros_like(run.lengths), stopped=True)
    assert any("No step was decoded" in each.value for each in shown(empty).info)


# ── samplers ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", presets.PRESETS)
def test_a_preset_replaces_the_cards(app, name):
    at = app("trajectories")
    at.button(key=f"trajectories:preset:{name}").click().run()
    assert not at.exception
    assert labels_of(at) == cached.sampler_labels(presets.PRESETS[name].plans)


def test_samplers_are_added_moved_and_removed(app):
    at = app("trajectories")
    before = labels_of(at)
    at.selectbox(key="trajectories:add").select("top_h").run()
    assert labels_of(at) == [*before, "Top-H 0.4"]
    number = at.session_state["trajectories:cards"][-1].number
    at.slider(key=f"trajectories:card{number}:alpha").set_value(0.7).run()
    assert labels_of(at)[-1] == "Top-H 0.7"
    at.button(key=f"trajectories:card{number}:remove").click().run()
    assert labels_of(at) == before


def test_there_are_twelve_samplers_at_most(app):
    at = app("trajectories")
    (greedy,) = plans(["greedy"])
    at.session_state["trajectories:cards"] = [Card(100 + each, greedy) for each in range(11)]
    assert not at.run().selectbox(key="trajectories:add").disabled
    at.selectbox(key="trajectories:add").select("greedy").run()
    assert at.selectbox(key="trajectories:add").disabled
    assert len(labels_of(at)) == 12


def test_a_chain_that_came_with_a_run_stays_a_chain(shown):
    run = trajectory_run()
    chain = plans([["top_k", ("top_p", {"p": 0.8})], "greedy"])
    at = shown(replace(run, request=replace(run.request, samplers=chain)))
    assert labels_of(at)[0] == "Top-k 50 → Top-p 0.8"


def test_a_card_applies_one_sampler_after_another(app):
    at = app("trajectories")
    at.session_state["trajectories:cards"] = [Card(100, plans([("top_k", {"k": 40})])[0])]
    at.run()
    at.slider(key="trajectories:card100:k").set_value(30).run()
    at.selectbox(key="trajectories:card100:then").select("top_p").run()
    assert labels_of(at) == ["Top-k 30 → Top-p 0.9"]
    at.slider(key="trajectories:card100.1:p").set_value(0.5).run()
    assert labels_of(at) == ["Top-k 30 → Top-p 0.5"]
    at.button(key="trajectories:card100:remove").click().run()
    assert labels_of(at) == ["Top-p 0.5"]
    number = at.session_state["trajectories:cards"][0].number
    at.button(key=f"trajectories:card{number}:remove").click().run()
    assert "none chosen" in next(e.label for e in at.expander if "Samplers" in e.label)


# ── decoding ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def tiny(app, tiny_folder):
    """The page with a tiny model chosen and little to do."""
    at = app("trajectories", model=str(tiny_folder("llama")))
    at.session_state["trajectories:steps"] = 4
    at.session_state["trajectories:seeds"] = 1
    at.button(key="trajectories:preset:traps").click().run()
    return at


def test_decoding_shows_the_new_run(tiny):
    at = tiny
    button(at, "Decode").click().run()
    finish(at)
    assert not at.error
    run = cached.find_run(at.session_state["state:trajectories_run"])
    assert run is not None
    assert run.labels == cached.sampler_labels(presets.PRESETS["traps"].plans)
    assert "Your texts" in [each.value for each in at.subheader]


def test_a_branch_with_another_token_appears_in_the_tree(tiny):
    at = tiny
    button(at, "Decode").click().run()
    finish(at)
    at.button(key="trajectories:on").click().run()
    at.button(key="trajectories:on").click().run()
    run = cached.find_run(at.session_state["state:trajectories_run"])
    other = int(run.raw_top_ids[0, 0, 1, 3])
    at.selectbox(key="trajectories:branch-token").select(other).run()
    button(at, "Branch").click().run()
    finish(at)
    assert not at.error
    assert at.query_params["trajectories.tab"] == "tree"
    (made,) = at.session_state["trajectories:branches"].values()
    request = made.request
    assert request.prefix_ids == (int(run.token_ids[0, 0, 0]), other)
    assert (request.origin.sampler, request.origin.seed, request.origin.step) == (0, 0, 1)


def test_a_model_that_is_not_there_is_refused_with_the_reason(app):
    at = app("trajectories", model="/nowhere/at-all.gguf")
    button(at, "Decode").click().run()
    finish(at)
    assert at.error
    assert not at.exception
    assert at.get_by_key("trajectories:grid") is not None  # what was there stays on screen


def test_a_text_is_made_longer_after_its_last_token(tiny):
    at = tiny
    button(at, "Decode").click().run()
    finish(at)
    run = cached.find_run(at.session_state["state:trajectories_run"])
    at.button(key="trajectories:last").click().run()
    assert at.session_state[f"trajectories:branch-where:{(0, 0, 3)}"] == "after it"
    steps = next(each for each in at.number_input if "branch-steps" in each.key)
    assert steps.value == 4
    steps.set_value(6).run()
    button(at, "Branch").click().run()
    finish(at)
    (made,) = at.session_state["trajectories:branches"].values()
    assert made.request.prefix_ids == tuple(run.token_ids[0, 0].tolist())
    assert made.request.seeds == run.request.seeds  # so it is what a longer run would have said
    assert made.request.steps == 6


def test_a_branch_of_a_branch_stands_in_the_tree_of_the_first_run(tiny):
    at = tiny
    button(at, "Decode").click().run()
    finish(at)
    first = at.session_state["state:trajectories_run"]
    at.button(key="trajectories:on").click().run()
    button(at, "Branch").click().run()
    finish(at)
    button(at, "Open this branch").click().run()
    at.button(key="trajectories:last").click().run()
    button(at, "Branch").click().run()
    finish(at)
    at.button(key="trajectories:open-root").click().run()
    assert at.session_state["state:trajectories_run"] == first
    heads = [each for each in markdown(at) if " from step " in each]
    assert [each.split(" · ")[0] for each in heads] == ["**1", "**1.1"]
    assert "of branch 1" in heads[1]


def test_the_example_a_branch_left_is_opened_as_the_example_it_is(app):
    name = "trajectories_traps"
    branched = trajectory_run(("greedy",), seeds=(0,))
    origin = Origin(cached.put_run(cached.example_run(name)), 0, 0, 1)
    branched = replace(branched, request=replace(branched.request, origin=origin))
    at = app(
        "trajectories",
        trajectories_run=cached.put_run(branched),
        **{"trajectories.tab": "tree"},
    )
    at.button(key="trajectories:open-root").click().run()
    assert at.session_state["state:trajectories_run"] is None
    assert at.session_state["state:trajectories_example"] == name


def test_a_reload_finds_the_branches_of_the_link_and_says_which_are_gone(tiny, app):
    at = tiny
    button(at, "Decode").click().run()
    finish(at)
    at.button(key="trajectories:on").click().run()
    button(at, "Branch").click().run()
    finish(at)
    (key,) = at.session_state["trajectories:branches"]
    run = at.session_state["state:trajectories_run"]
    again = app("trajectories", trajectories_run=run, branches=f"{key}.kept-{'0' * 16}")
    assert list(again.session_state["trajectories:branches"]) == [key]
    assert any("One branch of this link is no longer" in each.value for each in again.info)


def test_as_many_places_are_branched_as_asked_for_and_a_short_text_says_so(tiny):
    at = tiny
    button(at, "Decode").click().run()
    finish(at)
    at.button(key="trajectories:on").click().run()
    at.number_input(key="trajectories:branch-count").set_value(2).run()
    at.button(key="trajectories:branch-uncertain").click().run()
    assert any("1 of 2: this text of 4 steps" in each.value for each in at.info)
    finish(at)
    assert len(at.session_state["trajectories:branches"]) == 1


def test_a_text_of_one_step_has_no_place_to_branch(tiny):
    at = tiny
    at.session_state["trajectories:steps"] = 1
    at.run()
    button(at, "Decode").click().run()
    finish(at)
    at.button(key="trajectories:on").click().run()
    at.button(key="trajectories:branch-uncertain").click().run()
    assert any("This text is too short" in each.value for each in at.info)


def test_stop_stops_the_branches_that_wait_too(shown):
    run = trajectory_run(seeds=(0,))
    at = shown(run)
    branched = replace(run, request=replace(run.request, origin=Origin("0" * 16, 0, 0, 1)))
    partial = SimpleNamespace(run=lambda: branched, steps=2)
    at.session_state["jobs"] = {"trajectories": job._Slot(StoppedJob(partial))}
    at.session_state["trajectories:branches-waiting"] = [branched.request]
    at.run()
    assert any("Stopped after 2 steps" in each.value for each in at.info)
    assert "trajectories:branches-waiting" not in at.session_state
    assert at.session_state["jobs"] == {}


class StoppedJob:
    """A job that was stopped after some steps."""

    key = "1" * 16
    finished = True

    def __init__(self, partial) -> None:
        self.progress = SimpleNamespace(done=2, total=5, message="", partial=partial)

    def wait(self, timeout: float | None = None) -> bool:
        return True

    def cancel(self) -> None:
        """Nothing is left to cancel."""

    def result(self, timeout: float | None = None):
        raise CancelledError("The study was stopped.")


# ── options of a run that was opened ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize("penalty", [0.5, 9.0])
def test_unusual_options_of_a_run_are_taken_over(shown, penalty):
    run = trajectory_run(seeds=(2**40, 7))
    request = replace(run.request, repetition_penalty=penalty, compare=False, top_n=3)
    at = shown(replace(run, request=request))
    assert at.number_input(key="trajectories:penalty").value == penalty
    assert at.session_state["trajectories:compare"] is False
    assert "not compared" not in captions(at)  # nobody asked for it
    assert f"Seeds {2**40}, 7" in captions(at)
    assert "could not take over" not in captions(at)


def test_a_runs_own_seeds_are_decoded_again_until_they_are_changed(tiny, tiny_folder):
    at = tiny
    run = trajectory_run(seeds=(0, 7))
    state = {"trajectories_run": cached.put_run(run)}
    at.query_params["trajectories_run"] = state["trajectories_run"]
    at.run()
    at.session_state["trajectories:steps"] = 2
    button(at, "Decode").click().run()
    finish(at)
    made = cached.find_run(at.session_state["state:trajectories_run"])
    assert made.request.seeds == (0, 7)
    at.number_input(key="trajectories:seeds").set_value(3).run()
    button(at, "Decode").click().run()
    finish(at)
    made = cached.find_run(at.session_state["state:trajectories_run"])
    assert made.request.seeds == (0, 1, 2)


def test_what_the_form_cannot_take_over_is_said(shown):
    run = trajectory_run()
    request = replace(run.request, samplers=plans(["greedy", ("unheard_of", {"x": 1})]))
    assert "could not take over this run" in captions(shown(replace(run, request=request)))


def test_a_penalty_says_that_samplers_are_not_compared(app):
    at = app("trajectories")
    at.number_input(key="trajectories:penalty").set_value(1.2).run()
    assert "not compared at every step, because of the penalty" in captions(at)
    assert at.toggle(key="trajectories:compare").disabled


def test_more_texts_than_are_decoded_together_are_refused_with_both_numbers(app):
    at = app("trajectories")
    at.number_input(key="trajectories:seeds").set_value(50).run()
    assert any("250 texts; at most 96" in each.value for each in at.warning)


def test_a_chat_prompt_is_counted_with_its_template(app):
    at = app("trajectories")
    plain = prompt_tokens(at)
    at.toggle(key="trajectories:chat").set_value(True).run()
    request = cached.example_run(EXAMPLE).request
    counted = cached.count_tokens(request.model, request.prompt, chat=True)
    assert prompt_tokens(at) == counted > plain


def prompt_tokens(at) -> int:
    return int(re.search(r"(\d+) tokens of prompt", captions(at)).group(1))


def test_the_time_is_about_that_of_this_server_once_it_has_decoded(tiny):
    at = tiny
    assert "time unknown until this model has decoded here once" in captions(at)
    button(at, "Decode").click().run()
    finish(at)
    assert re.search(r"about \d+ s, as measured here", captions(at))


def test_rows_are_compared_with_greedy_until_another_is_chosen(shown):
    at = shown(trajectory_run(("top_p", "greedy")))
    assert chosen(at.selectbox, "Departures from") == "greedy"


def test_jumps_pin_the_largest_step_of_the_rows_shown(app):
    at = app("trajectories")
    run = cached.example_run(EXAMPLE)
    at.button(key="trajectories:jump:Most uncertain").click().run()
    row, step = divmod(int(np.nanargmax(run.entropy[:, 0])), run.entropy.shape[2])
    assert at.session_state["state:token"] == step
    assert run.labels[row] in captions(at)


# ── one distribution ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def bench(app):
    return app("trajectories", **{"trajectories.mode": "bench"})


def kept(at) -> list[int]:
    """Return how many tokens each sampler keeps of the distribution."""
    table = next(each.value for each in at.dataframe if "effective choices" in each.value)
    return table["kept"].tolist()


def test_temperature_first_lets_more_in_than_last(bench):
    at = bench
    at.session_state["trajectories:bench-temperature"] = 2.0
    at.run()
    first = kept(at)
    at.session_state["trajectories:bench-order"] = "last"
    at.run()
    # Greedy, temperature, top-k, top-p, min-p: the first three do not care.
    assert first[:3] == kept(at)[:3] == [1, 8, 8]
    assert (first[3], kept(at)[3]) == (7, 5)
    assert first[4] > kept(at)[4]


def test_every_shape_and_both_sweeps_are_drawn(bench):
    for shape in ("Sure", "All equal"):
        for sweep in ("entropy", "kept tokens"):
            bench.session_state["trajectories:shape"] = shape
            bench.session_state["trajectories:sweep"] = sweep
            bench.run()
            assert not bench.exception


def test_without_samplers_the_bench_asks_for_one(bench):
    bench.session_state["trajectories:cards"] = []
    bench.run()
    assert any("Choose at least one sampler" in each.value for each in bench.info)
