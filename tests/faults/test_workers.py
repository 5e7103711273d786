"""What breaks while a model works: the study ends with a clear line, and the server lives."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from backend.engine import Engine
from backend.engine.executors.worker import Worker
from backend.errors import EntroscopeError, ModelError, OverBudgetError
from backend.runs import ModelSpec, TextRequest
from tests.engine.fakes import PATIENCE

TEXT = "She sells sea shells."
FAR_TOO_MUCH = 10**15  # bytes


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close(PATIENCE)


@pytest.fixture
def spec(tiny_folder) -> ModelSpec:
    return ModelSpec(source=str(tiny_folder("llama")), device="cpu")


def take_too_much(model, *, report):
    return torch.empty(FAR_TOO_MUCH, dtype=torch.uint8)


def test_a_study_for_which_there_is_no_memory_ends_with_a_clear_line_and_the_next_one_works(
    engine, spec
):
    with pytest.raises(OverBudgetError, match="ran out of memory") as caught:
        engine.call(spec, take_too_much).result(PATIENCE)
    assert "\n" not in str(caught.value)
    assert len(engine.submit(TextRequest(model=spec, text=TEXT)).result(PATIENCE)) > 3


def test_a_worker_whose_thread_breaks_ends_its_study_and_takes_the_next(engine, spec, monkeypatch):
    whole = Worker._over

    def broken(self, ticket, standing):
        monkeypatch.setattr(Worker, "_over", whole)
        raise SystemExit("the thread is gone")

    monkeypatch.setattr(Worker, "_over", broken)
    with pytest.raises(EntroscopeError, match="SystemExit: the thread is gone"):
        engine.submit(TextRequest(model=spec, text=TEXT)).result(PATIENCE)
    assert len(engine.submit(TextRequest(model=spec, text=f"{TEXT} {TEXT}")).result(PATIENCE)) > 3


def test_a_model_whose_files_disappear_is_named_in_one_line_and_others_work(
    engine, spec, tmp_path: Path
):
    folder = Path(shutil.copytree(spec.source, tmp_path / "model"))
    gone = ModelSpec(source=str(folder), device="cpu")
    engine.submit(TextRequest(model=gone, text=TEXT)).result(PATIENCE)
    shutil.rmtree(folder)
    with pytest.raises(ModelError) as caught:
        engine.submit(TextRequest(model=gone, text=f"{TEXT} {TEXT}")).result(PATIENCE)
    assert "\n" not in str(caught.value)
    assert "model" in str(caught.value)
    assert len(engine.submit(TextRequest(model=spec, text=TEXT)).result(PATIENCE)) > 3


def test_a_model_that_loses_its_weights_alone_is_named_in_one_line(engine, spec, tmp_path: Path):
    folder = Path(shutil.copytree(spec.source, tmp_path / "model"))
    (folder / "model.safetensors").unlink()
    asked = TextRequest(model=ModelSpec(source=str(folder), device="cpu"), text=TEXT)
    with pytest.raises(ModelError) as caught:
        engine.submit(asked).result(PATIENCE)
    assert "\n" not in str(caught.value)
