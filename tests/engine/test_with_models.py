"""The engine over real studies of tiny models."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import backend
from backend.engine import Engine
from backend.errors import CancelledError, EntroscopeError, OverBudgetError
from backend.runs import ModelSpec, TextRequest
from backend.runs.many import many_request
from backend.settings import Settings
from tests.engine.fakes import PATIENCE

TEXT = "She sells sea shells by the sea shore, and 12345 more. "


@pytest.fixture
def engine():
    made = Engine()
    yield made
    made.close(PATIENCE)


@pytest.fixture
def spec(tiny_folder):
    return ModelSpec(source=str(tiny_folder("llama")), device="cpu")


def test_many_sessions_get_the_numbers_that_a_notebook_gets(engine, spec, tiny_model):
    requests = [TextRequest(text=TEXT * (1 + i % 4), model=spec, top_k=1 + i) for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda each: engine.submit(each).result(PATIENCE), requests))
    for request, run in zip(requests, runs, strict=True):
        alone = backend.study_text(tiny_model("llama"), request.text, top_k=request.top_k)
        # The same code on the same machine; only the number of threads may round differently.
        np.testing.assert_allclose(run.entropy, alone.entropy, atol=1e-5)
        np.testing.assert_array_equal(run.token_ids, alone.token_ids)
        assert run.request == request
        assert run.top_ids.shape == (len(run), request.top_k)


def test_two_runs_of_one_reading_are_found_by_their_own_requests(engine, spec):
    asked = TextRequest(model=spec, text=TEXT)
    job = engine.submit(many_request(spec, TEXT, ["text", "attention"], {}))
    text, attention = job.result(PATIENCE)
    assert engine.find(asked.key) is text
    assert engine.find(attention.request.key) is attention
    assert engine.submit(asked).result(0) is text
    assert engine.last(spec, "attention") is attention


def test_a_real_study_stops_between_its_steps(engine, spec):
    def first_report(model, *, report):
        def stop_at_once(progress):
            begun.set()
            assert cancelled.wait(PATIENCE)
            report(progress)
            reports.append(progress)

        return backend.study_text(model, TEXT, report=stop_at_once)

    begun, cancelled, reports = threading.Event(), threading.Event(), []
    job = engine.call(spec, first_report)
    assert begun.wait(PATIENCE)
    job.cancel()
    cancelled.set()
    with pytest.raises(CancelledError):
        job.result(PATIENCE)
    again = engine.submit(TextRequest(text=TEXT, model=spec)).result(PATIENCE)
    assert np.isfinite(again.entropy[1:]).all()
    assert reports == []


def test_a_real_study_over_its_budget_is_refused_before_it_runs(spec):
    engine = Engine(limits=Settings(work_bytes=1000))
    job = engine.submit(TextRequest(text=TEXT, model=spec))
    with pytest.raises(OverBudgetError, match=r"may use 1 kB"):
        job.result(PATIENCE)
    engine.close(PATIENCE)


def test_a_model_that_does_not_exist_is_a_readable_error(engine, tmp_path):
    missing = ModelSpec(source=str(tmp_path / "nothing.gguf"))
    job = engine.submit(TextRequest(text=TEXT, model=missing))
    with pytest.raises(EntroscopeError, match=r"nothing\.gguf") as caught:
        job.result(PATIENCE)
    assert "fault of Entroscope" not in str(caught.value)
