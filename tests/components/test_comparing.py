"""Which two runs are compared: by an address, by what the reader asks, and by what a job brings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend.derived.comparison import comparison_of
from backend.errors import InputError, LibraryError
from backend.lenses import LENSES
from backend.runs import DivergenceRequest, ModelSpec, TextRequest
from components import comparing, session
from components.compare_actions import ACTIONS, choices
from components.reading import described, reading_of
from tests.runs.makers import dataset_run, divergence_run, text_run

TEXT = LENSES["text"]
COMPARE = LENSES["compare"]


pytestmark = pytest.mark.usefixtures("state")


def read(source, run, key: str | None = None):
    """Let the reader look at a run."""
    session.show(reading_of(run, source.put_run(run), {"run": key or run.request.key}))


def pair(source):
    return session.reading(source, COMPARE)


def told(source):
    made = pair(source)
    run = comparison_of(made.contents["compare"], source.run_of)
    return described(made, COMPARE, source, run)


def finish(source, **brought):
    """Let the job under way bring runs."""
    job = session.job()["id"]
    source.contents[job] = {kind: source.put_run(run) for kind, run in brought.items()}
    ACTIONS["arrived"](source, {"job": job})


def notices(state):
    return " ".join(each["text"] for each in state.notices)


def test_the_garden_path_and_its_plain_version_are_shown_before_anything_was_asked(source):
    assert pair(source).address == {"a": "pair:garden_a", "b": "pair:garden_b"}
    sides = told(source)["sides"]
    assert [each["title"] for each in sides] == ["garden path", "plain version"]
    assert sides[0]["text"].startswith("The old man the boat.")
    assert sides[1]["text"].startswith("The old people manned the boat.")


@pytest.mark.parametrize("name", comparing.PAIRS)
def test_every_shipped_pair_is_found_by_its_link(source, name):
    a, b = comparing.shipped(name)
    comparing.read(source, {"a": a, "b": b})
    assert pair(source).address == {"a": a, "b": b}


def test_a_side_that_an_older_link_leaves_out_is_that_of_the_pair_shown_first_then(source):
    comparing.read(source, {"a": "example:text_code"})
    assert pair(source).address == {"a": "example:text_code", "b": "pair:dtype_b"}


@pytest.mark.parametrize("kind", ["attention", "dataset", "trajectories", "residual_norms"])
def test_examples_of_any_kind_are_compared_by_a_link(source, kind):
    name = LENSES[kind].examples[0].name
    comparing.read(source, {"a": f"example:{name}", "b": f"example:{name}"})
    assert pair(source).kind == kind


def test_the_token_of_an_older_link_is_pinned(source):
    comparing.read(source, {"a": "pair:dtype_a", "b": "pair:dtype_b", "token": "7"})
    assert pair(source).token == 7
    assert told(source)["place"] == 7


def test_a_saved_run_is_compared_by_its_link(source):
    run_id = source.library().save(text_run(title="Mine"))
    comparing.read(source, {"a": f"run:saved-{run_id}", "b": "pair:dtype_b"})
    assert told(source)["sides"][0]["title"] == "Mine"
    assert told(source)["sides"][0]["lasting"]


@pytest.mark.parametrize(
    "value",
    [
        "run:0123456789abcdef",
        "example:nothing",
        "pair:../dtype_a",
        "x",
        "run:",
        "pair:dtype_a:b",
        "",
    ],
)
def test_a_choice_that_is_gone_or_hostile_is_explained_and_a_pair_shown(source, state, value):
    comparing.read(source, {"a": value, "b": "pair:dtype_b"})
    assert "you see a shipped pair" in notices(state)
    assert pair(source).address["a"] == "pair:garden_a"


def test_runs_of_two_kinds_are_refused_with_both_named(source, state):
    comparing.read(source, {"a": "example:text_code", "b": "example:dataset_sentences"})
    assert "A is a run of kind text, B of kind dataset" in notices(state)


def test_data_sets_without_a_common_text_say_so(source):
    other = replace(dataset_run().request, texts=("something", "else", "here"))
    read(source, replace(dataset_run(), request=other))
    with pytest.raises(InputError, match="no text in common"):
        ACTIONS["compare"](source, {"kind": "dataset", "b": "example:dataset_sentences"})


def test_what_is_on_screen_is_compared_with_what_is_chosen(source):
    run = text_run(title="On screen")
    read(source, run)
    ACTIONS["compare"](source, {"kind": "text", "b": "example:text_code"})
    assert pair(source).address["b"] == "example:text_code"
    assert told(source)["sides"][0]["title"] == "On screen"


def test_an_example_on_screen_is_named_so_that_its_link_lasts(source):
    session.show(session.example_reading(source, "text_fact"))
    ACTIONS["compare"](source, {"kind": "text", "b": "example:text_code"})
    assert pair(source).address == {"a": "example:text_fact", "b": "example:text_code"}


def test_attention_of_an_example_is_named_by_its_own_file(source):
    session.show(session.example_reading(source, "text_fact"))
    assert comparing.choice_now(source, LENSES["attention"]) == "example:attention_fact"


def test_a_saved_run_on_screen_is_named_by_its_place_in_the_library(source):
    run = text_run(title="Mine")
    run_id = source.library().save(run)
    read(source, run, source.saved_key(run_id))
    assert comparing.choice_now(source, TEXT) == f"run:saved-{run_id}"


def test_a_and_b_are_swapped(source):
    a, b = comparing.shipped("rounded")
    ACTIONS["compare"](source, {"a": a, "b": b})
    ACTIONS["compare"](source, {"a": b, "b": a})
    assert [each["title"] for each in told(source)["sides"]] == [
        "rounded to 4 bits again",
        "as bundled",
    ]


def test_another_model_reads_the_same_text_and_its_run_becomes_b(source):
    read(source, text_run("one two", seed=1))
    ACTIONS["compare"](source, {"kind": "text", "model": {"source": "other", "revision": None}})
    (request,) = source.asked
    assert request == TextRequest(text="one two", top_k=4, model=ModelSpec("other"))
    other = replace(text_run("one two", seed=2), request=request)
    finish(source, text=other)
    assert pair(source).sides[1].content == source.put_run(other)


def test_another_model_whose_run_is_in_memory_is_shown_at_once(source):
    read(source, text_run("one two", seed=1))
    request = TextRequest(text="one two", top_k=4, model=ModelSpec("other"))
    source.put_run(replace(text_run("one two", seed=2), request=request))
    ACTIONS["compare"](source, {"kind": "text", "model": {"source": "other", "revision": None}})
    assert source.asked == []
    assert pair(source).kind == "text"


# What changed


def test_an_edit_of_a_few_words_offers_the_old_reading_above_the_new(source):
    first, second = text_run("The old man the boat.", seed=1), text_run("The old man, a boat.")
    read(source, first)
    before = session.before(TEXT)
    read(source, second)
    now = session.reading(source, TEXT)
    assert before is None
    assert comparing.was_edited(session.before(TEXT), now, TEXT)
    ACTIONS["changed"](source, {"kind": "text"})
    assert [each.content for each in pair(source).sides] == [
        source.put_run(first),
        source.put_run(second),
    ]


@pytest.mark.parametrize(
    ("before", "now", "offered"),
    [
        ("one two three four five", "one two 3 four five", True),
        ("one two three four five", "one two three four five", False),
        ("one two three four five", "quite another text altogether", False),
        ("w " * 200, "w " * 100 + "new " * 40 + "w " * 100, False),
        ("", "one", True),
    ],
)
def test_only_an_edit_of_a_few_words_is_one(before, now, offered):
    assert comparing.few_words_changed(before, now) is offered


def test_without_an_earlier_reading_there_is_nothing_that_changed(source):
    read(source, text_run())
    with pytest.raises(InputError, match="nothing earlier"):
        ACTIONS["changed"](source, {"kind": "text"})


# Saving and choosing


def test_unsaved_runs_are_saved_for_the_link(source, state):
    read(source, text_run(seed=1, title="Mine"))
    ACTIONS["compare"](source, {"kind": "text", "b": "pair:dtype_a"})
    assert [each["lasting"] for each in told(source)["sides"]] == [False, True]
    ACTIONS["save_pair"](source, {})
    (entry,) = source.library().entries()
    assert pair(source).address == {"a": f"run:saved-{entry.id}", "b": "pair:dtype_a"}
    assert all(each["lasting"] for each in told(source)["sides"])


def test_what_can_be_chosen_is_what_is_open_saved_and_shipped(source, state):
    source.library().save(text_run(seed=3, title="Saved one"))
    read(source, text_run("first", seed=1, title="First"))
    read(source, text_run("second", seed=2, title="Second"))
    ACTIONS["choices"](source, {"kind": "text"})
    groups = {each["heading"]: each["entries"] for each in state.choices["groups"]}
    assert [each["label"] for each in groups["In this session"]] == ["Second", "First"]
    assert [each["label"] for each in groups["Library"]] == ["Saved one"]
    assert groups["The same with another model"][0]["model"] == {
        "source": "other",
        "revision": None,
    }
    assert "example:text_code" in [each["choice"] for each in groups["Examples"]]
    assert {"pair:garden_a", "pair:rounded_b"} <= {each["choice"] for each in groups["Pairs"]}


def test_only_runs_of_the_same_kind_can_be_chosen(source):
    groups = choices(source, LENSES["dataset"])
    assert [each["heading"] for each in groups] == ["Examples"]
    assert [each["choice"] for each in groups[0]["entries"]] == ["example:dataset_sentences"]


def test_a_library_that_cannot_be_used_is_one_line_among_the_choices(source, monkeypatch):
    def refuse(*_, **__):
        raise LibraryError("The library cannot be used now: the disk is full.")

    monkeypatch.setattr(source.library(), "entries", refuse)
    groups = {each["heading"]: each["entries"] for each in choices(source, TEXT)}
    assert groups["Library"] == [
        {"choice": "", "label": "The library cannot be used now: the disk is full.", "note": ""}
    ]
    assert groups["Pairs"]


# Divergence


def exact_of(source):
    made = pair(source)
    return comparison_of(made.contents["compare"], source.run_of).divergence


@pytest.mark.parametrize("name", ["dtype", "rounded"])
def test_a_shipped_pair_has_its_exact_divergence_and_turns_it_with_the_pair(source, name):
    a, b = comparing.shipped(name)
    comparing.read(source, {"a": a, "b": b})
    before = exact_of(source)
    assert told(source)["exact"] is None
    comparing.read(source, {"a": b, "b": a})
    after = exact_of(source)
    np.testing.assert_array_equal(after.kl_ab, before.kl_ba)
    np.testing.assert_array_equal(after.kl_ba, before.kl_ab)
    assert after.model.dtype == before.other_model.dtype


def two_models(source):
    a = text_run(seed=1)
    facts = replace(a.model, dtype="bfloat16")
    b = replace(a, model=facts, request=replace(a.request, model=ModelSpec(dtype="bfloat16")))
    read(source, a)
    ACTIONS["compare"](source, {"kind": "text", "b": f"run:{source.put_run(b)}"})
    return a, b


def test_the_exact_divergence_of_two_models_is_offered_asked_for_and_shown(source):
    a, b = two_models(source)
    assert told(source)["exact"] == {"seconds": 4.0}
    ACTIONS["exact"](source, {})
    (request,) = source.asked
    assert isinstance(request, DivergenceRequest)
    assert (request.model.dtype, request.other.dtype) == ("float32", "bfloat16")
    assert request.text == a.request.text
    run = replace(
        divergence_run(), request=request, token_ids=a.token_ids, model=a.model,
        other_model=b.model,
    )  # fmt: skip
    finish(source, divergence=run)
    assert exact_of(source) is run
    assert told(source)["exact"] is None


def test_a_divergence_of_other_weights_is_not_passed_off_as_that_of_the_runs(source, state):
    a, b = two_models(source)
    ACTIONS["exact"](source, {})
    other = replace(b.model, weights="rounded to 4 bits")
    run = replace(
        divergence_run(), request=source.asked[0], token_ids=a.token_ids, model=a.model,
        other_model=other,
    )  # fmt: skip
    finish(source, divergence=run)
    assert exact_of(source) is None
    assert "not between the models of these two runs" in notices(state)


def test_one_model_and_different_tokens_have_no_exact_divergence(source):
    read(source, text_run(seed=1))
    ACTIONS["compare"](source, {"kind": "text", "b": "pair:garden_b"})
    assert told(source)["exact"] is None
    with pytest.raises(InputError, match="needs two models"):
        ACTIONS["exact"](source, {})


def test_panels_that_have_nothing_of_a_pair_are_left_out(source):
    assert {"heads", "paths", "rows", "overview", "depths"} == set(told(source)["without"])


def test_a_link_of_a_pair_is_its_address(source):
    assert told(source)["link"] == {"a": "pair:garden_a", "b": "pair:garden_b"}
    assert "divergence" in told(source)["tables"]
