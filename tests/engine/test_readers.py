"""Many readers: models on the list, fair turns, and each reader's share."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import ClassVar

import pytest

from backend.engine.executors.admission import check_offered
from backend.engine.executors.base import Order
from backend.engine.pace import model_name
from backend.errors import InputError, OverBudgetError
from backend.models.offers import FILE_FIELDS
from backend.readers import Reader
from backend.runs import DivergenceRequest, ModelSpec, TextRequest
from backend.runs.asking import request_type
from backend.runs.base import RUN_KINDS
from backend.runs.many import ManyRequest
from backend.runs.when_it_knew import WhenItKnewRequest
from backend.settings import Settings
from tests.engine.fakes import PATIENCE, FakeRequest

ANN, BEN, CAT = (Reader(name, f"owner of {name}") for name in ("ann", "ben", "cat"))
TEACHER = Reader("teacher", "owner of the teacher", "administrator")
OTHER = ModelSpec("another/model")


@pytest.fixture(params=["class", "public"])
def shared(make_engine, request):
    return lambda **limits: make_engine(mode=request.param, **limits)


def running(engine, study, reader=ANN, text="slow"):
    job = engine.submit(FakeRequest(text=text), reader=reader)
    assert study.started.get(timeout=PATIENCE) == text
    return job


@pytest.mark.parametrize(
    "request_",
    [
        FakeRequest(model=OTHER),
        FakeRequest(model=ModelSpec("/etc")),
        FakeRequest(model=ModelSpec(revision="main")),
        DivergenceRequest(text="a", other=OTHER),
        ManyRequest(requests=(TextRequest(text="a", model=OTHER),)),
        WhenItKnewRequest(text="a", lens_file="/etc/passwd"),
        ManyRequest(requests=(WhenItKnewRequest(text="a", lens_file="~/x.safetensors"),)),
    ],
    ids=lambda each: f"{each.kind} {each.model.source}",
)
@pytest.mark.parametrize("mode", ["class", "public"])
def test_what_is_not_on_the_list_is_refused_whatever_any_model_says(request_, mode):
    limits = Settings(mode=mode, any_model=True)
    with pytest.raises(InputError, match=r"does not offer|without a choice|no files"):
        check_offered(Order("", request_.model, request_), lambda spec: None, limits)


def test_the_engine_looks_at_the_list_before_anything_is_loaded(shared, loader):
    with pytest.raises(InputError, match="does not offer"):
        shared().submit(FakeRequest(model=OTHER), reader=TEACHER)
    assert loader.loads == []


def test_a_call_is_refused_a_model_that_is_not_on_the_list_also_in_what_it_is_given(shared):
    engine = shared()
    with pytest.raises(InputError, match="does not offer"):
        engine.call(OTHER, print)
    with pytest.raises(InputError, match="does not offer"):
        engine.call(ModelSpec(), print, TextRequest(text="a", model=OTHER))
    with pytest.raises(InputError, match="does not offer"):
        engine.warm(OTHER)


def test_models_on_the_list_are_read_on_any_device_and_the_bundled_one_always(shared):
    engine = shared(models=("listed/model",))
    for spec in (ModelSpec("listed/model"), ModelSpec(device="cpu"), ModelSpec()):
        job = engine.submit(FakeRequest(text=f"quick {spec}", model=spec), reader=ANN)
        assert job.wait(PATIENCE)
        assert job.state == "done"


def test_an_offered_model_may_be_named_by_the_commit_it_turned_out_to_be(shared, loader):
    loader.revision = "c0ffee"
    engine = shared(models=("listed/model",))
    exact = FakeRequest(text="quick", model=ModelSpec("listed/model", "c0ffee"))
    with pytest.raises(InputError, match="without a choice of revision"):
        engine.submit(exact)
    engine.warm(ModelSpec("listed/model")).result(PATIENCE)
    engine.submit(exact).result(PATIENCE)
    assert loader.loads == ["listed/model"]


def test_readers_take_turns_and_nobody_s_places_come_first(shared, study):
    engine = shared(reader_places=10)
    running(engine, study)
    asked = [(ANN, "a1"), (ANN, "a2"), (ANN, "a3"), (BEN, "b1"), (BEN, "b2"), (CAT, "c1")]
    jobs = [engine.submit(FakeRequest(text=f"quick {text}"), reader=each) for each, text in asked]
    study.step(10)
    for job in jobs:
        job.result(PATIENCE)
    order = [text.removeprefix("quick ") for text in study.runs[1:]]
    assert order == ["b1", "c1", "a1", "b2", "a2", "a3"]


def test_the_place_in_line_that_a_reader_is_told_counts_the_turns_of_others(shared, study):
    engine = shared(reader_places=10)
    running(engine, study)
    for i in range(3):
        engine.submit(FakeRequest(text=f"quick {i}"), reader=ANN)
    late = engine.submit(FakeRequest(text="quick late"), reader=BEN)
    assert late.progress.message == "Waiting for 1 study on the same model"


def test_one_reader_has_a_share_of_the_queue_and_is_told_both_numbers(shared, study):
    engine = shared(reader_places=2)
    job = running(engine, study)
    engine.submit(FakeRequest(text="quick 1"), reader=ANN)
    with pytest.raises(OverBudgetError, match=r"^2 studies of yours wait or run .* and 2 may"):
        engine.submit(FakeRequest(text="quick 2"), reader=ANN)
    assert engine.submit(FakeRequest(text="quick 3"), reader=BEN).state == "queued"
    job.cancel()
    study.step()
    job.task.changed  # noqa: B018
    engine.submit(FakeRequest(text="quick 1"), reader=ANN).result(PATIENCE)
    engine.submit(FakeRequest(text="quick 2"), reader=ANN).result(PATIENCE)


def test_the_teacher_s_places_are_not_counted(shared, study):
    engine = shared(reader_places=1)
    running(engine, study, TEACHER)
    assert engine.submit(FakeRequest(text="quick"), reader=TEACHER).state == "queued"


def test_a_local_reader_has_the_whole_queue(make_engine, study):
    engine = make_engine(reader_places=1)
    engine.submit(FakeRequest(text="slow"))
    assert study.started.get(timeout=PATIENCE) == "slow"
    assert engine.submit(FakeRequest(text="quick")).state == "queued"


def test_a_study_ends_when_its_seconds_are_over_and_says_both_numbers(shared, study):
    engine = shared(study_seconds=0.01)
    job = running(engine, study)
    time.sleep(0.02)
    study.step(2)
    with pytest.raises(OverBudgetError, match=r"stopped after \d+ s, and one study may take 0 s"):
        job.result(PATIENCE)


def test_a_study_that_is_known_to_take_longer_than_it_may_is_not_begun(shared, study):
    engine = shared(study_seconds=100)
    engine.warm(ModelSpec()).result(PATIENCE)
    study.work = 5000.0
    name = model_name(engine._executor.model(ModelSpec()))
    engine._executor._pace.learn(name, "fake", 1, 1)
    job = engine.submit(FakeRequest(text="quick"), reader=ANN)
    with pytest.raises(OverBudgetError, match=r"takes about 83 min, and .* may take 2 min"):
        job.result(PATIENCE)
    assert study.runs == []


@dataclass(frozen=True, kw_only=True)
class Texts(FakeRequest):
    """Several texts."""

    kind: ClassVar[str] = "fake"
    texts: tuple[str, ...] = ()


def test_tokens_are_counted_before_the_work_and_told_with_the_limit(shared):
    engine = shared(study_tokens=5)
    engine.warm(ModelSpec()).result(PATIENCE)
    ask = Texts(texts=("one two three", "four five six"))
    with pytest.raises(OverBudgetError, match=r"writes 6 tokens, and one study may 5"):
        engine.submit(ask, reader=ANN)
    with pytest.raises(OverBudgetError, match=r"1,000 characters, and one study may read 5 tokens"):
        engine.submit(Texts(texts=("x" * 1000,)), reader=ANN)


def test_in_public_equal_studies_are_joined_within_one_reader_only(make_engine, study):
    engine = make_engine(mode="public")
    jobs = [engine.submit(FakeRequest(text="slow"), reader=each) for each in (ANN, ANN, BEN)]
    study.step(10)
    first, second, third = (job.result(PATIENCE) for job in jobs)
    assert first is second
    assert third is not first
    assert study.runs == ["slow", "slow"]
    key = FakeRequest(text="slow").key
    assert engine.find(key, ANN) is not None
    assert engine.find(key, BEN) is not None
    assert engine.find(key, CAT) is None


def test_in_a_class_equal_studies_are_joined(make_engine, study):
    engine = make_engine(mode="class")
    jobs = [engine.submit(FakeRequest(text="slow"), reader=each) for each in (ANN, BEN)]
    study.step(10)
    assert jobs[0].result(PATIENCE) is jobs[1].result(PATIENCE)


def test_a_job_is_its_reader_s(shared, study):
    engine = shared()
    job = running(engine, study)
    assert engine.owns(ANN, job.id)
    assert not engine.owns(BEN, job.id)
    study.step(10)
    job.result(PATIENCE)
    assert engine.owns(ANN, job.id)
    assert not engine.owns(BEN, job.id)
    assert not engine.owns(ANN, "no such job")


def test_where_readers_have_places_of_their_own_the_queue_is_long_unless_it_is_set():
    assert Settings().queue_places == 16
    assert Settings(mode="class").queue_places >= 80 * 4
    assert Settings(mode="class", max_queue=20).queue_places == 20


def test_file_fields_of_requests_are_all_known():
    # A new field that names a file has to be refused on a shared server too.
    named = {
        name
        for kind in RUN_KINDS
        for name in request_type(kind).__dataclass_fields__
        if re.search("file|path|folder|adapter", name)
    }
    assert named == FILE_FIELDS
