"""Fixtures that every room's tests may use."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from backend.models import load_model
from backend.models.language import LanguageModel
from backend.settings import settings
from tests import chromium, rare_models
from tests.tiny_models import build


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no core waits for another at the end.

    A browser on a busy machine may be late once: its tests have two more tries, which the summary
    counts.
    """

    def quick(item: pytest.Item) -> tuple[bool, bool]:
        return item.get_closest_marker("browser") is None, "e2e" not in item.nodeid

    items.sort(key=quick)
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict:
    return chromium.LAUNCH


@pytest.fixture(scope="session", autouse=True)
def own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the reader's own library out of the tests, and the tests out of it."""
    os.environ["ENTROSCOPE_DATA_DIR"] = str(tmp_path_factory.mktemp("data"))
    settings.cache_clear()


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function: family to the folder of its tiny model, written once."""
    root = tmp_path_factory.mktemp("tiny")
    return cache(lambda family: build(family, root / family))


@pytest.fixture(scope="session")
def tiny_model(tiny_folder: Callable[[str], Path]) -> Callable[[str], LanguageModel]:
    """Return a function: family to its tiny model on the CPU in float32, loaded once."""
    return cache(lambda family: load_model(str(tiny_folder(family)), device="cpu"))


@pytest.fixture(scope="session")
def rare_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], LanguageModel]:
    """Return a function: family of ``tests/rare_models.py`` to its model, loaded once."""
    root = tmp_path_factory.mktemp("rare")

    def load(family: str) -> LanguageModel:
        return load_model(str(rare_models.build(family, root / family)), device="cpu")

    return cache(load)


@pytest.fixture(scope="session")
def bundled_model() -> LanguageModel:
    """The real bundled model on the CPU in float32; mark tests that use it ``model``."""
    return load_model("bundled", device="cpu")


@pytest.fixture(autouse=True)
def keep_main_module(monkeypatch):
    """Undo what AppTest does to ``__main__``, which a spawned process would run again."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
