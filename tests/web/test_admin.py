"""What an administrator sees and stops, and nobody else."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from backend.engine import Engine, LocalExecutor
from backend.readers import Reader
from backend.registry import Registry
from backend.settings import Settings, settings
from backend.web.admin import admin_routes
from backend.web.readers import Readers, become_teacher
from tests.engine.fakes import PATIENCE, FakeRequest, Loader, SteeredStudy

ANN = Reader("ann", "owner of ann")
ASKED = {"X-Entroscope": "1"}
PLACES = ("admin", "admin/state", "admin/metrics")


@pytest.fixture
def study():
    return SteeredStudy()


@pytest.fixture
def engine(tmp_path, study):
    loader, studies = Loader(), Registry("study")
    loader.gate.set()
    studies.register("fake")(study)
    limits = Settings(cache_dir=tmp_path, mode="class")
    executor = LocalExecutor(limits, loader, studies, lambda model: model.weights)
    made = Engine(executor, None, limits)
    yield made
    study.step(1000)
    made.close(PATIENCE)


@pytest.fixture
def visitor(engine, monkeypatch):
    monkeypatch.setenv("ENTROSCOPE_MODE", "class")
    monkeypatch.setenv("ENTROSCOPE_TEACHER_KEY", "key")
    settings.cache_clear()

    def teach(request):
        response = Response()
        become_teacher(request, "key", response)
        return response

    routes = [*admin_routes(engine), Route("/teach", teach)]
    app = Starlette(routes=routes, middleware=[Middleware(Readers)])

    def come(teaches):
        client = TestClient(app, base_url="http://class.test")
        client.get("/admin")
        if teaches:
            client.get("/teach")
        return client

    return come


@pytest.fixture
def admin(visitor):
    return visitor(True)


def running(engine, study):
    job = engine.submit(FakeRequest(text="slow"), reader=ANN)
    assert study.started.get(timeout=PATIENCE) == "slow"
    engine.submit(FakeRequest(text="quick"), reader=ANN)
    return job


@pytest.mark.parametrize("place", PLACES)
def test_the_page_and_its_figures_are_the_administrator_s_alone(visitor, admin, place):
    assert visitor(False).get(f"/{place}").status_code == 403
    answer = admin.get(f"/{place}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("act", ["stop", "unload"])
def test_a_student_s_own_request_and_a_foreign_page_are_refused(visitor, admin, act):
    said = {"order": "x", "source": "bundled"}
    assert visitor(False).post(f"/admin/{act}", json=said, headers=ASKED).status_code == 403
    assert admin.post(f"/admin/{act}", json=said).status_code == 403


def test_work_is_listed_by_reader_under_a_name_that_leads_to_nobody(engine, study, admin):
    running(engine, study)
    state = admin.get("/admin/state").json()
    assert [(each["reader"], each["what"], each["state"]) for each in state["work"]] == [
        ("ann", "fake", "running"),
        ("ann", "fake", "queued"),
    ]
    assert state["readers"] == [{"reader": "ann", "waiting": 1, "running": 1}]
    assert ANN.owner not in str(state)
    assert [each["name"] for each in state["models"]] == ["bundled"]


def test_a_study_of_any_reader_is_stopped(engine, study, admin):
    job = running(engine, study)
    order = admin.get("/admin/state").json()["work"][0]["order"]
    said = {"order": order}
    assert admin.post("/admin/stop", json=said, headers=ASKED).status_code == 204
    assert job.wait(PATIENCE)
    assert job.state == "cancelled"
    study.step(5)
    assert admin.post("/admin/stop", json={"order": "gone"}, headers=ASKED).status_code == 404


def test_a_model_is_unloaded_unless_it_has_work(engine, study, admin):
    job = running(engine, study)
    spec = admin.get("/admin/state").json()["models"][0]["spec"]
    assert admin.post("/admin/unload", json=spec, headers=ASKED).status_code == 409
    study.step(50)
    job.result(PATIENCE)
    engine.submit(FakeRequest(text="quick"), reader=ANN).result(PATIENCE)
    assert admin.post("/admin/unload", json=spec, headers=ASKED).status_code == 204
    assert admin.get("/admin/state").json()["models"] == []


def test_figures_are_written_as_prometheus_reads_them(engine, study, admin):
    running(engine, study)
    text = admin.get("/admin/metrics").text
    figures = dict(re.findall(r"^(entroscope_\w+) ([\d.]+)$", text, re.MULTILINE))
    assert figures["entroscope_studies_running"] == "1"
    assert figures["entroscope_studies_waiting"] == "1"
    assert figures["entroscope_models_loaded"] == "1"
    assert len(re.findall("^# TYPE", text, re.MULTILINE)) == len(figures)


def test_a_question_that_cannot_be_read_is_refused_in_one_line(admin):
    for body in (b"", b"[]", b"{", b'{"order": 1'):
        answer = admin.post("/admin/stop", content=body, headers=ASKED)
        assert answer.status_code in (400, 404)
