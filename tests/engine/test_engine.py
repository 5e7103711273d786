"""The engine: sharing, order, budgets, errors and cancelling, told with fake models."""

from __future__ import annotations

import gc
import json
import logging
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from backend.errors import (
    CancelledError,
    EntroscopeError,
    InputError,
    ModelError,
    OverBudgetError,
)
from backend.progress import Progress
from backend.runs import ModelSpec
from tests.engine.fakes import PATIENCE, FakeRequest

OTHER = ModelSpec(source="other")


class OtherRequest(FakeRequest):
    """Asks what nobody can answer."""

    kind = "fakes"


def running(engine, study, text="slow", **fields):
    """Submit a steered study and wait until it runs."""
    job = engine.submit(FakeRequest(text=text, **fields))
    assert study.started.get(timeout=PATIENCE) == text
    return job


def finished(job):
    assert job.wait(PATIENCE)
    return job.state


def reached(loader, stage):
    """Wait until a load has come to a stage."""
    while loader.at_stage.get(timeout=PATIENCE) != stage:
        pass


# What a request gets


def test_a_request_is_answered_by_a_run(engine):
    job = engine.submit(FakeRequest(text="quick"))
    assert job.result(PATIENCE).request.text == "quick"
    assert job.state == "done"


def test_a_finished_run_is_found_by_the_key_of_its_request(engine):
    request = FakeRequest(text="quick")
    run = engine.submit(request).result(PATIENCE)
    assert engine.find(request.key) is run
    assert engine.find("0" * 16) is None


def test_the_last_run_of_a_model_is_one_computed_here(engine):
    asked = FakeRequest(text="quick")
    assert engine.last(asked.model, "fake") is None
    run = engine.submit(asked).result(PATIENCE)
    assert engine.last(asked.model, run.kind) is run
    assert engine.last(asked.model, "another kind") is None
    assert engine.last(ModelSpec("another model"), run.kind) is None


def test_a_request_asked_before_is_answered_from_memory(engine, study):
    first = engine.submit(FakeRequest(text="quick")).result(PATIENCE)
    again = engine.submit(FakeRequest(text="quick"))
    assert again.state == "done"
    assert again.result(0) is first
    assert study.runs == ["quick"]


def test_an_unknown_study_is_refused(engine):
    with pytest.raises(InputError, match="no study named 'fakes'"):
        engine.submit(OtherRequest())


def test_progress_and_state_follow_the_study(engine, study):
    job = running(engine, study)
    assert job.state == "running"
    assert not job.wait(0)
    with pytest.raises(TimeoutError):
        job.result(0)
    study.step(2)
    assert finished(job) == "done"
    assert (job.progress.done, job.progress.total) == (2, 2)


def test_loading_is_a_state_of_its_own_and_names_the_model(engine, loader):
    loader.gate.clear()
    job = engine.submit(FakeRequest(text="quick", model=ModelSpec(source="org/name")))
    loader.started.get(timeout=PATIENCE)
    assert job.state == "loading"
    assert job.progress.message == "Loading name …"
    loader.gate.set()
    assert finished(job) == "done"


def test_who_waits_for_a_model_that_loads_is_told_that_it_loads(engine, loader):
    loader.gate.clear()
    engine.submit(FakeRequest(text="quick"))
    loader.started.get(timeout=PATIENCE)
    waiting = engine.submit(FakeRequest(text="quick 2"))
    assert waiting.state == "queued"
    assert waiting.progress.message == "Loading the bundled model …"
    loader.gate.set()
    assert finished(waiting) == "done"


def test_loading_tells_how_far_it_is(engine, loader):
    loader.stages = 1
    job = engine.submit(FakeRequest(text="quick"))
    reached(loader, "after 0")
    assert job.progress == Progress(0, 1, "Loading: weight 1 of 1")
    loader.next_stage.release()
    assert finished(job) == "done"


# Sharing and order


