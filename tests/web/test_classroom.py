"""The routes of a class: who may do what is decided on the server."""

from __future__ import annotations

import csv
import io
import json
import threading
from dataclasses import dataclass, field
from unittest import mock

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from backend.classroom import Classroom
from backend.classroom.followed_runs import FollowedRuns
from backend.classroom.streams import Streams
from backend.lessons import LESSONS
from backend.lessons.own import OwnLessons
from backend.runs import Run
from backend.settings import settings
from backend.storage.examples import EXAMPLES
from backend.storage.files import load_run
from backend.web import teach
from backend.web.classroom import classroom_routes
from backend.web.own_lessons import own_lesson_routes
from backend.web.readers import Readers
from backend.web.security import middleware
from backend.web.teach import teach_routes

KEY = "a key of the teacher"
OWN = {"X-Entroscope": "1"}
ASK = {"lesson": "guess_the_next_word", "step": 1}
RUN = load_run(EXAMPLES / "text_guess.safetensors")
CONTENT = "0123456789abcdef" * 2
TEACHERS = ("ask", "close", "reopen", "away", "follow")


@dataclass
class FakeSource:
    """A classroom of its own, and one run in memory."""

    folder: object
    runs: dict[str, Run] = field(default_factory=lambda: {CONTENT: RUN})

    def __post_init__(self):
        self.streams = Streams()
        self.room = Classroom(
            self.folder, LESSONS.__getitem__, lambda look: RUN, self.streams.changed
        )

    def classroom(self):
        return self.room

    def class_streams(self):
        return self.streams

    def followed_runs(self):
        return FollowedRuns(self.folder)

    def followed_key(self, content):
        return f"followed-{content}"

    def run_of(self, content):
        return self.runs.get(content)


@pytest.fixture
def mode(monkeypatch):
    def choose(mode):
        monkeypatch.setenv("ENTROSCOPE_MODE", mode)
        monkeypatch.setenv("ENTROSCOPE_TEACHER_KEY", KEY)
        settings.cache_clear()

    monkeypatch.setattr(teach, "_PAUSE", 0)
    choose("class")
    yield choose
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def source(tmp_path):
    return FakeSource(tmp_path / "class")


@pytest.fixture
def open_browser(mode, source):
    """Return a function that opens a browser of its own."""
    app = Starlette(
        routes=[*teach_routes("here"), *classroom_routes(source, "here")],
        middleware=middleware(["class.test"], "here"),
    )

    def make(key=None):
        client = TestClient(app, base_url="http://class.test", follow_redirects=False)
        client.get("/here/teach", params={} if key is None else {"key": key})
        return client

    return make


@pytest.fixture
def teacher(open_browser):
    return open_browser(KEY)


@pytest.fixture
def student(open_browser):
    return open_browser()


def post(client, name, said=None, headers=OWN):
    return client.post(f"/here/class/{name}", content=json.dumps(said or {}), headers=headers)


def told(client, source) -> dict:
    """What the first event of a browser's stream says."""
    streams, seen_by = source.streams, source.room.seen_by

    def seen_once(*args, **more):
        threading.Timer(0.01, streams.close).start()
        return seen_by(*args, **more)

    with mock.patch.object(source.room, "seen_by", seen_once):
        answer = client.get("/here/class/events")
    source.streams = Streams()
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    lines = [line for line in answer.text.splitlines() if line.startswith("data: ")]
    return json.loads(lines[0].removeprefix("data: "))


def test_the_key_makes_a_browser_the_teachers_and_leads_to_the_front_page(open_browser, source):
    client = open_browser()
    assert not told(client, source)["teaches"]
    answer = client.get("/here/teach", params={"key": KEY})
    assert (answer.status_code, answer.headers["location"]) == (303, "/here/")
    assert told(client, source)["teaches"]


def test_the_key_may_be_typed_into_a_form(student, source):
    page = student.get("/here/teach")
    assert 'action="/here/teach"' in page.text
    assert KEY not in page.text
    answer = student.post("/here/teach", data={"key": KEY})
    assert answer.status_code == 303
    assert told(student, source)["teaches"]


@pytest.mark.parametrize("key", ["", "a key", KEY + "x", "ключ"])
def test_another_key_makes_nobody_a_teacher(student, source, key):
    assert student.get("/here/teach", params={"key": key}).status_code == 403
    assert student.post("/here/teach", data={"key": key}).status_code == 403
    assert not told(student, source)["teaches"]


@pytest.mark.parametrize("name", TEACHERS)
def test_a_students_own_request_for_what_a_teacher_does_is_refused(student, source, name):
    answer = post(student, name, ASK | {"look": "tokens"})
    assert answer.status_code == 403
    assert "teacher" in answer.text
    assert source.room.question is None
    assert source.room.followed is None


