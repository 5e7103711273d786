"""A real Ray of two workers on this machine: the same numbers, and what happens when one dies."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from backend.engine import Engine, LocalExecutor
from backend.engine.executors.choice import make_executor
from backend.errors import CancelledError, EntroscopeError, InputError
from backend.runs import (
    AttentionRequest,
    DatasetRequest,
    ModelSpec,
    TextRequest,
    TrajectoryRequest,
)
from backend.runs.many import many_request
from backend.runs.trajectories import plans
from backend.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PATIENCE = 120.0  # seconds; a process takes some to import torch
ROOT = Path(__file__).parents[2]
THREADS = 2
TEXT = "She sells sea shells by the sea shore, and 12345 more."


@pytest.fixture(scope="module")
def ray_here():
    """Start Ray with places for two models; it sends and keeps nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_AUTH_MODE", "disabled")  # else a key is written to the home folder
        import ray

        folder = tempfile.mkdtemp(prefix="ray")  # a short name: sockets lie in it
        ray.init(
            "local", num_cpus=2 * THREADS, include_dashboard=False, log_to_driver=False,
            _temp_dir=folder, _node_ip_address="127.0.0.1",
        )  # fmt: skip
        yield
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def limits(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    return Settings(cache_dir=cache, executor="ray://auto", actor_cpus=THREADS)


@pytest.fixture(scope="module")
def engine(ray_here, limits):
    made = Engine(make_executor(limits), limits=limits)
    yield made
    made.close(PATIENCE)


@pytest.fixture(scope="module")
def local(limits):
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    made = Engine(LocalExecutor(limits), limits=limits)
    yield made
    made.close(PATIENCE)
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def spec(tiny_folder):
    return ModelSpec(source=str(tiny_folder("llama")))


@pytest.fixture(scope="module")
def another(tiny_folder):
    return ModelSpec(source=str(tiny_folder("qwen3")))


def requests(spec):
    return [
        TextRequest(model=spec, text=TEXT),
        AttentionRequest(model=spec, text=TEXT),
        DatasetRequest(model=spec, texts=("One.", "Two more.")),
        TrajectoryRequest(
            model=spec, prompt="She sells", samplers=plans(["greedy", "top_p"]), steps=20
        ),
        many_request(spec, TEXT, ["text", "attention"], {}),
    ]


def long_study(spec) -> TrajectoryRequest:
    return TrajectoryRequest(model=spec, prompt="She", samplers=plans(["top_p"]), steps=450)


def assert_same_numbers(found, expected) -> None:
    """Compare all arrays bit for bit, but those of measured times."""
    found, expected = (each if isinstance(each, tuple) else (each,) for each in (found, expected))
    for one, other in zip(found, expected, strict=True):
        for name, values in other.arrays().items():
            if "seconds" not in name:
                assert one.arrays()[name].dtype == values.dtype
                np.testing.assert_array_equal(one.arrays()[name], values)


def process(model, *, report):
    """Return the process in which the model is."""
    return os.getpid()


def wait_until(true) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def begun(job) -> bool:
    return job.state == "running" and job.progress.done > 0


def test_two_models_work_at_once_in_two_processes(engine, spec, another):
    jobs = [engine.call(each, process, stay=True) for each in (spec, another)]
    found = {each.result(PATIENCE) for each in jobs}
    assert len(found | {os.getpid()}) == 3


@pytest.mark.parametrize("index", range(5))
def test_a_study_gives_the_same_arrays_as_here(engine, local, spec, another, index):
    for each in (spec, another):
        request = requests(each)[index]
        found = engine.submit(request, stay=True).result(PATIENCE)
        expected = local.submit(request, stay=True).result(PATIENCE)
        assert_same_numbers(found, expected)


def test_a_study_reports_and_stops(engine, spec):
    job = engine.submit(long_study(spec), stay=True)
    wait_until(lambda: begun(job))
    seen = job.progress.done
    wait_until(lambda: job.progress.done > seen)
    job.cancel()
    with pytest.raises(CancelledError):
        job.result(PATIENCE)
    assert engine.submit(TextRequest(model=spec, text="And on."), stay=True).result(PATIENCE)


def test_a_refusal_comes_in_words(engine, spec):
    with pytest.raises(InputError, match="empty"):
        engine.submit(TextRequest(model=spec, text=""), stay=True).result(PATIENCE)


def test_a_study_whose_process_is_killed_is_done_again(engine, local, spec):
    first = engine.call(spec, process, stay=True).result(PATIENCE)
    job = engine.submit(long_study(spec), stay=True)
    waiting = engine.submit(TextRequest(model=spec, text="It waits."), stay=True)
    wait_until(lambda: begun(job))
    os.kill(first, signal.SIGKILL)
    assert_same_numbers(job.result(PATIENCE), local.submit(long_study(spec)).result(PATIENCE))
    assert waiting.result(PATIENCE) is not None
    assert engine.call(spec, process, stay=True).result(PATIENCE) != first


def test_a_third_model_takes_the_place_of_an_idle_one(engine, tiny_folder, spec, another):
    for each in (spec, another):
        engine.warm(each).result(PATIENCE)
    third = ModelSpec(source=str(tiny_folder("gpt2")))
    engine.warm(third).result(PATIENCE)
    assert {each.name for each in engine.loaded()} == {"qwen3", "gpt2"}


def test_a_ray_of_ones_own_outlives_the_thread_that_asked_and_leaves_signals_alone(tmp_path):
    code = """
import os, signal, threading, time
from backend.engine.executors.choice import make_executor
from backend.settings import Settings
heard = []
signal.signal(signal.SIGTERM, lambda *_: heard.append("SIGTERM"))
made = []
limits = Settings(executor="ray://local", actor_cpus=1)
thread = threading.Thread(target=lambda: made.append(make_executor(limits)))
thread.start(); thread.join(); time.sleep(3)
import ray
assert ray.cluster_resources()["CPU"] >= 1
os.kill(os.getpid(), signal.SIGTERM); time.sleep(0.5)
made[0].close(30)
print(heard, ray.is_initialized())
"""
    home = {"HOME": str(tmp_path), "ENTROSCOPE_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | home, cwd=ROOT, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1:] == ["['SIGTERM'] False"], done.stderr[-2000:]


def test_a_cluster_that_is_not_there_is_refused_in_words(ray_here, monkeypatch):
    import ray

    monkeypatch.setattr(ray, "is_initialized", lambda: False)

    def fail(*_, **__):
        raise ConnectionError("no head there")

    monkeypatch.setattr(ray, "init", fail)
    with pytest.raises(EntroscopeError, match="no head there"):
        make_executor(Settings(executor="ray://10.0.0.1:6379"))