def test_equal_requests_share_one_study(engine, study):
    first = running(engine, study)
    second = engine.submit(FakeRequest(text="slow"))
    study.step(2)
    assert first.result(PATIENCE) is second.result(PATIENCE)
    assert study.runs == ["slow"]


def test_the_studies_of_one_model_run_in_order_on_one_thread(engine, study, loader):
    first = running(engine, study)
    rest = [engine.submit(FakeRequest(text=f"quick {i}")) for i in range(3)]
    assert [job.state for job in rest] == ["queued"] * 3
    assert rest[2].progress.message == "Waiting for 3 studies on the same model"
    study.step(2)
    assert [finished(job) for job in (first, *rest)] == ["done"] * 4
    assert study.runs == ["slow", "quick 0", "quick 1", "quick 2"]
    assert len(study.threads["bundled"]) == 1
    assert loader.loads == ["bundled"]


def test_two_models_work_side_by_side(engine, study):
    slow = running(engine, study)
    quick = engine.submit(FakeRequest(text="quick", model=OTHER))
    assert finished(quick) == "done"
    assert slow.state == "running"
    study.step(2)
    assert finished(slow) == "done"


def test_a_call_runs_on_the_thread_of_the_model_in_its_turn(engine, study):
    slow = running(engine, study)

    def where(model, layer, *, report):
        return model.facts.name, layer, threading.current_thread()

    call = engine.call(ModelSpec(), where, 3)
    assert call.state == "queued"
    study.step(2)
    assert call.result(PATIENCE) == ("bundled", 3, *study.threads["bundled"])
    assert slow.state == "done"


def test_two_calls_are_never_taken_for_one(engine):
    first = engine.call(ModelSpec(), lambda model, report: object())
    second = engine.call(ModelSpec(), lambda model, report: object())
    assert first.result(PATIENCE) is not second.result(PATIENCE)


def test_one_model_asked_for_in_several_ways_is_loaded_once(engine, loader):
    ways = [
        ModelSpec(),
        ModelSpec(device="cpu"),
        ModelSpec(dtype="float32"),
        ModelSpec(device="cpu", dtype="float32"),
    ]
    for number, spec in enumerate(ways):
        engine.submit(FakeRequest(text=f"quick {number}", model=spec)).result(PATIENCE)
        assert engine.facts(spec) is not None
    assert loader.loads == ["bundled"]
    engine.submit(FakeRequest(text="quick", model=ModelSpec(dtype="bfloat16"))).result(PATIENCE)
    assert loader.loads == ["bundled", "bundled"]


def test_a_model_of_the_hub_is_known_by_the_commit_it_turned_out_to_be(engine, loader):
    loader.revision = "abc123"
    for revision in (None, "abc123", "other"):
        spec = ModelSpec(source="org/name", revision=revision)
        engine.submit(FakeRequest(text=f"quick {revision}", model=spec)).result(PATIENCE)
    assert loader.loads == ["org/name", "org/name"]


# Cancelling


def test_cancelling_a_waiting_job_takes_effect_at_once(engine, study):
    slow = running(engine, study)
    waiting = engine.submit(FakeRequest(text="quick"))
    waiting.cancel()
    assert waiting.state == "cancelled"
    with pytest.raises(CancelledError):
        waiting.result(0)
    study.step(2)
    assert finished(slow) == "done"
    assert study.runs == ["slow"]


def test_cancelling_a_running_job_stops_it_at_its_next_report(engine, study):
    job = running(engine, study)
    job.cancel()
    assert job.state == "cancelled"
    study.step(1)  # the second report raises; a second step is never taken
    after = engine.submit(FakeRequest(text="quick"))
    assert finished(after) == "done"
    assert engine.find(job.key) is None


def test_cancelling_while_the_model_loads_keeps_the_model(engine, study, loader):
    loader.gate.clear()
    job = engine.submit(FakeRequest(text="quick"))
    loader.started.get(timeout=PATIENCE)
    job.cancel()
    assert job.state == "cancelled"
    loader.gate.set()
    assert finished(engine.submit(FakeRequest(text="quick again"))) == "done"
    assert study.runs == ["quick again"]
    assert loader.loads == ["bundled"]