def test_a_student_gets_no_answers_of_others(teacher, student):
    assert student.get("/here/class/answers.csv").status_code == 403
    assert teacher.get("/here/class/answers.csv").headers["content-type"].startswith("text/csv")


@pytest.mark.parametrize("name", [*TEACHERS, "answer"])
def test_a_page_elsewhere_cannot_act_for_a_teacher(teacher, name):
    assert post(teacher, name, ASK, headers={}).status_code == 403


def test_a_question_is_answered_changed_and_counted(teacher, open_browser, source):
    assert post(teacher, "ask", ASK).status_code == 200
    students = [open_browser(), open_browser()]
    question = told(students[0], source)["question"]
    for word in ("sons", "daughters"):
        answer = post(students[0], "answer", {"question": question["id"], "word": word})
        assert answer.json() == {"label": word}
    post(students[1], "answer", {"question": question["id"], "word": "sons"})
    assert told(students[0], source)["question"]["mine"] == {"label": "daughters"}
    seen = told(teacher, source)
    assert seen["question"]["tally"]["count"] == 2
    assert "owner" not in str(seen)
    assert "tally" not in told(students[0], source)["question"]
    post(teacher, "close")
    assert told(students[0], source)["question"]["tally"]["count"] == 2
    assert post(students[1], "answer", {"question": question["id"], "word": "x"}).status_code == 400
    rows = csv.DictReader(io.StringIO(teacher.get("/here/class/answers.csv").text))
    assert [each["answer"] for each in rows] == ["daughters", "sons"]


def test_what_is_followed_is_told_and_its_run_is_kept_for_all(teacher, student, source):
    post(teacher, "follow", {"look": "tokens?token=5", "content": CONTENT})
    assert told(student, source)["follow"] == {"look": f"tokens?token=5&run=followed-{CONTENT}"}
    assert source.followed_runs().find(CONTENT).text == RUN.text
    post(teacher, "follow", {"look": "tokens?run=saved-0123456789abcdef&lesson=own-1.1"})
    assert "run=saved-" in told(student, source)["follow"]["look"]
    post(teacher, "follow", {"look": None})
    assert told(student, source)["follow"] is None


def test_both_runs_of_a_comparison_are_kept_for_all(teacher, student, source):
    other = "f" * 32
    source.runs[other] = RUN
    post(teacher, "follow", {"look": "compare?token=2", "content": f"{CONTENT}~{other}"})
    sides = f"a=run%3Afollowed-{CONTENT}&b=run%3Afollowed-{other}"
    assert told(student, source)["follow"] == {"look": f"compare?token=2&{sides}"}
    assert all(source.followed_runs().find(each) for each in (CONTENT, other))


def test_a_view_whose_run_is_gone_is_not_followed(teacher, source):
    for content in ("f" * 32, f"{CONTENT}~{'f' * 32}"):
        answer = post(teacher, "follow", {"look": "compare", "content": content})
        assert answer.status_code == 400
        assert "not in memory" in answer.text
        assert source.room.followed is None


@pytest.mark.parametrize(
    "said",
    [
        "",
        "[]",
        "{",
        '{"lesson": "guess_the_next_word"}',
        '{"lesson": "x", "step": 0}',
        '{"step": 1e9}',
        '"x"',
    ],
)
def test_nonsense_is_refused_in_one_line(teacher, said):
    answer = teacher.post("/here/class/ask", content=said, headers=OWN)
    assert answer.status_code == 400
    assert len(answer.text.splitlines()) == 1


def test_only_a_teacher_changes_lessons(mode, tmp_path):
    lessons = OwnLessons(tmp_path / "lessons")

    class Source:
        own_lessons = staticmethod(lambda: lessons)

    routes = [*own_lesson_routes(Source()), *teach_routes()]
    app = Starlette(routes=routes, middleware=[Middleware(Readers)])
    client = TestClient(app, follow_redirects=False)
    said = {"content": '{"title": "Mine"}', "headers": OWN}
    assert client.post("/learn/own", **said).status_code == 403
    assert lessons.entries() == []
    client.get("/teach", params={"key": KEY})
    assert client.post("/learn/own", **said).status_code == 200


def test_too_much_is_refused(student):
    assert post(student, "answer", {"word": "x" * 30_000}).status_code == 413


@pytest.mark.parametrize("other", ["local", "public"])
def test_only_a_class_has_a_classroom(mode, source, other):
    mode(other)
    assert classroom_routes(source) == []
    assert bool(teach_routes()) == (other == "public")
