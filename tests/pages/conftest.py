"""Pages of their own, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from backend.settings import settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def empty_library(tmp_path, monkeypatch):
    monkeypatch.setenv("ENTROSCOPE_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    settings.cache_clear()


@pytest.fixture
def app() -> Callable[..., AppTest]:
    """Return a function that opens the app at a page, with parameters of the address."""

    def open_at(page: str, **parameters: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "components" / "shell.py"), default_timeout=60)
        for name, value in parameters.items():
            at.query_params[name] = value
        at.run()
        at.switch_page(f"../pages/{page}.py").run()
        assert not at.exception
        return at

    return open_at
