"""The seam: whatever carries the work out, only plain values cross it."""

from __future__ import annotations

import ast
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backend.engine import Engine, LocalExecutor
from backend.engine import engine as engine_module
from backend.errors import InputError, OverBudgetError
from backend.reading.pattern import Part, read_pattern
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
from backend.storage.run_store import RunStore
from tests.engine.fakes import PATIENCE
from tests.loops import run_loop

TEXT = "She sells sea shells by the sea shore, and 12345 more."


def received(value):
    """Return a value as another process gets it; the bytes are our own."""
    return pickle.loads(pickle.dumps(value))  # noqa: S301


class ElsewhereExecutor:
    """Hands everything on as another process would get it: pickled."""

    def __init__(self, inner):
        self._inner = inner

    def submit(self, order, changed):
        self._inner.submit(received(order), changed)

    def check(self, order):
        self._inner.check(received(order))

    def progress(self, order_id):
        standing = self._inner.progress(order_id)
        if standing is not None and hasattr(standing.progress.partial, "run"):
            sent = replace(standing.progress, partial=standing.progress.partial.run())
            standing = replace(standing, progress=sent)
        return received(standing)

    def model(self, spec):
        return received(self._inner.model(spec))

    def models(self):
        return received(self._inner.models())

    def __getattr__(self, name):
        assert name in {"cancel", "work", "memory", "seconds", "idle", "unload", "close"}
        return getattr(self._inner, name)


@pytest.fixture
def store():
    return RunStore(10**9)


@pytest.fixture
def engine(tmp_path, store):
    limits = Settings(cache_dir=tmp_path)
    made = Engine(ElsewhereExecutor(LocalExecutor(limits)), store, limits)
    yield made
    made.close(PATIENCE)


@pytest.fixture
def spec(tiny_folder):
    return ModelSpec(source=str(tiny_folder("llama")), device="cpu")


def requests(spec):
    return [
        TextRequest(model=spec, text=TEXT),
        AttentionRequest(model=spec, text=TEXT),
        DatasetRequest(model=spec, texts=("One.", "Two more.")),
        TrajectoryRequest(
            model=spec, prompt="She sells", samplers=plans(["greedy", "top_p"]), steps=4
        ),
        many_request(spec, TEXT, ["text", "attention"], {}),
    ]


@pytest.mark.parametrize("index", range(5))
def test_every_kind_of_study_works_behind_the_seam(engine, spec, store, index):
    request = requests(spec)[index]
    job = engine.submit(request, stay=True)
    result = job.result(PATIENCE)
    runs = result if isinstance(result, tuple) else (result,)
    assert {run.kind for run in runs} == job.contents.keys()
    assert store.holds(job.contents.values())
    again = engine.submit(request)
    assert again.result(0) is not None
    assert again.contents == job.contents


def test_partial_results_and_events_come_from_behind_the_seam(engine, spec):
    request = TrajectoryRequest(model=spec, prompt="She", samplers=plans(["greedy"]), steps=200)

    async def listen():
        job = engine.submit(request)
        return [event async for event in engine.listen(job.id)]

    events = run_loop(listen())
    partial = next(event for event in events if event.type == "partial")
    assert engine.partial(partial.content).kind == "trajectories"
    assert events[-1].type == "done"


def test_a_function_of_a_module_is_called_behind_the_seam(engine, spec, store):
    request = AttentionRequest(model=spec, text=TEXT)
    job = engine.call(spec, read_pattern, request, 0, 0, Part(None, None), name="pattern")
    weights = job.result(PATIENCE)
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    np.testing.assert_array_equal(store.get(job.contents["pattern"]), weights)


@pytest.mark.parametrize("error", [InputError("a"), OverBudgetError("b")])
def test_refusals_cross_the_seam_in_words(error):
    sent = received(error)
    assert (type(sent), str(sent)) == (type(error), str(error))


def test_an_error_of_a_study_crosses_the_seam(engine, spec):
    job = engine.submit(TextRequest(model=spec, text=""), stay=True)
    with pytest.raises(InputError):
        job.result(PATIENCE)


def test_nothing_above_the_seam_imports_models_studies_or_torch():
    above = Path(engine_module.__file__).parent
    for name in ("engine", "job", "listeners", "answers", "mailbox", "clock"):
        tree = ast.parse((above / f"{name}.py").read_text("utf-8"))
        for node in tree.body:  # what is for type checkers alone is deeper
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith(("models", "studies", "torch")), name
            elif isinstance(node, ast.Import):
                assert all(each.name != "torch" for each in node.names), name
