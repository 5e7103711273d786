"""Memory is promised once: studies and models that are loaded wait for each other's bytes."""

from __future__ import annotations

import threading

import pytest
import torch

from backend.engine.reservations import Ledger
from backend.errors import CancelledError, NoRoomError, OverBudgetError
from backend.models import memory
from backend.runs import ModelSpec
from tests.engine.fakes import PATIENCE, FakeRequest

CPU, GPU, MPS = torch.device("cpu"), torch.device("cuda:0"), torch.device("mps")
A, B = ModelSpec(source="a"), ModelSpec(source="b")


@pytest.fixture
def meeting(study, monkeypatch):
    """Let two studies weigh what they need at the same moment."""
    barrier, estimate = threading.Barrier(2), study.estimate

    def together(model, request):
        found = estimate(model, request)
        barrier.wait(PATIENCE)
        return found

    monkeypatch.setattr(study, "estimate", together)


@pytest.fixture
def together(study, monkeypatch):
    """Count the studies that run at one time: now, and at most."""
    lock, counts, run = threading.Lock(), {"now": 0, "most": 0}, study.run

    def counted(model, request, report):
        with lock:
            counts["now"] += 1
            counts["most"] = max(counts["most"], counts["now"])
        try:
            return run(model, request, report)
        finally:
            with lock:
                counts["now"] -= 1

    monkeypatch.setattr(study, "run", counted)
    return counts


def both(engine, text="slow"):
    return [engine.submit(FakeRequest(text=text, model=spec), stay=True) for spec in (A, B)]


@pytest.mark.usefixtures("meeting")
def test_two_models_studies_are_never_let_in_on_the_same_free_bytes(make_engine, study, together):
    study.need = 60
    jobs = both(make_engine(free=lambda device: 100))
    assert study.started.get(timeout=PATIENCE) == "slow"
    study.step(4)
    assert [job.result(PATIENCE).request.text for job in jobs] == ["slow", "slow"]
    assert together == {"now": 0, "most": 1}


@pytest.mark.usefixtures("meeting")
def test_two_studies_that_fit_beside_each_other_run_at_the_same_time(make_engine, study, together):
    study.need = 50
    jobs = both(make_engine(free=lambda device: 100))
    assert [study.started.get(timeout=PATIENCE) for _ in jobs] == ["slow", "slow"]
    assert together["most"] == 2
    study.step(4)
    assert all(job.wait(PATIENCE) for job in jobs)


def test_whoever_waits_for_memory_is_told_so_and_may_leave(make_engine, study):
    study.need = 60
    engine = make_engine(free=lambda device: 100)
    first = engine.submit(FakeRequest(text="slow", model=A), stay=True)
    assert study.started.get(timeout=PATIENCE) == "slow"
    second = engine.submit(FakeRequest(text="quick", model=B), stay=True)
    third = engine.submit(FakeRequest(text="quick more", model=B), stay=True)
    while second.progress.message != "Waiting for memory that other work uses":
        assert not second.wait(0.01)
    second.cancel()
    study.step(2)
    assert first.wait(PATIENCE)
    assert third.result(PATIENCE).request.text == "quick more"
    assert study.runs == ["slow", "quick more"]


def test_a_study_that_could_never_fit_is_refused_at_once(make_engine, study):
    engine = make_engine(free=lambda device: 100)
    study.need = 60
    engine.submit(FakeRequest(text="slow", model=A), stay=True)
    study.started.get(timeout=PATIENCE)
    study.need = 200
    with pytest.raises(OverBudgetError, match="200 bytes of memory, and 40 bytes are free"):
        engine.submit(FakeRequest(text="quick", model=B)).result(PATIENCE)


@pytest.mark.parametrize("failure", [ValueError("no"), None])
def test_a_study_gives_its_memory_back_however_it_ends(make_engine, study, failure):
    study.need, study.failure = 60, failure
    engine = make_engine(free=lambda device: 100)
    engine.submit(FakeRequest(text="quick", model=A)).wait(PATIENCE)
    study.failure = None
    assert engine.submit(FakeRequest(text="quick", model=B)).result(PATIENCE)


