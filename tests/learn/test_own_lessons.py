"""Lessons that teachers make: kept at once, given away as one file, taken in with care."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load, save
from starlette.applications import Starlette
from starlette.testclient import TestClient

from backend.errors import EntroscopeError, InputError
from backend.lenses.looks import read_look
from backend.lessons import Lesson, Question, Step
from backend.lessons.file import MOST_BYTES, dump_lesson, take_lesson
from backend.lessons.own import MOST_LESSONS, OwnLessons
from backend.storage.examples import EXAMPLES
from backend.storage.files import content_id, load_run
from backend.storage.library import Library
from backend.web.learning import learning_routes
from tests.security.hostile import WORDS

RUN = load_run(EXAMPLES / "text_fact.safetensors")
BRANCH = load_run(EXAMPLES / "text_code.safetensors")


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "runs")


@pytest.fixture
def lessons(tmp_path):
    return OwnLessons(tmp_path / "lessons")


@pytest.fixture
def lesson(library):
    saved = library.save(RUN)
    question = Question("Which?", ({"token": 5}, {"head": [1, 2]}), "Yes.", "No.")
    steps = (
        Step("An example.", "tokens?example=text_code&token=3"),
        Step("A run of mine.", f"tokens?run=saved-{saved}&token=5", ("t5",), question),
    )
    return Lesson("Mine", 12, "What it is about.", steps)


def test_what_was_kept_is_there_for_another_process(lessons, lesson, tmp_path):
    kept = lessons.create(lesson)
    assert OwnLessons(tmp_path / "lessons").find(kept.id) == kept
    assert kept.lesson == lesson


def test_a_step_is_added_at_the_end_and_changes_the_version(lessons, lesson):
    kept = lessons.create(lesson)
    added = lessons.add(kept.id, Step("", "tokens?example=text_fact"))
    assert added.lesson.steps[:2] == lesson.steps
    assert len(added.lesson.steps) == 3
    assert added.version != kept.version


def test_a_change_of_an_older_version_is_refused_and_nothing_is_lost(lessons, lesson):
    kept = lessons.create(lesson)
    newer = lessons.change(kept.id, replace(lesson, title="Newer"), kept.version)
    with pytest.raises(InputError, match="elsewhere"):
        lessons.change(kept.id, replace(lesson, title="Older"), kept.version)
    assert lessons.find(kept.id) == newer


def test_what_was_thrown_away_30_days_ago_is_gone_once_something_else_is_thrown_away(
    lessons, lesson, tmp_path
):
    old, new = lessons.create(lesson), lessons.create(lesson)
    lessons.delete(old.id)
    os.utime(tmp_path / "lessons" / f"{old.id}.trash", (0, 0))
    lessons.delete(new.id)
    with pytest.raises(InputError, match="not here"):
        lessons.restore(old.id)
    lessons.restore(new.id)


def test_what_is_thrown_away_comes_back(lessons, lesson):
    kept = lessons.create(lesson)
    lessons.delete(kept.id)
    assert lessons.entries() == []
    lessons.restore(kept.id)
    assert lessons.entries() == [kept]


def test_it_is_known_which_lessons_show_a_run(lessons, lesson, library):
    lessons.create(lesson)
    (run,) = library.entries()
    assert lessons.using([run.id]) == ["Mine"]
    assert lessons.using(["0" * 16]) == []


@pytest.mark.parametrize("lesson_id", ["../x", "", "0" * 16, "A" * 16, "0" * 17])
def test_an_id_that_is_none_is_refused_in_one_line(lessons, lesson_id):
    with pytest.raises(InputError, match="not here"):
        lessons.find(lesson_id)


def test_a_damaged_lesson_is_left_out_and_stays_on_the_disk(lessons, lesson, tmp_path):
    kept = lessons.create(lesson)
    path = tmp_path / "lessons" / f"{kept.id}.json"
    path.write_text("{", "utf-8")
    assert lessons.entries() == []
    assert path.exists()


def test_there_is_an_end_to_how_many_lessons_there_are(lessons, lesson, tmp_path):
    lessons.create(lesson)
    for i in range(MOST_LESSONS):
        (tmp_path / "lessons" / f"{i:016x}.json").touch()
    with pytest.raises(InputError, match="already"):
        lessons.create(lesson)


# One file


def test_a_file_holds_the_steps_and_their_runs_for_another_machine(lesson, library, tmp_path):
    data = dump_lesson(lesson, library)
    other = Library(tmp_path / "elsewhere")
    taken = take_lesson(data, other)
    (run,) = other.entries()
    assert other.load(run.id).request == RUN.request
    assert taken == lesson  # the id of a run is its content


def test_a_shipped_run_that_differs_here_comes_along_in_the_library(lesson, library, tmp_path):
    arrays = load(dump_lesson(lesson, library))
    other_run = replace(RUN, entropy=RUN.entropy + np.float32(1))
    path = other_run.save(tmp_path / "other.safetensors")
    arrays["0"] = np.frombuffer(path.read_bytes(), np.uint8)
    other = Library(tmp_path / "elsewhere")
    taken = take_lesson(_packed(arrays, lesson, library), other)
    look = read_look(taken.steps[0].look)
    assert "example" not in look.query
    assert other.find(look.query["run"].removeprefix("saved-")) is not None


def _told(lesson, library) -> dict[str, str]:
    data = dump_lesson(lesson, library)
    size = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + size])["__metadata__"]


def _packed(arrays, made, library, **changes) -> bytes:
    return save(arrays, metadata={**_told(made, library), **changes})


def test_hostile_files_are_refused_in_one_line_and_leave_nothing(lesson, library, tmp_path):
    good = dump_lesson(lesson, library)
    arrays = load(good)
    fields = json.loads(_told(lesson, library)["lesson"])
    broken = {**arrays, "1": arrays["1"][:-9]}
    files = [
        b"",
        b"\x80\x04pickle",
        good[:-100],
        (2**60).to_bytes(8, "little") + good[8:],
        b"x" * (MOST_BYTES + 1),
        _packed(arrays, lesson, library, format="another"),
        _packed(arrays, lesson, library, runs="[]"),
        _packed({}, lesson, library, runs="[]"),
        _packed(broken, lesson, library),
        _packed({"0": arrays["0"], "1": arrays["1"].astype(np.int32)}, lesson, library),
        _packed(arrays, lesson, library, lesson=json.dumps({**fields, "steps": [1]})),
        _packed(arrays, lesson, library, lesson=json.dumps({**fields, "claims": "x"})),
        _packed(arrays, lesson, library, lesson=json.dumps({**fields, "title": "x" * 9999})),
        _packed(
            arrays,
            lesson,
            library,
            lesson=json.dumps({**fields, "steps": [fields["steps"][0]] * 61}),
        ),
        _packed(arrays, lesson, library, lesson="[" * 100_000),
    ]
    other = Library(tmp_path / "elsewhere")
    for data in files:
        with pytest.raises(EntroscopeError) as refused:
            take_lesson(data, other)
        assert "\n" not in str(refused.value)
    assert other.entries() == []


def test_words_of_all_kinds_come_through_as_they_are(lessons, lesson):
    words = WORDS[:500]
    kept = lessons.create(replace(lesson, steps=(Step(words, "tokens"),)))
    assert lessons.find(kept.id).lesson.steps[0].words == words


# Routes


class Source:
    """Stands for ``backend.cached``."""

    def __init__(self, lessons: OwnLessons, library: Library) -> None:
        self.own_lessons = lambda: lessons
        self.library = lambda: library
        self.run_of = {"here": RUN, "branch": BRANCH}.get


@pytest.fixture
def client(lessons, library):
    app = Starlette(routes=learning_routes(Source(lessons, library), "base"))
    return TestClient(app, headers={"X-Entroscope": "1"}, base_url="http://test/base/learn/")


def test_a_view_becomes_a_step_of_a_new_lesson_and_its_run_is_saved(client, library):
    made = client.post("own", json={"title": "From class"}).json()
    path = f"own/{made['own']}/steps"
    client.post(path, json={"look": "tokens?token=5&run=ffff", "content": "here"})
    made = client.post(path, json={"look": "tokens?example=text_code&token=1"}).json()
    (run,) = library.entries()
    looks = [step["look"] for step in made["steps"]]
    assert looks == [f"tokens?run=saved-{run.id}&token=5", "tokens?example=text_code&token=1"]
    assert client.get(f"lessons/{made['name']}").json() == made
    listed = [each["name"] for each in client.get("lessons").json()]
    assert listed.index(made["name"]) == len(listed) - 1


def test_branches_of_a_view_stay_and_go_along_in_the_file(client, library, tmp_path):
    made = client.post("own", json={"title": "From class"}).json()
    view = {"look": "samplers?step=5", "content": "here", "branches": ["branch"]}
    made = client.post(f"own/{made['own']}/steps", json=view).json()
    look = read_look(made["steps"][0]["look"])
    ids = [each.removeprefix("saved-") for each in (look.query["run"], look.query["branches"])]
    assert [content_id(library.load(each)) for each in ids] == [*map(content_id, (RUN, BRANCH))]
    data = client.get(f"own/{made['own']}/file").content
    client.delete(f"own/{made['own']}")
    other = Library(tmp_path / "elsewhere")
    taken = read_look(take_lesson(data, other).steps[0].look)
    assert taken.query.keys() == {"run", "step", "branches"}
    found = other.load(taken.query["branches"].removeprefix("saved-"))
    assert content_id(found) == content_id(BRANCH)


def test_a_view_without_a_run_is_refused(client, library):
    made = client.post("own", json={"title": "From class"}).json()
    answer = client.post(f"own/{made['own']}/steps", json={"look": "tokens", "content": "gone"})
    assert answer.status_code == 400
    assert "can keep no run" in answer.text


def test_a_lesson_is_changed_given_away_and_taken_in(client, lessons, lesson):
    kept = lessons.create(lesson)
    said = client.get(f"lessons/{kept.name}").json()
    fields = {name: said[name] for name in ("title", "minutes", "summary", "steps")}
    fields["steps"] = fields["steps"][::-1]
    changed = client.put(f"own/{kept.id}", json={"lesson": fields, "version": kept.version}).json()
    assert [step["words"] for step in changed["steps"]] == ["A run of mine.", "An example."]
    file = client.get(f"own/{kept.id}/file")
    assert file.headers["content-disposition"].endswith("mine.lesson")
    taken = client.post("own/file", content=file.content).json()
    assert taken["steps"] == changed["steps"]
    assert taken["name"] != changed["name"]
    client.delete(f"own/{kept.id}")
    assert client.get(f"lessons/{kept.name}").status_code == 404
    client.post(f"own/{kept.id}/restore")
    assert client.get(f"lessons/{kept.name}").status_code == 200


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b'{"title": 1e999}', b'{"title": "a\\nb\\r"}']
)
def test_nonsense_is_refused_in_one_line(client, body):
    answer = client.post("own", content=body)
    assert answer.status_code == 400
    assert "\n" not in answer.text


def test_other_sites_cannot_change_anything(client):
    del client.headers["X-Entroscope"]
    assert client.post("own", json={"title": "x"}).status_code == 403
    assert client.delete("own/" + "0" * 16).status_code == 403
