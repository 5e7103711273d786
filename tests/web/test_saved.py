"""What the search in the browser learns of saved runs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from backend.errors import LibraryError
from backend.storage.files import load_run
from backend.storage.library import Library
from backend.web.saved import saved_routes


def client(library) -> TestClient:
    source = SimpleNamespace(library=library, saved_key=lambda run_id: f"saved-{run_id}")
    return TestClient(Starlette(routes=saved_routes(source, "/here/")))


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "runs")


def test_saved_runs_are_listed_latest_first_with_the_key_that_opens_them(library):
    run = load_run("examples/text_fact.safetensors")
    run_id = library.save(run, title="Two capitals", tags=["class"])
    (found,) = client(lambda: library).get("/here/saved").json()
    assert found["key"] == f"saved-{run_id}"
    assert (found["kind"], found["title"], found["tags"]) == ("text", "Two capitals", ["class"])
    assert run.request.text.startswith(found["text"][:40])


def test_nothing_saved_is_an_empty_list_that_no_browser_keeps(library):
    answer = client(lambda: library).get("/here/saved")
    assert answer.json() == []
    assert answer.headers["cache-control"] == "no-store"


def test_a_library_that_cannot_be_read_has_nothing_to_find():
    def broken():
        raise LibraryError("The folder of the library cannot be used.")

    assert client(broken).get("/here/saved").json() == []
