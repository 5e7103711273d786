"""How long studies take is learned on this machine, and nothing is told that was not measured."""

from __future__ import annotations

import json
import time

import pytest

from backend.engine import pace as pace_module
from backend.engine.pace import Pace, Stopwatch
from backend.progress import Progress
from tests.engine.fakes import PATIENCE, FakeRequest

MODEL = "0123 cpu float32"


@pytest.fixture
def pace(tmp_path):
    return Pace(tmp_path / "pace.json")


# What was measured


def test_nothing_is_known_of_what_was_never_measured(pace):
    assert pace.seconds(MODEL, "text", 1e9) is None
    pace.learn(MODEL, "text", 1e9, 1.0)
    assert pace.seconds("another model", "text", 1e9) is None
    assert pace.seconds(MODEL, "attention", 1e9) is None
    assert pace.seconds(MODEL, "text", 0.0) is None


def test_seconds_follow_the_work(pace):
    pace.learn(MODEL, "text", 1e9, 2.0)
    assert pace.seconds(MODEL, "text", 3e9) == pytest.approx(6.0)


def test_one_odd_run_of_three_is_outvoted(pace):
    for seconds in (1.0, 30.0, 1.2):
        pace.learn(MODEL, "text", 1e9, seconds)
    assert pace.seconds(MODEL, "text", 1e9) == pytest.approx(1.2)


def test_runs_of_a_like_size_count_since_short_ones_do_less_a_second(pace):
    for _ in range(3):
        pace.learn(MODEL, "text", 1e6, 0.1)  # 1e-7 seconds a unit
        pace.learn(MODEL, "text", 1e9, 10.0)  # 1e-8
    assert pace.seconds(MODEL, "text", 2e9) == pytest.approx(20.0)
    assert pace.seconds(MODEL, "text", 2e6) == pytest.approx(0.2)


def test_only_the_last_runs_count(pace):
    for _ in range(20):
        pace.learn(MODEL, "text", 1e9, 10.0)
    for _ in range(12):
        pace.learn(MODEL, "text", 1e9, 1.0)
    assert pace.seconds(MODEL, "text", 1e9) == pytest.approx(1.0)


def test_what_was_learned_outlives_the_server(pace, tmp_path):
    pace.learn(MODEL, "text", 1e9, 2.0)
    pace.save()
    assert Pace(tmp_path / "pace.json").seconds(MODEL, "text", 1e9) == pytest.approx(2.0)


def test_models_measured_long_ago_are_forgotten(pace, monkeypatch):
    monkeypatch.setattr(pace_module, "_MODELS", 2)
    for model in "abc":
        pace.learn(model, "text", 1e9, 1.0)
    assert [pace.seconds(model, "text", 1e9) for model in "abc"] == [None, 1.0, 1.0]


@pytest.mark.parametrize("written", ["", "[]", "{", '{"a": 1}', '{"a": {"text": [[1]]}}'])
def test_a_file_that_is_not_ours_is_left_out(tmp_path, written):
    (tmp_path / "pace.json").write_text(written)
    pace = Pace(tmp_path / "pace.json")
    pace.learn(MODEL, "text", 1e9, 1.0)
    pace.save()
    assert json.loads((tmp_path / "pace.json").read_text()) == {MODEL: {"text": [[1e9, 1.0]]}}


def test_a_folder_that_cannot_be_written_costs_only_the_memory(tmp_path):
    (tmp_path / "file").write_text("")
    pace = Pace(tmp_path / "file" / "pace.json")
    pace.learn(MODEL, "text", 1e9, 1.0)
    pace.save()
    assert pace.seconds(MODEL, "text", 1e9) == 1.0


# What is left of a run


@pytest.fixture
def now(monkeypatch):
    class Clock:
        seconds = 100.0

    monkeypatch.setattr(time, "monotonic", lambda: Clock.seconds)
    return Clock


def test_nothing_is_told_of_what_is_left_before_anything_was_measured(now):
    watch = Stopwatch(None)
    assert watch.left(Progress(0, 10, "")) is None
    now.seconds += 0.2
    assert watch.left(Progress(1, 10, "")) is None


def test_the_first_tenths_of_a_run_calibrate_it(now):
    watch = Stopwatch(None)
    watch.left(Progress(0, 10, ""))
    now.seconds += 0.5
    assert watch.left(Progress(1, 10, "")) == pytest.approx(4.5)
    now.seconds += 0.5
    assert watch.left(Progress(2, 10, "")) == pytest.approx(4.0)


def test_earlier_runs_tell_from_the_beginning(now):
    watch = Stopwatch(8.0)
    assert watch.left(Progress(0, 10, "")) == pytest.approx(8.0)
    now.seconds += 3.0
    assert watch.left(Progress(0, 0, "")) == pytest.approx(5.0)
    now.seconds += 30.0
    assert watch.left(Progress(0, 0, "")) == 0.0


def test_a_run_slower_than_earlier_ones_is_told_as_it_is(now):
    watch = Stopwatch(1.0)
    watch.left(Progress(0, 10, ""))
    now.seconds += 5.0
    assert watch.left(Progress(1, 10, "")) == pytest.approx(45.0)


def test_another_part_of_a_run_is_counted_by_itself(now):
    watch = Stopwatch(None)
    watch.left(Progress(0, 2, "First"))
    now.seconds += 10.0
    watch.left(Progress(1, 2, "First"))
    assert watch.left(Progress(0, 100, "Second")) is None
    now.seconds += 1.0
    assert watch.left(Progress(10, 100, "Second")) == pytest.approx(9.0)


# In the engine


def test_the_engine_learns_from_what_it_runs(engine):
    request = FakeRequest(text="quick")
    assert engine.seconds(request) is None  # not loaded
    engine.submit(request).result(PATIENCE)
    seconds = engine.seconds(FakeRequest(text="quick other"))
    assert seconds is not None
    assert 0 < seconds < PATIENCE


def test_the_engine_keeps_what_it_learned(make_engine, tmp_path):
    engine = make_engine()
    engine.submit(FakeRequest(text="quick")).result(PATIENCE)
    engine.close(PATIENCE)
    written = json.loads((tmp_path / "pace.json").read_text())
    assert list(written) == ["first cpu float32"]


def test_a_stopped_study_teaches_nothing(engine, study):
    job = engine.submit(FakeRequest(text="slow"), stay=True)
    study.started.get(timeout=PATIENCE)
    job.cancel()
    study.step(1)
    engine.call(job.request.model, _nothing).wait(PATIENCE)  # the model is free again
    assert engine.seconds(FakeRequest(text="slow")) is None


def test_what_is_left_is_told_with_the_progress(engine, study):
    study.work = 1000.0
    engine.submit(FakeRequest(text="quick")).result(PATIENCE)
    assert study.started.get(timeout=PATIENCE) == "quick"
    job = engine.submit(FakeRequest(text="slow"), stay=True)
    assert study.started.get(timeout=PATIENCE) == "slow"
    while job.progress.total == 0:
        assert not job.wait(0.01)
    assert job.progress.seconds_left is not None
    study.step(2)
    job.result(PATIENCE)


def _nothing(model, *, report):
    return None
