"""Engines over fake models and studies, closed after each test."""

from __future__ import annotations

import pytest

from backend.engine import Engine, LocalExecutor
from backend.registry import Registry
from backend.settings import Settings
from tests.engine.fakes import PATIENCE, Loader, SteeredStudy


@pytest.fixture
def loader():
    made = Loader()
    made.gate.set()
    return made


@pytest.fixture
def study():
    return SteeredStudy()


@pytest.fixture
def make_engine(loader, study, tmp_path):
    made = []

    def make(free=lambda device: 10**12, timeouts=None, store=None, **limits) -> Engine:
        studies = Registry("study")
        studies.register("fake")(study)
        settings = Settings(cache_dir=tmp_path, **limits)
        executor = LocalExecutor(settings, loader, studies, lambda model: model.weights, free)
        made.append(Engine(executor, store, settings, timeouts))
        return made[-1]

    yield make
    loader.gate.set()
    study.step(1000)
    for each in made:
        each.close(PATIENCE)


@pytest.fixture
def engine(make_engine):
    return make_engine()
