"""Random requests of a class, by students and the teacher: refused in one line, or taken."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from starlette.applications import Starlette
from starlette.testclient import TestClient

from backend.settings import settings as our_settings
from backend.web.classroom import classroom_routes
from backend.web.security import middleware
from backend.web.teach import teach_routes
from tests.security.inputs import as_json, objects, texts
from tests.web.test_classroom import ASK, CONTENT, KEY, OWN, TEACHERS, FakeSource

LOOKS = some.sampled_from(["tokens?example=text_fact&token=3", "tokens", "", "//evil.example/"])
REQUESTS = some.one_of(
    some.tuples(
        some.just("answer"),
        objects(
            question=some.sampled_from(["guess_the_next_word/1", ""]) | texts,
            word=texts, place=some.integers() | texts,
        ),
    ),
    some.tuples(
        some.just("ask"),
        objects(lesson=some.just(ASK["lesson"]) | texts, step=some.integers() | some.just(1)),
    ),
    some.tuples(
        some.just("follow"),
        objects(look=LOOKS | texts, content=some.just(CONTENT) | texts),
    ),
    some.tuples(some.sampled_from(TEACHERS), objects()),
    # What pages of ours send, so that there is a question and a view to be attacked.
    some.just(("ask", as_json(ASK))),
    some.just(("follow", as_json({"look": "tokens?token=3", "content": CONTENT}))),
)  # fmt: skip


@pytest.fixture
def browsers(monkeypatch, tmp_path):
    """A classroom with a teacher's browser and a student's."""
    monkeypatch.setenv("ENTROSCOPE_MODE", "class")
    monkeypatch.setenv("ENTROSCOPE_TEACHER_KEY", KEY)
    our_settings.cache_clear()
    source = FakeSource(tmp_path)
    app = Starlette(
        routes=[*teach_routes(), *classroom_routes(source)], middleware=middleware(["class.test"])
    )
    made = [TestClient(app, base_url="http://class.test", follow_redirects=False) for _ in "ab"]
    made[0].get("/teach", params={"key": KEY})
    yield source, *made
    monkeypatch.undo()
    our_settings.cache_clear()


def attack(browsers, count: int, *, same: bool) -> None:
    source, teacher, student = browsers
    taken: set[str] = set()

    @settings(
        max_examples=count, derandomize=same, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(REQUESTS, some.booleans())
    def send(request: tuple[str, bytes], teaches: bool) -> None:
        name, body = request
        browser = teacher if teaches else student
        answer = browser.post(f"/class/{name}", content=body, headers=OWN)
        assert answer.status_code < 500
        if answer.status_code < 300:
            taken.add(name)
        else:
            assert len(answer.text.splitlines()) <= 1
        if not teaches and name in TEACHERS:
            assert answer.status_code >= 400
        assert all(source.room.seen_by("anybody", teaches=each) for each in (True, False))

    send()
    assert {"ask", "follow"} <= taken  # the ways in are open
    sheet = teacher.get("/class/answers.csv")
    assert sheet.status_code < 500
    for row in csv.reader(io.StringIO(sheet.text)):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row)


def test_requests_of_a_class_are_refused_in_one_line_or_taken(browsers):
    attack(browsers, 80, same=True)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_10_000_requests_of_a_class_are_refused_in_one_line_or_taken(browsers):
    attack(browsers, 10_000, same=False)
