"""The executor of a cluster: places, what is lost, what is stopped, and what stays here."""

from __future__ import annotations

import sys
import threading
import time

import numpy as np
import pytest

from backend.engine import Engine, LocalExecutor
from backend.engine.executors.choice import make_executor
from backend.engine.executors.remote import RemoteExecutor
from backend.errors import CancelledError, EntroscopeError, InputError, OverBudgetError
from backend.readers import Reader
from backend.runs import ModelSpec, TextRequest, TrajectoryRequest
from backend.runs.model import NO_MODEL
from backend.runs.trajectories import plans
from backend.settings import Settings
from tests.engine.fake_cluster import FakeCluster
from tests.engine.fakes import PATIENCE

TEXT = "She sells sea shells by the sea shore, and 12345 more."


@pytest.fixture
def cluster():
    return FakeCluster()


@pytest.fixture
def make_engine(cluster, tmp_path):
    made = []

    def make(**settings) -> Engine:
        limits = Settings(cache_dir=tmp_path, actor_cpus=2, **settings)
        made.append(Engine(RemoteExecutor(limits, cluster, patience=0), limits=limits))
        return made[-1]

    yield make
    for each in made:
        each.close(PATIENCE)


@pytest.fixture
def engine(make_engine):
    return make_engine()


@pytest.fixture
def spec(tiny_folder):
    return ModelSpec(source=str(tiny_folder("llama")))


@pytest.fixture
def another(tiny_folder):
    return ModelSpec(source=str(tiny_folder("qwen3")))


def long_study(spec) -> TrajectoryRequest:
    return TrajectoryRequest(model=spec, prompt="She sells", samplers=plans(["top_p"]), steps=450)


def short_study(spec) -> TrajectoryRequest:
    return TrajectoryRequest(model=spec, prompt="She sells", samplers=plans(["top_p"]), steps=60)


def wait_until(true) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def begun(job) -> bool:
    return job.state == "running" and job.progress.done > 0


def process(model, *, report):
    """Return something that tells one order from the next."""
    return threading.get_ident()


def test_a_study_gives_what_it_gives_locally(engine, spec, tmp_path):
    request = TextRequest(model=spec, text=TEXT)
    found = engine.submit(request).result(PATIENCE)
    local = Engine(LocalExecutor(Settings(cache_dir=tmp_path)))
    expected = local.submit(request).result(PATIENCE)
    local.close(PATIENCE)
    for name, values in expected.arrays().items():
        np.testing.assert_array_equal(found.arrays()[name], values)
    assert found.request == expected.request
    assert engine.facts(spec) == expected.model


def test_an_equal_request_is_answered_from_memory(engine, cluster, spec):
    first = engine.submit(TextRequest(model=spec, text=TEXT))
    first.result(PATIENCE)
    again = engine.submit(TextRequest(model=spec, text=TEXT))
    assert again.state == "done"
    assert again.contents == first.contents