def test_loading_stops_at_its_next_stage_when_nobody_waits(engine, loader, study):
    loader.stages = 2
    job = engine.submit(FakeRequest(text="quick"))
    reached(loader, "after 0")
    (worker,) = engine._executor._workers.values()
    job.cancel()
    loader.next_stage.release()
    reached(loader, "before 1")
    worker.join(PATIENCE)  # without a model and without work its thread ends
    assert loader.at_stage.empty()  # the second stage was not passed
    assert study.runs == []


def test_loading_goes_on_for_somebody_else_who_waits(engine, loader):
    loader.stages = 2
    first = engine.submit(FakeRequest(text="quick"))
    reached(loader, "after 0")
    second = engine.submit(FakeRequest(text="quick again"))
    first.cancel()
    loader.next_stage.release(2)
    assert finished(second) == "done"
    assert loader.loads == ["bundled"]


def test_a_shared_study_goes_on_until_its_last_job_is_cancelled(engine, study):
    first = running(engine, study)
    second, third = (engine.submit(FakeRequest(text="slow")) for _ in range(2))
    first.cancel()
    first.cancel()  # counts once
    second.cancel()
    assert third.state == "running"
    study.step(2)
    assert third.result(PATIENCE).request.text == "slow"
    assert first.state == second.state == "cancelled"


def test_a_request_cancelled_by_all_can_be_asked_again(engine, study):
    running(engine, study).cancel()
    again = engine.submit(FakeRequest(text="slow"))
    assert again.state == "queued"
    study.step(3)  # one for the stopped study, two for the new one
    assert finished(again) == "done"
    assert study.runs == ["slow", "slow"]


def test_cancelling_a_finished_job_changes_nothing(engine):
    job = engine.submit(FakeRequest(text="quick"))
    job.result(PATIENCE)
    job.cancel()
    assert job.state == "done"


def test_cancelling_wakes_whoever_waits_for_the_job(engine, study):
    job = running(engine, study)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(job.wait, PATIENCE)
        job.cancel()
        assert waiting.result(PATIENCE)
    study.step(1)


# Budgets


def test_a_study_over_its_budget_is_refused_with_both_numbers(make_engine, study):
    study.need = 5_200_000_000
    job = make_engine(work_bytes=4_000_000_000).submit(FakeRequest(text="quick"))
    with pytest.raises(OverBudgetError, match=r"about 5\.2 GB .* may use 4\.0 GB"):
        job.result(PATIENCE)
    assert study.runs == []


def test_a_study_that_does_not_fit_the_free_memory_is_refused_with_both_numbers(
    make_engine, study, tmp_path
):
    pace = {"first cpu float32": {"fake": [[1.0, 20.0]]}}  # measured by an earlier server
    (tmp_path / "pace.json").write_text(json.dumps(pace))
    study.need = 2_000_000_000
    job = make_engine(free=lambda device: 1_000_000_000).submit(FakeRequest(text="quick"))
    with pytest.raises(OverBudgetError, match=r"about 2\.0 GB of memory and 20 s, and 1\.0 GB are"):
        job.result(PATIENCE)
    assert study.runs == []


def test_idle_models_make_room_for_a_study(make_engine, loader, study):
    free = {2: 1, 1: 100}  # by the number of models in memory
    engine = make_engine(free=lambda device: free[len(loader.alive)])
    engine.submit(FakeRequest(text="quick", model=OTHER)).result(PATIENCE)
    study.need = 50
    assert finished(engine.submit(FakeRequest(text="quick"))) == "done"
    assert [facts.name for facts in engine.loaded()] == ["bundled"]


def test_a_full_queue_is_refused_with_both_numbers(make_engine, study):
    engine = make_engine(max_queue=2)
    running(engine, study)
    waiting = [engine.submit(FakeRequest(text=f"quick {i}")) for i in range(2)]
    with pytest.raises(OverBudgetError, match=r"2 studies wait .* and 2 may"):
        engine.submit(FakeRequest(text="quick 3"))
    waiting[0].cancel()
    assert engine.submit(FakeRequest(text="quick 3")).state == "queued"


