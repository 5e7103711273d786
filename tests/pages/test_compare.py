"""The Compare page without a browser: which pairs it takes, and what it says to others."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from backend import cached
from backend.settings import settings
from components.compare.divergence import divergence_request
from tests.runs.makers import (
    attention_run,
    dataset_run,
    divergence_run,
    text_run,
    trajectory_run,
)


def words(at) -> str:
    shown = [*at.info, *at.warning, *at.error, *at.caption, *at.markdown]
    return "\n".join(each.value for each in shown)


def metrics(at) -> dict[str, str]:
    return {each.label: each.value for each in at.metric}


def compare(app, a, b):
    keys = [cached.put_run(run) for run in (a, b)]
    return app("compare", a=f"run:{keys[0]}", b=f"run:{keys[1]}")


def test_a_shipped_pair_is_shown_without_any_model(app):
    at = app("compare")
    assert metrics(at)["Common spans"] == "58"
    assert cached.engine().loaded() == []


@pytest.mark.parametrize("pair", ["dtype", "rounded", "template"])
def test_every_pair_can_be_chosen_by_link(app, pair):
    at = app("compare", a=f"pair:{pair}_a", b=f"pair:{pair}_b")
    assert float(metrics(at)["Mean |B − A|"]) > 0


def test_figures_follow_the_unit(app):
    nats = float(metrics(app("compare"))["Mean A (nats)"])
    bits = float(metrics(app("compare", unit="bits"))["Mean A (bits)"])
    assert bits == pytest.approx(nats / 0.693147, abs=2e-3)  # both are rounded to 3 digits


def test_runs_of_two_tokenizers_are_compared_by_common_spans(app):
    text = "abcdefghijklmnop"
    at = compare(app, text_run(text, width=2), text_run(text, width=4, seed=1))
    assert "several tokens" in words(at)
    assert metrics(at)["Common spans"] == "3"


def test_attention_runs_are_compared_by_head(app):
    at = compare(app, attention_run(), attention_run())
    assert metrics(at)["Mean B − A"] == "+0.000"


def test_trajectory_runs_are_compared_by_sampler(app):
    at = compare(app, trajectory_run(), trajectory_run(shift=1))
    assert list(at.dataframe[0].value["sampler"]) == ["greedy", "top_p"]


def test_runs_that_share_nothing_say_what_to_choose(app):
    at = compare(app, text_run("abc"), text_run("xyz"))
    assert "share no text" in words(at)


def test_runs_of_two_kinds_are_refused(app):
    at = compare(app, text_run(), attention_run())
    assert "A is a run of kind text, B of kind attention" in words(at)
    assert "kind text" in words(compare(app, text_run(), dataset_run()))


def test_a_run_that_is_gone_is_explained_and_a_pair_shown(app):
    at = app("compare", a="run:0123456789abcdef")
    assert "not here" in words(at)
    assert metrics(at)["Common spans"] == "58"


@pytest.mark.parametrize("value", ["../../etc/passwd", "run:<script>", "pair:" + "x" * 99])
def test_a_hostile_choice_is_ignored(app, value):
    assert metrics(app("compare", a=value))["Common spans"] == "58"


def test_data_sets_are_compared_text_by_text(app):
    a = dataset_run()
    b = replace(a, mean_entropy=a.mean_entropy + np.array([0, 0.5, 0], np.float32))
    at = compare(app, a, b)
    assert metrics(at)["Common texts"] == "3"
    assert metrics(at)["Mean B − A"] == "+0.250"
    table = at.dataframe[0].value
    assert table["text"][0] == "two\nlines"
    assert not at.error


def test_data_sets_without_a_common_text_say_so(app):
    a = dataset_run()
    b = replace(a, request=replace(a.request, texts=("x", "y", "z")))
    assert "no text in common" in words(compare(app, a, b))


def test_divergences_are_not_compared_again_and_the_reason_is_true(app):
    at = compare(app, divergence_run(), divergence_run())
    assert "comparison already" in words(at)


def test_bounds_are_given_both_ways_with_the_mass_they_leave_out(app):
    a, b = (cached.comparison_run(f"dtype_{side}") for side in "ab")
    shown = metrics(compare_tab(app, a, b))
    assert shown["Mean KL(A‖B) (nats)"].startswith("≥ ")
    assert shown["Mean KL(B‖A) (nats)"].startswith("≥ ")
    assert " – " in shown["Mean Jensen–Shannon (nats)"]
    assert shown["Mean remaining mass"].endswith("%")


def compare_tab(app, a, b):
    keys = [cached.put_run(run) for run in (a, b)]
    return app("compare", a=f"run:{keys[0]}", b=f"run:{keys[1]}", **{"compare.tab": "divergence"})


def test_a_shipped_divergence_is_turned_with_its_pair(app):
    link = {"compare.tab": "divergence"}
    straight = metrics(app("compare", a="pair:rounded_a", b="pair:rounded_b", **link))
    turned = metrics(app("compare", a="pair:rounded_b", b="pair:rounded_a", **link))
    assert straight["Mean KL(A‖B) (nats)"] == turned["Mean KL(B‖A) (nats)"]
    assert straight["Mean KL(A‖B) (nats)"] != turned["Mean KL(A‖B) (nats)"]


def test_a_divergence_of_other_weights_is_not_passed_off_as_that_of_the_runs(app):
    a, b = cached.comparison_run("rounded_b"), cached.comparison_run("dtype_b")
    request = divergence_request(a, b)
    assert request is not None
    # What the server loads under the names of A and B: the weights before they were rounded.
    run = replace(cached.comparison_run("dtype_divergence"), request=request)
    remember(run)
    link = {"compare.tab": "divergence"}
    at = app("compare", a="pair:rounded_b", b="pair:dtype_b", **link)
    assert "other weights" in words(at)
    assert "Mean remaining mass" in metrics(at)


def test_a_divergence_of_the_same_weights_is_shown_as_exact(app):
    a, b = cached.comparison_run("dtype_a"), cached.comparison_run("dtype_b")
    request = divergence_request(a, b)
    assert request is not None
    run = replace(cached.comparison_run("dtype_divergence"), request=request)
    remember(run)
    keys = [cached.put_run(each) for each in (a, b)]
    link = {"compare.tab": "divergence"}
    at = app("compare", a=f"run:{keys[0]}", b=f"run:{keys[1]}", **link)
    assert "Mean remaining mass" not in metrics(at)
    button = next(each for each in at.button if each.key == "compare:open-exact")
    button.click().run()
    assert at.query_params["divergence_run"] == request.key


def remember(run):
    engine = cached.engine()
    with engine._lock:
        engine._runs.put(run.request.key, run)


def test_a_divergence_opens_by_itself_and_leads_back(app):
    at = app("compare", divergence_run=cached.put_run(divergence_run()))
    assert "Divergence of two models" in [each.value for each in at.subheader]
    assert metrics(at)["Mean KL(A‖B) (nats)"] == "0.5000"
    next(each for each in at.button if each.label == "Back to two runs").click().run()
    assert metrics(at)["Common spans"] == "58"


def test_a_divergence_that_is_gone_is_explained(app):
    at = app("compare", divergence_run="0123456789abcdef")
    assert "not on this server" in words(at)
    assert metrics(at)["Common spans"] == "58"


def test_unsaved_runs_are_saved_for_the_link(app, tmp_path, monkeypatch):
    monkeypatch.setenv("ENTROSCOPE_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    at = compare(app, text_run(seed=1), text_run(seed=2))
    next(each for each in at.button if each.key == "compare:save").click().run()
    assert at.query_params["a"].startswith("run:saved-")
    assert at.query_params["b"].startswith("run:saved-")
    assert len(cached.library().entries()) == 2
    settings.cache_clear()


def test_head_differences_have_a_fixed_range_until_asked(app):
    at = compare(app, attention_run(), attention_run())
    spec = json.loads(at.get("vega_lite_chart")[0].proto.spec)
    assert spec["encoding"]["color"]["scale"]["domain"] == [-1.0, 1.0]


def test_a_swapped_pair_stays_chosen(app):
    at = app("compare", a="pair:rounded_a", b="pair:rounded_b")
    at.button(key="compare:swap").click().run()
    assert at.session_state["compare:pair"] == "rounded"
    assert at.selectbox(key="compare:a").value == "pair:rounded_b"


def test_the_table_shows_the_text_of_a_token_without_its_number(app):
    at = app("compare", **{"compare.tab": "table"})
    table = at.dataframe[0].value
    assert not any(
        text.startswith(f"{token} ")
        for token, text in zip(table["token"], table["text"], strict=True)
    )
