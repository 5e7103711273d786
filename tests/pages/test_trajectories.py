"""The Trajectories page without a browser: what it shows, decodes, branches and refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend import cached
from backend.runs.trajectories import plans
from components.trajectories import presets
from components.trajectories.cards import Card
from tests.runs.makers import trajectory_run

EXAMPLE = "trajectories_classics"


@pytest.fixture
def shown(app):
    """Return a function that opens the page at a run put into memory."""

    def open_at(run, **parameters: str):
        return app("trajectories", trajectories_run=cached.keep_run(run), **parameters)

    return open_at


def captions(at) -> str:
    return "\n".join(each.value for each in at.caption)


def markdown(at) -> list[str]:
    return [each.value for each in at.markdown]


def button(at, label: str):
    return next(each for each in at.button if each.label == label)


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
    at = app("trajectories", unit=unit, token="3")
    at.session_state["trajectories:tab"] = tab
    at.run()
    assert not at.exception


@pytest.mark.parametrize("seed", ["1", "all"])
def test_any_seed_or_all_of_them_can_be_shown(app, seed):
    at = app("trajectories")
    at.session_state["trajectories:seed"] = seed
    at.run()
    assert not at.exception


def test_a_run_with_feedback_offers_its_curve(app):
    at = app("trajectories", trajectories_example="trajectories_traps")
    assert "feedback" in at.session_state["trajectories:curves"] or any(
        "μ against τ" in str(each.options) for each in at.pills
    )
    at.session_state["trajectories:curves"] = ["feedback", "surprisal"]
    at.run()
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
    assert at.session_state["trajectories:tab"] == "tree"
    (made,) = at.session_state[f"trajectories:branches:{run.request.key}"]
    request = cached.find_run(made).request
    assert request.prefix_ids == (int(run.token_ids[0, 0, 0]), other)
    assert (request.origin.sampler, request.origin.seed, request.origin.step) == (0, 0, 1)


def test_a_model_that_is_not_there_is_refused_with_the_reason(app):
    at = app("trajectories", model="/nowhere/at-all.gguf")
    button(at, "Decode").click().run()
    finish(at)
    assert at.error
    assert not at.exception
    assert at.get_by_key("trajectories:grid") is not None  # what was there stays on screen


# ── one distribution ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def bench(app):
    at = app("trajectories")
    at.session_state["trajectories:mode"] = "One distribution"
    return at.run()


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
