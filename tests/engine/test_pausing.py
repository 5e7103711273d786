"""A long study lets short ones in between two of its steps."""

from __future__ import annotations

import numpy as np
import pytest

import backend
from backend.readers import Reader
from backend.settings import settings
from tests.engine.fakes import PATIENCE, FakeRequest

ANN, BEN, CAT = (Reader(name, f"owner of {name}") for name in ("ann", "ben", "cat"))
MUCH = 10**9


@pytest.fixture
def busy(make_engine, study):
    """An engine that knows how long a study takes, and a long one that has begun."""

    def begin(**limits):
        engine = make_engine(**limits)
        engine.submit(FakeRequest(text="quick first"), reader=ANN).result(PATIENCE)
        study.started.get(timeout=PATIENCE)
        job = engine.submit(FakeRequest(text="long", numbers=1000), reader=ANN)
        assert study.started.get(timeout=PATIENCE) == "long"
        return engine, job

    study.work = 1e-6
    study.pausable = True
    return begin


def test_a_short_study_does_not_wait_for_the_end_of_a_long_one(busy, study):
    engine, long = busy()
    short = engine.submit(FakeRequest(text="quick second"), reader=BEN)
    study.step()
    assert short.result(PATIENCE).values.tolist() == [0]
    assert long.state == "running"
    study.step()
    assert len(long.result(PATIENCE).values) == 1000


def test_while_something_is_half_done_nobody_is_let_in(busy, study):
    engine, long = busy()
    study.pausable = False
    short = engine.submit(FakeRequest(text="quick second"), reader=BEN)
    study.step(2)
    long.result(PATIENCE)
    short.result(PATIENCE)
    assert study.runs == ["quick first", "long", "quick second"]


def test_another_long_study_waits_for_its_turn(busy, study):
    engine, long = busy()
    other = engine.submit(FakeRequest(text="quick, but much", numbers=MUCH), reader=BEN)
    study.step()
    assert study.started.empty()
    assert other.state == "queued"
    study.step()
    long.result(PATIENCE)
    other.result(PATIENCE)


def test_a_long_study_keeps_half_of_the_time(busy, study):
    study.seconds = {"quick second": 0.3}
    engine, long = busy()
    jobs = [
        engine.submit(FakeRequest(text=f"quick {name}"), reader=reader)
        for name, reader in (("second", BEN), ("third", CAT))
    ]
    study.step()
    jobs[0].result(PATIENCE)
    study.step()
    long.result(PATIENCE)
    jobs[1].result(PATIENCE)
    assert study.runs == ["quick first", "long", "quick second", "quick third"]


def test_what_has_no_room_beside_the_long_one_takes_its_turn_later(busy, study):
    study.need = 80
    engine, long = busy(free=lambda device: 100)
    short = engine.submit(FakeRequest(text="quick second"), reader=BEN)
    study.step()
    assert study.started.empty()
    study.step()
    long.result(PATIENCE)
    assert short.result(PATIENCE).values.tolist() == [0]


def test_a_long_study_is_stopped_while_a_short_one_is_let_in(busy, study):
    study.seconds = {"quick second": 0.2}
    engine, long = busy()
    short = engine.submit(FakeRequest(text="quick second"), reader=BEN)
    study.step()
    assert study.started.get(timeout=PATIENCE) == "quick second"
    long.cancel()
    study.step()
    assert short.result(PATIENCE).values.tolist() == [0]
    assert long.wait(PATIENCE)
    assert long.state == "cancelled"


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma3", "mixtral"])
@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("trajectories", {"steps": 5, "seeds": (0, 1)}),
        ("when_it_knew", {}),
        ("dataset", {}),
    ],
)
def test_numbers_are_the_same_whoever_was_let_in(
    tiny_model, family, kind, asked, monkeypatch, tmp_path
):
    model, text = tiny_model(family), "The harbour sleeps under a thin moon"
    subject = {"dataset": {"texts": (text, "Other words")}, "trajectories": {"prompt": text}}
    asked = {**subject.get(kind, {"text": text}), **asked}
    study = getattr(backend, f"study_{kind}")
    alone, pauses = study(model, **asked), []

    def let_in(progress):
        if progress.pausable:
            pauses.append(backend.study_text(model, "Something else that is read between"))

    monkeypatch.setenv("ENTROSCOPE_DATA_DIR", str(tmp_path))  # rows of a data set are kept there
    settings.cache_clear()
    disturbed = study(model, **asked, report=let_in)
    settings.cache_clear()
    assert pauses
    for name, values in alone.arrays().items():
        if name not in ("seconds_per_step", "step_seconds"):
            np.testing.assert_array_equal(disturbed.arrays()[name], values, err_msg=name)
