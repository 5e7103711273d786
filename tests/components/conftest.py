"""A source without an engine, and the session of a reader who has just come."""

from __future__ import annotations

import pytest

from components import session
from tests.components.fake_source import FakeSource


@pytest.fixture
def source(tmp_path):
    return FakeSource(tmp_path)


@pytest.fixture
def state(monkeypatch):
    found = session.Session()
    monkeypatch.setattr(session, "current", lambda: found)
    return found