def test_a_model_is_not_loaded_into_memory_that_a_study_was_promised(
    make_engine, study, loader, monkeypatch
):
    monkeypatch.setattr(memory, "free_bytes", lambda device: 100)
    loader.needs = {"b": 60}
    engine = make_engine(free=lambda device: 100)
    study.need = 60
    first = engine.submit(FakeRequest(text="slow", model=A), stay=True)
    study.started.get(timeout=PATIENCE)
    study.need = 0
    second = engine.submit(FakeRequest(text="quick", model=B), stay=True)
    while second.progress.message != "Waiting for memory that other work uses":
        assert not second.wait(0.01)
    assert engine.facts(B) is None
    study.step(2)
    assert first.wait(PATIENCE)
    assert second.result(PATIENCE)
    assert loader.loads == ["a", "b", "b"]


def test_a_study_is_not_let_into_memory_that_a_model_is_loaded_into(
    make_engine, study, loader, monkeypatch
):
    monkeypatch.setattr(memory, "free_bytes", lambda device: 100)
    engine = make_engine(free=lambda device: 100)
    engine.submit(FakeRequest(text="quick", model=A)).result(PATIENCE)
    loader.started.get(timeout=PATIENCE)
    loader.gate.clear()
    loader.needs, study.need = {"b": 60}, 60
    loading = engine.submit(FakeRequest(text="quick other", model=B), stay=True)
    loader.reserved.get(timeout=PATIENCE)
    waiting = engine.submit(FakeRequest(text="quick more", model=A), stay=True)
    while waiting.progress.message != "Waiting for memory that other work uses":
        assert not waiting.wait(0.01)
    loader.gate.set()
    assert loading.wait(PATIENCE)
    assert waiting.result(PATIENCE)


# The ledger itself


def test_what_was_promised_is_not_promised_again():
    ledger = Ledger(lambda device: 100)
    assert ledger.reserve("a", 70, [CPU])
    assert not ledger.reserve("b", 40, [CPU])
    assert ledger.left(CPU) == 30
    ledger.release("a")
    assert ledger.reserve("b", 40, [CPU])


def test_a_second_promise_takes_the_place_of_the_first():
    ledger = Ledger(lambda device: 100)
    assert ledger.reserve("a", 70, [CPU])
    assert ledger.reserve("a", 90, [CPU])
    assert ledger.left(CPU) == 10


def test_devices_have_memories_of_their_own_but_an_apple_gpu_shares_the_machines():
    ledger = Ledger(lambda device: 100)
    assert ledger.reserve("a", 70, [CPU])
    assert ledger.reserve("b", 70, [torch.device("cuda")])
    assert not ledger.reserve("c", 70, [GPU])
    assert not ledger.reserve("d", 70, [MPS])


def test_a_model_is_spread_over_several_devices_and_a_study_needs_its_bytes_on_each():
    two = [GPU, torch.device("cuda:1")]
    ledger = Ledger(lambda device: 100)
    assert not ledger.reserve("study", 150, two)
    assert ledger.reserve("model", 150, two, spread=True)
    assert [ledger.left(each) for each in two] == [25, 25]


def test_nobody_waits_where_nobody_has_anything():
    assert not Ledger(lambda device: 0).wait(0, lambda: pytest.fail("looked"))


def test_what_is_given_back_before_the_waiting_begins_is_not_missed():
    ledger = Ledger(lambda device: 100)
    ledger.reserve("a", 100, [CPU])
    seen = ledger.given_back
    ledger.release("a")
    assert ledger.wait(seen, lambda: pytest.fail("looked"))


def test_whoever_looks_can_end_the_waiting():
    def leave():
        raise CancelledError("left")

    ledger = Ledger(lambda device: 100)
    ledger.reserve("a", 100, [CPU])
    with pytest.raises(CancelledError):
        ledger.wait(ledger.given_back, leave)


def test_a_model_that_fits_is_refused_where_its_memory_was_promised():
    with memory.reserving_with(lambda needed, devices: False), pytest.raises(NoRoomError):
        memory.check_room("tiny", 1, [CPU])
    memory.check_room("tiny", 1, [CPU])
