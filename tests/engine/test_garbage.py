"""Memory comes back: models that were dropped, and what readers leave behind."""

from __future__ import annotations

import gc
import time
import weakref
from itertools import pairwise

import pytest

from backend.engine import Engine, garbage
from backend.engine.clock import Clock
from backend.engine.garbage import Sweeper
from backend.runs import ModelSpec, TextRequest
from tests.engine.fakes import PATIENCE, FakeRequest


class Session:
    """Something that only a collection frees."""

    def __init__(self):
        self.own = self


def release_sessions():
    """Let go of nothing."""


def until(condition, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()


# Models


def hooked(model, *, report):
    """Tie a knot through a model, as hooks do, and return what tells whether it is gone."""
    layer = model.layers[0]
    layer.register_forward_hook(lambda *_: model)
    return weakref.ref(layer), weakref.ref(next(model.torch_model.parameters()))


def test_a_model_is_gone_when_it_is_dropped_although_it_was_frozen(tiny_folder):
    spec = ModelSpec(source=str(tiny_folder("llama")), device="cpu")
    engine = Engine()
    try:
        request = TextRequest(text="She sells sea shells.", model=spec)
        assert engine.submit(request, stay=True).result(PATIENCE)
        layer, weights = engine.call(spec, hooked).result(PATIENCE)
        assert gc.get_freeze_count() > 100_000  # torch alone is more
        assert weights() is not None
        assert engine.unload(spec)
        until(lambda: weights() is None and layer() is None)
    finally:
        engine.close(PATIENCE)


def test_a_full_collection_is_quick_once_a_model_is_loaded(engine):
    engine.submit(FakeRequest(text="quick")).result(PATIENCE)
    began = time.perf_counter()
    gc.collect()
    assert time.perf_counter() - began < 0.1  # half a second before


# Readers


@pytest.fixture
def sweeper():
    clock = Clock()
    made = Sweeper(clock, lambda: made.idle, every=0.4, quiet=0.1)
    made.idle = True
    yield made
    clock.close()


@pytest.fixture
def frozen():
    """Return a reference to something frozen that nobody needs any more."""
    session = Session()
    gc.collect()
    gc.freeze()
    reference = weakref.ref(session)
    del session
    gc.collect()
    assert reference() is not None  # a collection alone does not free it
    return reference


def test_what_was_frozen_is_freed_after_its_reader_left(sweeper, frozen):
    sweeper.session_closed(0, release_sessions)
    until(lambda: frozen() is None)
    until(lambda: gc.get_freeze_count() > 100_000)


def test_sessions_are_let_go_before_the_collection(sweeper, frozen):
    held, seen = [Session()], []
    gc.freeze()
    reference = weakref.ref(held[0])
    sweeper.session_closed(0, lambda: seen.append(held.pop() is not None))
    until(lambda: reference() is None)
    assert seen == [True]


def test_nothing_is_collected_before_the_session_is_let_go(sweeper, frozen):
    sweeper.session_closed(0.3, release_sessions)
    time.sleep(0.1)
    assert frozen() is not None
    until(lambda: frozen() is None)


def test_nothing_is_collected_while_a_study_runs(sweeper, frozen):
    sweeper.idle = False
    sweeper.session_closed(0, release_sessions)
    time.sleep(0.3)
    assert frozen() is not None
    sweeper.idle = True
    until(lambda: frozen() is None)


def test_nothing_is_collected_shortly_after_a_press(sweeper, frozen):
    end = time.monotonic() + 0.4
    sweeper.session_closed(0, release_sessions)
    while time.monotonic() < end:
        sweeper.pressed()
        assert frozen() is not None
        time.sleep(0.02)
    until(lambda: frozen() is None)


@pytest.fixture
def passes(monkeypatch):
    """Note when a pass is made."""
    found = []
    monkeypatch.setattr(garbage, "after_drop", lambda: found.append(time.monotonic()))
    return found


def test_passes_are_rare_however_many_readers_leave(sweeper, passes):
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        sweeper.session_closed(0, release_sessions)
        time.sleep(0.01)
    until(lambda: len(passes) >= 2)
    assert all(later - earlier >= 0.4 for earlier, later in pairwise(passes))
    assert len(passes) <= 4


def test_a_session_let_go_after_a_pass_gets_one_of_its_own(sweeper, passes):
    sweeper.session_closed(0.05, release_sessions)
    sweeper.session_closed(0.6, release_sessions)
    until(lambda: len(passes) == 2)


def test_without_readers_who_left_nothing_is_collected(sweeper, passes):
    sweeper.pressed()
    time.sleep(0.3)
    assert passes == []


def test_the_engine_counts_submissions_as_presses(engine, passes):
    pressed = time.monotonic()
    engine.submit(FakeRequest(text="quick")).result(PATIENCE)
    engine.session_closed(0, release_sessions)
    until(lambda: passes)
    assert passes[0] - pressed >= 2


# The clock


def test_things_are_done_in_their_time_and_in_order():
    clock, done = Clock(), []
    for seconds in (0.2, 0.05, 0.1):
        clock.later(seconds, lambda seconds=seconds: done.append(seconds))
    until(lambda: len(done) == 3)
    assert done == [0.05, 0.1, 0.2]
    clock.close()


def test_what_is_cancelled_or_comes_after_the_end_is_not_done():
    clock, done = Clock(), []
    clock.later(0.05, lambda: done.append("cancelled")).cancel()
    clock.later(0.1, lambda: done.append("done"))
    until(lambda: done)
    clock.later(0.05, lambda: done.append("too late"))
    clock.close()
    time.sleep(0.2)
    assert done == ["done"]


def test_one_failure_does_not_stop_the_clock(caplog):
    clock, done = Clock(), []
    clock.later(0.01, lambda: 1 / 0)
    clock.later(0.05, lambda: done.append(True))
    until(lambda: done)
    assert "ZeroDivisionError" in caplog.text
    clock.close()