def test_joining_a_waiting_study_needs_no_room_in_the_queue(make_engine, study):
    engine = make_engine(max_queue=1)
    running(engine, study)
    first = engine.submit(FakeRequest(text="quick"))
    assert engine.submit(FakeRequest(text="quick")).key == first.key


def test_old_runs_make_room_for_new_ones(make_engine):
    engine = make_engine(result_bytes=1_000_000)
    requests = [FakeRequest(text=f"quick {i}", numbers=100_000) for i in range(3)]  # 400 kB each
    for request in requests:
        engine.submit(request).result(PATIENCE)
    assert [engine.find(each.key) is not None for each in requests] == [False, True, True]


def test_the_least_recently_used_idle_model_makes_room_on_its_own_thread(
    make_engine, loader, study
):
    engine = make_engine(model_bytes=10)
    loader.sizes = {"a": 5, "b": 5, "c": 5}
    for number, source in enumerate("abac"):  # a is used again, so that b is the oldest
        job = engine.submit(FakeRequest(text=f"quick {number}", model=ModelSpec(source)))
        assert finished(job) == "done"
    source, thread = loader.freed.get(timeout=PATIENCE)
    assert source == "b"
    assert study.threads["b"] == {thread}
    assert [facts.name for facts in engine.loaded()] == ["a", "c"]


def test_idle_models_are_freed_one_by_one_until_a_new_one_fits(make_engine, loader):
    engine = make_engine()
    loader.room, loader.sizes = 10, {"a": 3, "b": 3, "c": 3, "d": 6}
    for number, source in enumerate("abcd"):
        job = engine.submit(FakeRequest(text=f"quick {number}", model=ModelSpec(source)))
        assert finished(job) == "done"
    assert [facts.name for facts in engine.loaded()] == ["c", "d"]


def test_a_model_that_fits_beside_no_other_is_refused_when_all_idle_ones_are_gone(
    make_engine, loader, study
):
    engine = make_engine()
    loader.room, loader.sizes = 10, {"other": 8, "bundled": 3}
    slow = running(engine, study)
    job = engine.submit(FakeRequest(text="quick", model=OTHER))
    with pytest.raises(ModelError, match="other does not fit"):
        job.result(PATIENCE)
    assert [facts.name for facts in engine.loaded()] == ["bundled"]  # it works, so it stays
    study.step(2)
    assert finished(slow) == "done"


def test_a_working_model_is_never_put_out(make_engine, loader, study):
    engine = make_engine(model_bytes=10)
    loader.sizes = {"bundled": 8, "other": 8}
    slow = running(engine, study)
    engine.submit(FakeRequest(text="quick", model=OTHER)).result(PATIENCE)
    assert [facts.name for facts in engine.loaded()] == ["bundled", "other"]
    study.step(2)
    assert finished(slow) == "done"
    assert loader.freed.get(timeout=PATIENCE)[0] == "other"


def test_a_model_can_be_unloaded_when_it_is_idle(engine, loader, study):
    job = running(engine, study)
    assert engine.facts(ModelSpec()).name == "bundled"
    assert not engine.unload(ModelSpec())
    study.step(2)
    job.result(PATIENCE)
    assert engine.unload(ModelSpec())
    assert loader.freed.get(timeout=PATIENCE)[0] == "bundled"
    assert engine.facts(ModelSpec()) is None
    assert not engine.unload(ModelSpec())


# Failures


def test_an_error_for_the_reader_arrives_as_it_is_and_the_worker_lives_on(engine, study):
    study.failure = InputError("Write at least one token.")
    with pytest.raises(InputError, match=r"^Write at least one token\.$"):
        engine.submit(FakeRequest(text="quick")).result(PATIENCE)
    study.failure = None
    assert finished(engine.submit(FakeRequest(text="quick"))) == "done"


