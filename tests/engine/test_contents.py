"""What a result is known by: the request's key, the job, and the content of a finished run."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from backend.engine import Engine
from backend.runs import DivergenceRequest, ModelSpec, TextRequest
from backend.storage.run_store import RunStore
from backend.storage.stamps import stamp, stamps
from tests.engine.fakes import PATIENCE, FakeRequest

QUICK = FakeRequest(text="quick")


@pytest.fixture
def folder(tmp_path):
    """Return a folder that looks like a model's."""
    made = tmp_path / "model"
    made.mkdir()
    (made / "model.safetensors").write_bytes(b"first")
    return made


def test_a_stopped_study_answers_nothing(engine, study):
    request = FakeRequest(text="slow")
    study.partial = object()
    stopped = engine.submit(request, stay=True)
    study.started.get(timeout=PATIENCE)
    stopped.cancel()
    study.step(1)
    assert engine.find(request.key) is None
    study.partial = None
    study.step(2)
    again = engine.submit(request, stay=True)
    assert again.result(PATIENCE).request == request
    assert study.runs == ["slow", "slow"]


def test_a_finished_run_is_found_by_its_content_and_by_the_key_of_its_request(make_engine):
    store = RunStore(10**9)
    engine = make_engine(store=store)
    job = engine.submit(QUICK)
    run = job.result(PATIENCE)
    content = job.contents["fake"]
    assert engine.content_of(QUICK.key) == content
    assert store.get(content) is run
    assert content not in (job.id, job.key)
    assert len(content) == 32


def test_a_job_is_known_by_what_it_was_asked_and_what_it_made(engine, study):
    job = engine.submit(FakeRequest(text="slow"), stay=True)
    assert engine.job_request(job.id) == job.request == FakeRequest(text="slow")
    assert engine.job_contents(job.id) is None
    study.step(2)
    job.result(PATIENCE)
    assert engine.job_request(job.id) == FakeRequest(text="slow")
    assert engine.job_contents(job.id) == {"fake": engine.content_of(job.key)}
    assert engine.job_request("0" * 32) is None


def test_a_run_that_was_only_kept_answers_no_request(make_engine, study):
    store = RunStore(10**9)
    run = make_engine().submit(QUICK).result(PATIENCE)
    engine = make_engine(store=store)
    store.put(run)
    assert engine.find(QUICK.key) is None
    engine.submit(QUICK).result(PATIENCE)
    assert study.runs == ["quick", "quick"]


def test_a_run_dropped_from_memory_is_computed_again(make_engine, study):
    engine = make_engine(result_bytes=1_000_000)
    first, second = (FakeRequest(text=f"quick {n}", numbers=200_000) for n in range(2))
    for request in (first, second, first):
        engine.submit(request).result(PATIENCE)
    assert study.runs == ["quick 0", "quick 1", "quick 0"]
    assert engine.find(second.key) is None


# The same model?


def overwrite(folder, content):
    path = folder / "model.safetensors"
    path.write_bytes(content)
    # A clock of whole seconds must not hide it: the size differs, and so may the time.
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1_000))


@pytest.mark.parametrize("content", [b"other", b"longer than before"])
def test_overwritten_weights_are_loaded_and_read_anew(engine, study, loader, folder, content):
    request = FakeRequest(text="quick", model=ModelSpec(source=str(folder)))
    engine.submit(request).result(PATIENCE)
    overwrite(folder, content)
    loader.weights = "second"
    assert engine.find(request.key) is None
    engine.submit(request).result(PATIENCE)
    assert study.runs == ["quick", "quick"]
    assert loader.loads == [str(folder)] * 2
    assert engine._executor.model(request.model).weights.fingerprint == "second"
    engine.submit(request).result(PATIENCE)  # and now it is known
    assert len(study.runs) == 2


