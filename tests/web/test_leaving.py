"""Whoever leaves a computer leaves nothing to the next at it."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from backend import readers
from backend.settings import settings
from backend.storage.library import Library
from backend.storage.view import View
from backend.web.leaving import leaving_routes
from backend.web.readers import Readers, reader_of
from tests.runs.makers import text_run

ASKED = {"X-Entroscope": "1"}


class Source:
    """A library and the names that readers were given."""

    def __init__(self, folder):
        self._all = Library(folder)
        self.forgotten = []

    def alone(self):
        return settings().mode == "local"

    def library(self):
        owner = readers.current.get().owner
        return self._all.seen_by(View(owner, (owner,), (owner,)))

    def forget_reader(self):
        self.forgotten.append(readers.current.get().owner)


@pytest.fixture
def source(tmp_path):
    return Source(tmp_path / "runs")


@pytest.fixture
def client(source):
    def save(request):
        source.library().save(text_run())
        return JSONResponse({})

    def here(request):
        found = [each.id for each in source.library().entries()]
        return JSONResponse([reader_of(request).owner, found])

    routes = [*leaving_routes(source, "base"), Route("/base/save", save), Route("/base/here", here)]
    app = Starlette(routes=routes, middleware=[Middleware(Readers, prefix="base")])
    return TestClient(app, base_url="http://class.test")


@pytest.fixture
def among_others(monkeypatch):
    monkeypatch.setenv("ENTROSCOPE_MODE", "class")
    settings.cache_clear()


def test_the_next_reader_is_another_and_finds_nothing(client, source, among_others):
    client.get("/base/save")
    owner, saved = client.get("/base/here").json()
    assert len(saved) == 1
    answer = client.post("/base/leave", headers=ASKED)
    assert answer.status_code == 204
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    next_owner, found = client.get("/base/here").json()
    assert next_owner != owner
    assert found == []
    assert source.forgotten == [owner]


def test_a_page_from_elsewhere_cannot_make_a_reader_leave(client, source, among_others):
    assert client.post("/base/leave").status_code == 403
    assert source.forgotten == []


def test_alone_on_a_machine_there_is_nobody_to_leave_for(client, source):
    assert client.post("/base/leave", headers=ASKED).status_code == 404


def test_whoever_is_signed_in_keeps_their_library_and_signs_out_instead(source, monkeypatch):
    monkeypatch.setenv("ENTROSCOPE_MODE", "public")
    settings.cache_clear()
    ada = readers.Reader("id", "ada", signed_in=True)
    app = Starlette(routes=leaving_routes(source))

    async def as_ada(scope, receive, send):
        await app({**scope, "state": {**scope.get("state", {}), "reader": ada}}, receive, send)

    answer = TestClient(as_ada).post("/leave", headers=ASKED)
    assert (answer.status_code, answer.text) == (409, "Sign out instead.")
    assert source.forgotten == []