@pytest.mark.parametrize("failure", [ZeroDivisionError("boom"), SystemExit("boom")])
def test_any_other_exception_becomes_one_readable_line_and_is_logged(
    engine, study, failure, caplog
):
    study.failure = failure
    job = engine.submit(FakeRequest(text="quick"))
    with (
        caplog.at_level(logging.ERROR, "backend.engine"),
        pytest.raises(EntroscopeError, match=f"{type(failure).__name__}: boom") as caught,
    ):
        job.result(PATIENCE)
    assert "\n" not in str(caught.value)
    assert caplog.records[0].exc_info[1] is failure
    study.failure = None
    assert finished(engine.submit(FakeRequest(text="quick again"))) == "done"


@pytest.mark.parametrize("failure", [torch.OutOfMemoryError("no"), MemoryError()])
def test_running_out_of_memory_is_said_in_words(engine, study, failure):
    study.failure = failure
    with pytest.raises(OverBudgetError, match="ran out of memory"):
        engine.submit(FakeRequest(text="quick")).result(PATIENCE)


def test_a_failed_study_keeps_nothing_alive(engine):
    class Tensor:
        def __del__(self):
            gone.set()

    def fail(model, *, report):
        tensor = Tensor()
        raise InputError(f"no {type(tensor).__name__}")

    gone = threading.Event()
    job = engine.call(ModelSpec(), fail)
    assert finished(job) == "failed"
    gc.collect()
    assert gone.is_set()


def test_a_model_that_cannot_be_loaded_fails_all_that_wait_for_it(engine, loader):
    loader.gate.clear()
    loader.failure = ModelError("There is no model there.")
    jobs = [engine.submit(FakeRequest(text=f"quick {i}")) for i in range(2)]
    loader.gate.set()
    for job in jobs:
        with pytest.raises(ModelError, match="no model there"):
            job.result(PATIENCE)
    assert loader.loads == ["bundled"]
    loader.failure = None
    assert finished(engine.submit(FakeRequest(text="quick"))) == "done"


# Many people at once, and the end


def test_twenty_threads_with_mixed_requests_and_cancels_all_get_what_they_asked_for(
    make_engine, study
):
    engine = make_engine(max_queue=1000)
    start = threading.Barrier(20)

    def session(number):
        chance = random.Random(number)
        start.wait(PATIENCE)
        outcomes = []
        for _ in range(25):
            request = FakeRequest(
                text=f"quick {chance.randrange(8)}",
                numbers=chance.randrange(1, 5),
                model=ModelSpec(source=chance.choice("ab")),
            )
            job = engine.submit(request)
            call = engine.call(request.model, lambda model, report: model.spec.source)
            if chance.random() < 0.4:
                job.cancel()
            try:
                run = job.result(PATIENCE)
                outcomes.append(run.request == request and run.values.size == request.numbers)
            except CancelledError:
                outcomes.append(job.state == "cancelled")
            outcomes.append(call.result(PATIENCE) == request.model.source)
        return outcomes

    with ThreadPoolExecutor(20) as pool:
        outcomes = [each for result in pool.map(session, range(20)) for each in result]
    assert len(outcomes) == 20 * 25 * 2
    assert all(outcomes)
    assert {name: len(threads) for name, threads in study.threads.items()} == {"a": 1, "b": 1}


def test_closing_stops_everything_and_frees_the_models(engine, loader, study):
    slow = running(engine, study)
    waiting = engine.submit(FakeRequest(text="quick"))
    with ThreadPoolExecutor(1) as pool:
        closing = pool.submit(engine.close, PATIENCE)
        assert finished(waiting) == "cancelled"
        study.step(1)
        closing.result(PATIENCE)
    assert finished(slow) == "cancelled"
    assert loader.freed.get(timeout=PATIENCE)[0] == "bundled"
    with pytest.raises(EntroscopeError, match="shutting down"):
        engine.submit(FakeRequest(text="quick again"))
