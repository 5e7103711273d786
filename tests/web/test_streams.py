"""Streams of events over a real server: readers that are many, slow, or gone."""

from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx2 as httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from backend.engine import Engine, LocalExecutor, Timeouts
from backend.progress import Progress
from backend.registry import Registry
from backend.runs import ModelSpec
from backend.settings import Settings
from backend.web import routes
from backend.web.asset_routes import asset_routes
from tests.engine.fakes import PATIENCE, FakeRequest, Loader, SteeredStudy
from tests.web.fakes import FakeSource

TIMEOUTS = Timeouts(first_listener=PATIENCE, next_listener=0.3, sign_of_life=0.2)


class EngineSource(FakeSource):
    """Events of a real engine."""

    def __init__(self, engine):
        super().__init__()
        self.listen, self.stop = engine.listen, engine.stop


@pytest.fixture
def study():
    return SteeredStudy()


@pytest.fixture
def engine(study, tmp_path):
    loader, studies = Loader(), Registry("study")
    loader.gate.set()
    studies.register("fake")(study)
    limits = Settings(cache_dir=tmp_path)
    executor = LocalExecutor(limits, loader, studies, lambda model: model.weights)
    made = Engine(executor, limits=limits, timeouts=TIMEOUTS)
    yield made
    study.step(1000)
    made.close(PATIENCE)


@pytest.fixture
def address(engine, assets):
    """Serve the routes on a port of their own."""
    app = Starlette(routes=[*routes(EngineSource(engine)), *asset_routes(assets=assets)])
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield "127.0.0.1", listening.getsockname()[1]
        server.should_exit = True
        thread.join(PATIENCE)


@pytest.fixture
def job(engine, study):
    made = engine.submit(FakeRequest(text="slow"))
    assert study.started.get(timeout=PATIENCE) == "slow"
    return made


def read_to_the_end(address, job_id):
    host, port = address
    url = f"http://{host}:{port}/events/{job_id}"
    events, comments = [], 0
    with httpx.stream("GET", url, timeout=PATIENCE) as answer:
        for line in answer.iter_lines():
            comments += line.startswith(":")
            if line.startswith("data: "):
                events.append(json.loads(line.removeprefix("data: ")))
    return events, comments


def connect(address, job_id, buffer=None):
    """Open a stream by hand, as a browser does that does not read on."""
    connection = socket.socket()
    if buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.connect(address)
    connection.sendall(f"GET /events/{job_id} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection


def until(condition, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_reader_follows_a_job_to_its_end(address, engine, study, job):
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_to_the_end, address, job.id)
        until(lambda: job.mailboxes)
        time.sleep(0.5)  # longer than a sign of life takes
        study.step(2)
        events, comments = reading.result(PATIENCE)
    assert events[0]["type"] == "progress"
    assert events[-1] == {"type": "done", "contents": {"fake": engine.content_of(job.key)}}
    assert comments >= 1


def test_twenty_readers_at_once_all_hear_the_end(address, study, job):
    with ThreadPoolExecutor(20) as pool:
        reading = [pool.submit(read_to_the_end, address, job.id) for _ in range(20)]
        until(lambda: len(job.mailboxes) == 20)
        study.step(2)
        ends = [each.result(PATIENCE)[0][-1]["type"] for each in reading]
    assert ends == ["done"] * 20


def test_a_reader_who_closes_the_tab_is_noticed_and_the_job_given_up(address, study, job):
    connection = connect(address, job.id)
    until(lambda: job.mailboxes)
    connection.close()
    until(lambda: not job.mailboxes)
    assert job.wait(PATIENCE)
    assert job.state == "cancelled"
    study.step(1)


def test_a_reader_who_reads_nothing_holds_nobody_up(address, engine):
    message = "x" * 10_000

    def talk(model, *, report):
        for done in range(2_000):  # far more than any socket holds
            report(Progress(done, 2_000, message))

    job = engine.call(ModelSpec(), talk, stay=True)
    with closing(connect(address, job.id, buffer=4096)):
        assert job.wait(PATIENCE)
        again = engine.submit(FakeRequest(text="quick"))
        assert read_to_the_end(address, again.id)[0][-1]["type"] == "done"


def test_a_job_is_stopped_from_the_browser(address, study, job):
    host, port = address
    url = f"http://{host}:{port}/stop/{job.id}"
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_to_the_end, address, job.id)
        until(lambda: job.mailboxes)
        assert httpx.post(url, headers={"X-Entroscope": "1"}).status_code == 204
        assert reading.result(PATIENCE)[0][-1]["type"] == "cancelled"
    study.step(1)


def test_a_goodbye_ends_every_stream(address, engine, job):
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_to_the_end, address, job.id)
        until(lambda: job.mailboxes)
        engine.announce_shutdown()
        assert reading.result(PATIENCE)[0][-1] == {"type": "closing"}
