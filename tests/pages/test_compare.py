"""The Compare page without a browser: which pairs it takes, and what it says to others."""

from __future__ import annotations

import pytest

from backend import cached
from tests.runs.makers import attention_run, dataset_run, text_run, trajectory_run


def words(at) -> str:
    shown = [*at.info, *at.warning, *at.error, *at.caption, *at.markdown]
    return "\n".join(each.value for each in shown)


def metrics(at) -> dict[str, str]:
    return {each.label: each.value for each in at.metric}


def compare(app, a, b):
    keys = [cached.keep_run(run) for run in (a, b)]
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