def test_a_request_after_the_weights_changed_does_not_join_one_from_before(engine, study, folder):
    request = FakeRequest(text="slow", model=ModelSpec(source=str(folder)))
    before = engine.submit(request, stay=True)
    study.started.get(timeout=PATIENCE)
    overwrite(folder, b"other")
    after = engine.submit(request, stay=True)
    study.step(4)
    assert before.result(PATIENCE) is not after.result(PATIENCE)
    assert study.runs == ["slow", "slow"]


def test_a_model_that_is_another_after_its_reload_answers_anew(engine, study, loader):
    engine.submit(QUICK).result(PATIENCE)
    assert engine.unload(QUICK.model)
    loader.weights = "second"  # as a branch of the hub that has moved on
    engine.submit(FakeRequest(text="quick other")).result(PATIENCE)
    engine.submit(QUICK).result(PATIENCE)
    assert study.runs == ["quick", "quick other", "quick"]


def test_a_model_that_is_the_same_after_its_reload_answers_from_memory(engine, study):
    engine.submit(QUICK).result(PATIENCE)
    assert engine.unload(QUICK.model)
    engine.submit(FakeRequest(text="quick other")).result(PATIENCE)
    engine.submit(QUICK).result(PATIENCE)
    assert study.runs == ["quick", "quick other"]


def test_a_gguf_file_is_known_by_its_size_and_time(tmp_path):
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF")
    before = stamp(ModelSpec(source=str(file)))
    assert before == (("model.gguf", 4, file.stat().st_mtime_ns),)
    file.write_bytes(b"GGUF2")
    assert stamp(ModelSpec(source=str(file))) != before


@pytest.mark.parametrize("source", ["bundled", "org/name", "/nowhere/at/all", "a\0b"])
def test_other_sources_have_no_files_of_the_readers(source):
    assert stamp(ModelSpec(source=source)) == ()


def test_both_models_of_a_divergence_are_looked_at(folder):
    request = DivergenceRequest(text="a", other=ModelSpec(source=str(folder)))
    assert stamps(request) == ((), stamp(request.other))


def test_real_weights_that_were_overwritten_give_new_numbers(tiny_folder, tmp_path):
    folder = tmp_path / "llama"
    shutil.copytree(tiny_folder("llama"), folder)
    request = TextRequest(text="She sells sea shells.", model=ModelSpec(str(folder), device="cpu"))
    engine = Engine()
    try:
        before = engine.submit(request, stay=True).result(PATIENCE)
        weights = load_file(folder / "model.safetensors")
        changed = {name: each * 3 for name, each in weights.items()}
        save_file(changed, tmp_path / "new.safetensors", metadata={"format": "pt"})
        (tmp_path / "new.safetensors").replace(folder / "model.safetensors")
        after = engine.submit(request, stay=True).result(PATIENCE)
    finally:
        engine.close(PATIENCE)
    assert not np.allclose(before.entropy[1:], after.entropy[1:])


# The name that browsers keep


@pytest.fixture
def run(engine):
    return engine.submit(QUICK).result(PATIENCE)


def test_the_content_is_the_same_for_everybody_and_after_a_restart(run):
    assert RunStore(10**9).put(run) == RunStore(10**9).put(run)


def test_the_form_in_which_runs_are_sent_is_part_of_the_name(run):
    assert RunStore(10**9, form=1).put(run) != RunStore(10**9, form=2).put(run)


def test_another_title_is_another_content(run):
    store = RunStore(10**9)
    assert store.put(run) != store.put(replace(run, title="Another"))


def test_arrays_have_contents_too():
    store, pattern = RunStore(10**9), np.eye(3, dtype=np.float32)
    assert store.put(pattern) == store.put(pattern.copy())
    assert store.put(pattern) != store.put(pattern.T.reshape(9, 1))
    assert store.put(np.zeros((0, 3), np.float32)) != store.put(np.zeros((3, 0), np.float32))
    assert store.put(np.eye(4, dtype=np.float32)[::2]) != store.put(pattern)
