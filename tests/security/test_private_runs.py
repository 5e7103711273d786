"""Nothing of one reader reaches another: by address, key, content, job or event."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
import streamlit as st

from backend import cached, readers
from backend.engine import Engine, LocalExecutor
from backend.events import Cancelled, Done, Partial, Unknown, named_contents
from backend.readers import Reader
from backend.registry import Registry
from backend.settings import Settings, settings
from backend.storage.grants import MOST_NAMES, Grants
from tests.engine.fakes import PATIENCE, FakeRequest, Loader, SteeredStudy
from tests.loops import run_loop
from tests.runs.makers import text_run

ANN, BEN = Reader("ann", "owner of ann"), Reader("ben", "owner of ben")
TEACHER = Reader("teacher", "owner of the teacher", "administrator")
ASKED = FakeRequest(text="quick, and private")


@contextmanager
def asking(reader):
    token = readers.current.set(reader)
    try:
        yield
    finally:
        readers.current.reset(token)


@pytest.fixture(params=["class", "public"])
def server(monkeypatch, tmp_path, request):
    monkeypatch.setenv("ENTROSCOPE_MODE", request.param)
    monkeypatch.setenv("ENTROSCOPE_DATA_DIR", str(tmp_path / "data"))
    settings.cache_clear()
    st.cache_resource.clear()
    loader, studies = Loader(), Registry("study")
    loader.gate.set()
    studies.register("fake")(SteeredStudy())
    limits = Settings(cache_dir=tmp_path / "cache")
    executor = LocalExecutor(limits, loader, studies, lambda model: model.weights)
    engine = Engine(executor, cached.store(), limits)
    monkeypatch.setattr(cached, "engine", lambda: engine)
    monkeypatch.setattr(cached, "_started", [engine])
    yield request.param
    engine.close(PATIENCE)
    st.cache_resource.clear()
    settings.cache_clear()


def ask(reader, request=ASKED):
    with asking(reader):
        job = cached.submit(request)
        job.result(PATIENCE)
        return job


def heard(reader, job_id):
    async def listen():
        with asking(reader):
            return [event async for event in cached.listen(job_id)]

    return run_loop(listen())


def test_whoever_asked_finds_their_run_by_its_handle_and_its_content(server):
    job = ask(ANN)
    with asking(ANN):
        (content,) = cached.job_contents(job.id).values()
        assert cached.run_of(content) is cached.find_run(cached.handle(ASKED.key))
        assert cached.find_run(content) is not None


def test_whoever_guesses_the_request_finds_no_run_of_another_by_its_key(server):
    ask(ANN)
    with asking(BEN):
        assert cached.find_run(ASKED.key) is None


def test_a_handle_a_content_and_a_job_of_another_reader_open_nothing(server):
    job = ask(ANN)
    with asking(ANN):
        (content,) = cached.job_contents(job.id).values()
        handle = cached.handle(ASKED.key)
    with asking(BEN):
        for name in (content, handle):
            assert cached.find_run(name) is None
            assert cached.run_of(name) is None
            assert cached.array_of(name) is None
            assert cached.parcel(name, "run.json", {}) is None
            assert cached.parcel(f"{name}~{name}", "run.json", {}) is None
            assert cached.pattern(name, {}) is None
        assert cached.job_contents(job.id) is None
        assert cached.job_request(job.id) is None
        assert not cached.stop(job.id)
    assert heard(BEN, job.id) == [Unknown()]


def test_events_give_what_they_name_to_whoever_listens(server):
    job = ask(ANN)
    done = heard(ANN, job.id)[-1]
    assert isinstance(done, Done)
    with asking(ANN):
        assert all(cached.run_of(each) is not None for each in done.contents.values())


def test_the_key_of_a_request_is_in_no_handle(server):
    with asking(ANN):
        mine = cached.handle(ASKED.key)
    with asking(BEN):
        theirs = cached.handle(ASKED.key)
    assert len(mine) == 32
    assert mine != theirs
    assert ASKED.key not in mine


def test_equal_texts_show_whether_another_read_them_in_a_class_only(server):
    ask(ANN)
    with asking(BEN):
        assert (cached.content_of(ASKED.key) is not None) == (server == "class")


def test_what_leaves_with_a_reader_is_not_there_for_the_next(server):
    job = ask(ANN)
    with asking(ANN):
        (content,) = cached.job_contents(job.id).values()
        cached.forget_reader()
        assert cached.run_of(content) is None


def test_nobody_owns_nothing(server):
    job = ask(ANN)
    assert heard(readers.NOBODY, job.id) == [Unknown()]


def test_alone_on_a_machine_a_run_is_found_by_its_key(monkeypatch):
    assert cached.handle(ASKED.key) == ASKED.key


@pytest.mark.parametrize(
    ("event", "contents"),
    [
        (Done({"text": "a", "attention": "b"}), ("a", "b")),
        (Partial("a"), ("a",)),
        (Cancelled("a"), ("a",)),
        (Cancelled(), ()),
        (Unknown(), ()),
    ],
)
def test_the_contents_that_an_event_names(event, contents):
    assert named_contents(event) == contents


def test_of_one_reader_the_oldest_names_go_first():
    grants = Grants()
    for i in range(MOST_NAMES + 1):
        grants.give("ann", str(i))
    assert grants.meaning("ann", "0") is None
    assert grants.meaning("ann", "1") == "1"


def saved(reader, title):
    with asking(reader):
        return cached.library().save(text_run(seed=len(title)), title=title)


def titles(reader):
    with asking(reader):
        return {each.title for each in cached.library().entries()}


def test_a_library_is_its_reader_s_and_the_administrator_s_is_no_other(server):
    run_id = saved(ANN, "Hers")
    assert titles(ANN) == {"Hers"}
    assert titles(BEN) == titles(TEACHER) == set()
    with asking(BEN):
        assert cached.find_run(cached.saved_key(run_id)) is None


def test_runs_saved_before_are_shared_in_a_class_and_the_administrator_s_in_public(server):
    cached._library().save(text_run(), title="From before")
    assert titles(TEACHER) == {"From before"}
    assert titles(ANN) == ({"From before"} if server == "class" else set())


def test_whoever_has_the_handle_of_a_shared_run_reads_it_until_it_is_taken_back(server):
    run_id = saved(ANN, "Hers")
    with asking(ANN):
        key = cached.shared_key(cached.library().share(run_id))
    with asking(BEN):
        run = cached.find_run(key)
        assert run.title == "Hers"
        assert cached.parcel(cached.put_run(run), "run.json", {}) is not None
    with asking(ANN):
        cached.library().unshare([run_id])
    with asking(BEN):
        assert cached.find_run(key) is None
