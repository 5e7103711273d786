"""Trainings in the engine: a line of their own, live records, Stop and Resume."""

from __future__ import annotations

import time

import numpy as np
import pytest

from backend.engine import Engine, LocalExecutor
from backend.runs.training import TrainingRequest, TrainingRun
from backend.settings import Settings
from backend.trainings import run

REQUEST = TrainingRequest(experiment="experts", seeds=(0,))


@pytest.fixture
def engine(tmp_path):
    def load(spec):
        raise AssertionError("no model is loaded for a training")

    settings = Settings(cache_dir=tmp_path)
    made = Engine(LocalExecutor(settings, load), limits=settings)
    yield made
    made.close(60)


def partials(job, count):
    """Wait until a job has shown so many records, and return them as a run."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        shown = job.progress.partial
        if shown is not None and len(shown.records) >= count:
            return shown.run()
        time.sleep(0.005)
    raise AssertionError("no records came")


def test_a_training_is_answered_without_a_model(engine):
    job = engine.submit(REQUEST, stay=True)
    found = job.result(120)
    assert isinstance(found, TrainingRun)
    assert found.finished
    assert engine.find(job.key) is found
    assert engine.loaded() == []


def test_records_are_shown_while_it_trains(engine):
    job = engine.submit(REQUEST, stay=True)
    first = partials(job, 2)
    first.check()
    assert not first.finished
    assert job.result(120).finished


def test_a_stopped_training_goes_on_where_it_was(engine):
    job = engine.submit(REQUEST, stay=True)
    kept = partials(job, 3)
    job.cancel()
    again = engine.submit(REQUEST, stay=True)
    first = partials(again, 1)
    assert len(first.step) > 1  # those from before the stop are there at once
    whole = again.result(120)
    fresh = run("experts", seeds=(0,))
    assert kept.step.tolist() == whole.step[: len(kept.step)].tolist()
    for name, values in fresh.numbers.items():
        np.testing.assert_array_equal(whole.numbers[name], values)


def test_trainings_wait_for_one_another(engine):
    first = engine.submit(REQUEST, stay=True)
    second = engine.submit(TrainingRequest(experiment="experts", seeds=(1,)), stay=True)
    partials(first, 1)
    assert second.state == "queued"
    assert "training" in second.progress.message
    first.cancel()
    second.cancel()