def test_a_changed_file_of_the_model_is_noticed_here_too(engine, tiny_folder, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    for file in tiny_folder("llama").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    request = TextRequest(model=ModelSpec(str(folder)), text=TEXT)
    engine.submit(request).result(PATIENCE)
    (folder / "notes.txt").write_text("changed")
    again = engine.submit(request)
    assert not again.finished
    again.result(PATIENCE)


@pytest.mark.parametrize("final", [False, True])
def test_what_runs_when_its_process_is_lost_is_done_again(engine, cluster, spec, final):
    engine.warm(spec).result(PATIENCE)
    cluster.actors[0].lose, cluster.actors[0].final = 1, final
    run = engine.submit(short_study(spec)).result(PATIENCE)
    assert len(run.request.samplers) == 1
    assert len(cluster.actors) == 1 + final
    assert cluster.actors[0].closed == final


def test_what_only_waited_is_not_given_up_for_what_others_do(engine, cluster, spec):
    engine.warm(spec).result(PATIENCE)
    cluster.actors[0].lose = 3
    guilty = engine.submit(short_study(spec), stay=True)
    waiting = engine.submit(TextRequest(model=spec, text=TEXT), stay=True)
    with pytest.raises(EntroscopeError):
        guilty.result(PATIENCE)
    assert waiting.result(PATIENCE) is not None


def test_what_loses_every_process_ends_with_a_reason(engine, cluster, spec):
    engine.warm(spec).result(PATIENCE)
    cluster.actors[0].lose = 3
    job = engine.submit(short_study(spec))
    with pytest.raises(EntroscopeError, match="ended again and again"):
        job.result(PATIENCE)
    assert engine.submit(TextRequest(model=spec, text="And on.")).result(PATIENCE)


def test_two_models_have_two_actors(engine, cluster, spec, another):
    for each in (spec, another, spec):
        engine.call(each, process).result(PATIENCE)
    assert len(cluster.actors) == 2
    assert len(engine.loaded()) == 2


def test_a_full_cluster_gives_up_the_model_unused_for_longest(
    engine, cluster, spec, another, tiny_folder
):
    third = ModelSpec(source=str(tiny_folder("gpt2")))
    for each in (spec, another, third):
        engine.warm(each).result(PATIENCE)
    assert [each.closed for each in cluster.actors] == [True, False, False]
    assert engine.facts(spec) is None


def test_a_study_waits_while_the_cluster_is_full_and_can_be_stopped(engine, cluster, spec, another):
    cluster.places = 1
    busy = engine.submit(long_study(spec), stay=True)
    wait_until(lambda: begun(busy))
    waiting = engine.submit(TextRequest(model=another, text=TEXT), stay=True)
    wait_until(lambda: "place in the cluster" in waiting.progress.message)
    waiting.cancel()
    with pytest.raises(CancelledError):
        waiting.result(PATIENCE)
    assert not busy.finished
    last = engine.submit(TextRequest(model=another, text=TEXT), stay=True)
    busy.cancel()
    assert last.result(PATIENCE) is not None


def test_models_over_the_budget_are_given_up(make_engine, cluster, spec, another):
    engine = make_engine(model_bytes=300_000)
    for each in (spec, another):
        engine.warm(each).result(PATIENCE)
    wait_until(lambda: cluster.actors[0].closed)
    assert [each.name for each in engine.loaded()] == ["qwen3"]


def test_a_running_study_stops_at_its_next_report(engine, spec):
    job = engine.submit(long_study(spec), stay=True)
    wait_until(lambda: begun(job))
    job.cancel()
    with pytest.raises(CancelledError):
        job.result(PATIENCE)
    assert engine.submit(TextRequest(model=spec, text=TEXT)).result(PATIENCE) is not None


def test_partial_results_come_as_runs(engine, spec):
    job = engine.submit(long_study(spec), stay=True)
    wait_until(lambda: job.task.standing.progress.partial is not None)
    assert job.task.standing.progress.partial.kind == "trajectories"


def test_a_full_queue_and_a_readers_share_are_refused(make_engine, spec):
    engine = make_engine(mode="class", reader_places=2, models=(spec.source,), max_queue=3)
    first, second = Reader("a", "a", "a"), Reader("b", "b", "b")
    jobs = [engine.submit(long_study(spec), reader=first, stay=True)]
    jobs.append(engine.submit(TextRequest(model=spec, text="One."), reader=first, stay=True))
    with pytest.raises(OverBudgetError, match="2 studies of yours"):
        engine.submit(TextRequest(model=spec, text="Two."), reader=first)
    jobs.append(engine.submit(TextRequest(model=spec, text="Three."), reader=second, stay=True))
    assert len(engine.work()) == 3
    for each in jobs:
        each.cancel()


def test_a_model_that_is_not_offered_is_refused_before_it_is_sent(make_engine, cluster, spec):
    engine = make_engine(any_model=False)
    with pytest.raises(InputError):
        engine.submit(TextRequest(model=spec, text=TEXT))
    assert cluster.actors == []


def test_a_broken_model_says_why_and_gives_its_place_back(engine, cluster, tmp_path):
    missing = ModelSpec(source=str(tmp_path / "nothing.gguf"))
    with pytest.raises(EntroscopeError, match=r"nothing\.gguf"):
        engine.submit(TextRequest(model=missing, text=TEXT)).result(PATIENCE)
    wait_until(lambda: cluster.actors[0].closed)


def test_work_without_a_model_stays_here(engine, cluster):
    assert engine.call(NO_MODEL, process).result(PATIENCE)
    assert cluster.actors == []


def test_no_key_leaves_this_process(make_engine, cluster, spec, monkeypatch):
    servers = '{"own": {"address": "http://localhost:1/v1", "key": "secret-a"}}'
    monkeypatch.setenv("ENTROSCOPE_SERVERS", servers)
    monkeypatch.setenv("ENTROSCOPE_TEACHER_KEY", "secret-b")
    monkeypatch.setenv("ENTROSCOPE_MAX_TEXT_BYTES", "1000")
    make_engine().warm(spec).result(PATIENCE)
    sent = cluster.actors[0]
    assert sent.environment["ENTROSCOPE_MAX_TEXT_BYTES"] == "1000"
    said = f"{sent.environment} {sent.limits.teacher_key} {sent.limits.servers}"
    assert "secret" not in said


def test_a_model_can_be_unloaded_while_nothing_waits_for_it(engine, cluster, spec):
    job = engine.submit(long_study(spec), stay=True)
    wait_until(lambda: begun(job))
    assert not engine.unload(spec)
    job.cancel()
    wait_until(lambda: engine.unload(spec))
    assert cluster.actors[0].closed


def test_closing_ends_all_work_and_leaves_the_cluster(engine, cluster, spec):
    job = engine.submit(long_study(spec), stay=True)
    wait_until(lambda: begun(job))
    engine.close(PATIENCE)
    assert job.state == "cancelled"
    assert cluster.actors[0].closed
    assert cluster.closed


def test_the_time_a_study_takes_is_asked_of_its_actor(engine, spec):
    request = TextRequest(model=spec, text=TEXT)
    assert engine.seconds(request) is None
    engine.submit(request).result(PATIENCE)
    assert engine.seconds(request) > 0
    assert engine.memory()["free"] > 0


def test_local_is_the_default():
    executor = make_executor(Settings())
    assert isinstance(executor, LocalExecutor)
    executor.close(PATIENCE)


def test_without_ray_the_refusal_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "backend.engine.executors.ray", raising=False)
    with pytest.raises(EntroscopeError, match="pip install"):
        make_executor(Settings(executor="ray://auto"))


@pytest.mark.parametrize("wrong", ["ray", "ray://", "ray://host", "http://host:1"])
def test_an_address_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match="executor"):
        Settings(executor=wrong)
