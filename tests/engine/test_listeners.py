"""Who waits for a job is told, without polling, on any event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

import numpy as np

from backend.engine import Timeouts
from backend.errors import InputError
from backend.events import Cancelled, Closing, Done, Failed, Partial, Progressed, Unknown
from backend.progress import Progress
from backend.runs import ModelSpec
from tests.engine.fakes import PATIENCE, FakeRequest
from tests.loops import run_loop

SOON = Timeouts(first_listener=0.2, next_listener=0.1, sign_of_life=PATIENCE)
LONG = 1.5  # seconds: much more than SOON


async def heard(engine, job_id, until=None):
    """Return what a listener hears, to the end or to the first event of a type."""
    events = []
    async with aclosing(engine.listen(job_id)) as listening:
        async for event in listening:
            events.append(event)
            if event.type == until:
                break
    return events


def all_heard(engine, job_id):
    return run_loop(asyncio.wait_for(heard(engine, job_id), PATIENCE))


def begun(engine, study, **fields):
    job = engine.submit(FakeRequest(text="slow"), **fields)
    assert study.started.get(timeout=PATIENCE) == "slow"
    return job


def ended_within(job, seconds):
    return job.wait(seconds)


class Tellable:
    """What a study can show before it is done."""

    def __init__(self, run):
        self._run = run
        self.made = 0

    def run(self):
        self.made += 1
        return self._run


# What is told


def test_progress_is_told_and_then_the_content_of_the_run(engine, study):
    job = begun(engine, study)

    async def listen():
        listening = asyncio.create_task(heard(engine, job.id))
        await asyncio.sleep(0.05)
        study.step(2)
        return await asyncio.wait_for(listening, PATIENCE)

    *before, last = run_loop(listen())
    assert {type(each) for each in before} == {Progressed}
    assert before[0] == Progressed(0, 2, "Step 0", before[0].seconds_left)
    assert last == Done({"fake": engine.content_of(job.key)})


def test_what_is_told_can_be_written_as_json():
    assert Progressed(1, 2, "Step 1", 0.5).plain() == {
        "type": "progress", "done": 1, "total": 2, "message": "Step 1", "seconds_left": 0.5,
    }  # fmt: skip
    assert Done({"text": "ab"}).plain() == {"type": "done", "contents": {"text": "ab"}}
    assert Unknown().plain() == {"type": "unknown"}


def test_whoever_comes_late_is_told_the_last_progress_first_and_then_the_end(engine, study):
    job = begun(engine, study)
    study.step(2)
    job.result(PATIENCE)
    done = Done({"fake": engine.content_of(job.key)})
    assert all_heard(engine, job.id) == [Progressed(2, 2, "Done", None), done]
    assert all_heard(engine, job.id)[-1] == done  # and again


def test_whoever_comes_back_misses_nothing(engine, study):
    job = begun(engine, study)
    run_loop(heard(engine, job.id, until="progress"))
    study.step(1)
    while job.progress.done == 0:
        time.sleep(0.01)
    again = run_loop(heard(engine, job.id, until="progress"))
    assert again[0].done == 1


def test_an_answer_from_memory_is_told_at_once(engine):
    first = engine.submit(FakeRequest(text="quick"))
    first.result(PATIENCE)
    again = engine.submit(FakeRequest(text="quick"))
    assert again.id != first.id
    assert all_heard(engine, again.id)[-1] == Done(first.contents)


def test_a_refusal_is_told_in_words(engine, study):
    study.failure = InputError("Write at least one token.")
    job = engine.submit(FakeRequest(text="quick"))
    assert all_heard(engine, job.id)[-1] == Failed("Write at least one token.")


def test_a_stop_is_told(engine, study):
    job = begun(engine, study)
    assert engine.stop(job.id)
    assert all_heard(engine, job.id)[-1] == Cancelled()
    assert not engine.stop(job.id)


def test_a_job_that_nobody_knows_is_told_so(engine):
    assert all_heard(engine, "0" * 32) == [Unknown()]


def test_those_who_listen_are_told_that_the_server_goes_down(engine, study):
    job = begun(engine, study)

    async def listen():
        listening = asyncio.create_task(heard(engine, job.id))
        await asyncio.sleep(0.05)
        engine.announce_shutdown()
        return await asyncio.wait_for(listening, PATIENCE)

    assert run_loop(listen())[-1] == Closing()
    assert all_heard(engine, "0" * 32) == [Closing()]


def test_a_sign_of_life_comes_when_nothing_happens(make_engine, study):
    engine = make_engine(timeouts=Timeouts(sign_of_life=0.05))
    job = begun(engine, study)
    events = run_loop(heard(engine, job.id, until="alive"))
    assert [each.type for each in events] == ["progress", "alive"]


def test_an_array_of_a_call_is_told_by_its_content(engine):
    job = engine.call(ModelSpec(), zeros, name="pattern")
    assert list(all_heard(engine, job.id)[-1].contents) == ["pattern"]


def zeros(model, *, report):
    return np.zeros((2, 2), np.float32)


# Partial results


def test_a_partial_result_has_a_name_of_its_own_and_is_made_only_for_those_who_fetch_it(
    engine, study
):
    shown = Tellable(engine.submit(FakeRequest(text="quick")).result(PATIENCE))
    assert study.started.get(timeout=PATIENCE) == "quick"
    study.partial = shown
    job = begun(engine, study)

    partial = run_loop(heard(engine, job.id, until="partial"))[-1]
    assert isinstance(partial, Partial)
    assert shown.made == 0
    assert engine.partial(partial.content) is shown._run
    assert engine.partial(partial.content) is shown._run
    assert shown.made == 1
    assert engine.find(job.key) is None  # it answers no request
    assert engine.find(partial.content) is None


def test_partial_results_are_named_only_while_somebody_listens(engine, study):
    study.partial = Tellable(None)
    job = begun(engine, study)
    study.step(2)
    job.result(PATIENCE)
    assert job.task.partial is None
    assert [each.type for each in all_heard(engine, job.id)] == ["progress", "done"]


def test_whoever_comes_between_two_reports_is_told_the_partial_result_there_is(engine, study):
    study.partial = Tellable(None)
    job = begun(engine, study)
    events = run_loop(heard(engine, job.id, until="partial"))
    assert [each.type for each in events] == ["progress", "partial"]


def test_what_was_there_when_a_job_was_stopped_can_still_be_fetched(engine, study):
    study.partial = Tellable("a run")
    job = begun(engine, study)

    async def listen():
        listening = asyncio.create_task(heard(engine, job.id))
        await asyncio.sleep(0.05)
        study.step(1)
        while job.progress.done == 0:
            await asyncio.sleep(0.01)
        job.cancel()
        return await asyncio.wait_for(listening, PATIENCE)

    cancelled = run_loop(listen())[-1]
    assert isinstance(cancelled, Cancelled)
    assert engine.partial(cancelled.content) == "a run"
    study.partial = None
    study.step(1)


# How long a job is kept for its listeners


def test_a_job_that_nobody_ever_listens_to_is_given_up(make_engine, study):
    job = begun(make_engine(timeouts=SOON), study)
    assert ended_within(job, PATIENCE)
    assert job.state == "cancelled"
    study.step(1)


def test_a_job_is_given_up_when_its_last_listener_has_left(make_engine, study):
    engine = make_engine(timeouts=Timeouts(first_listener=PATIENCE, next_listener=0.1))
    job = begun(engine, study)
    assert run_loop(heard(engine, job.id, until="progress"))
    assert ended_within(job, PATIENCE)
    assert job.state == "cancelled"
    study.step(1)


def test_a_job_stays_while_somebody_listens_and_when_one_of_two_leaves(make_engine, study):
    engine = make_engine(timeouts=SOON)
    job = begun(engine, study)

    async def listen():
        staying = asyncio.create_task(heard(engine, job.id))
        await heard(engine, job.id, until="progress")
        await asyncio.sleep(LONG / 2)
        study.step(2)
        return await asyncio.wait_for(staying, PATIENCE)

    assert run_loop(listen())[-1].type == "done"


def test_a_reload_in_time_keeps_the_job(make_engine, study):
    engine = make_engine(timeouts=Timeouts(first_listener=0.5, next_listener=0.5))
    job = begun(engine, study)

    async def reload():
        for _ in range(3):
            await heard(engine, job.id, until="progress")
            await asyncio.sleep(0.2)
        listening = asyncio.create_task(heard(engine, job.id))
        await asyncio.sleep(0.05)
        study.step(2)
        return await asyncio.wait_for(listening, PATIENCE)

    assert run_loop(reload())[-1].type == "done"


def test_a_job_asked_to_stay_needs_no_listener(make_engine, study):
    job = begun(make_engine(timeouts=SOON), study, stay=True)
    assert not ended_within(job, LONG / 2)
    study.step(2)
    assert job.result(PATIENCE)


def test_a_finished_job_is_not_given_up(make_engine):
    engine = make_engine(timeouts=Timeouts(first_listener=0.05, next_listener=0.05))
    job = engine.submit(FakeRequest(text="quick"))
    job.result(PATIENCE)
    time.sleep(0.2)
    assert all_heard(engine, job.id)[-1].type == "done"


def test_two_readers_of_one_study_have_jobs_of_their_own_and_it_ends_when_both_left(
    make_engine, study
):
    engine = make_engine(timeouts=Timeouts(first_listener=PATIENCE, next_listener=0.1))
    one = begun(engine, study)
    two = engine.submit(FakeRequest(text="slow"))
    assert one.id != two.id
    engine.stop(one.id)
    assert one.state == "cancelled"
    assert two.state == "running"
    run_loop(heard(engine, two.id, until="progress"))  # and leaves
    assert ended_within(two, PATIENCE)
    study.step(1)
    after = engine.submit(FakeRequest(text="quick"))
    assert after.result(PATIENCE)
    assert engine.find(one.key) is None


# Many loops, many listeners, slow ones and ones that go


def test_two_event_loops_hear_of_one_job(engine, study):
    job = begun(engine, study)
    with ThreadPoolExecutor(2) as pool:
        loops = [pool.submit(all_heard, engine, job.id) for _ in range(2)]
        while len(job.mailboxes) < 2:
            time.sleep(0.01)
        study.step(2)
        assert [each.result(PATIENCE)[-1].type for each in loops] == ["done", "done"]


def test_two_hundred_listeners_all_hear_the_end(engine, study):
    job = begun(engine, study)

    async def listen():
        listening = [asyncio.create_task(heard(engine, job.id)) for _ in range(200)]
        await asyncio.sleep(0.1)
        study.step(2)
        return await asyncio.wait_for(asyncio.gather(*listening), PATIENCE)

    assert Counter(events[-1].type for events in run_loop(listen())) == {"done": 200}


def test_a_slow_reader_holds_nobody_up_and_hears_the_newest(engine):
    def busy(model, *, report):
        for done in range(1000):
            report(Progress(done, 1000, f"Step {done}"))
        return None

    async def listen():
        job = engine.call(ModelSpec(), busy, stay=True)
        events = []
        async with aclosing(engine.listen(job.id)) as listening:
            async for event in listening:
                events.append(event)
                time.sleep(0.2)  # the whole loop is busy with something else
        return job, events

    job, events = run_loop(listen())
    assert job.finished
    assert len(events) <= 4
    assert [events[-2].done, events[-1].type] == [999, "done"]


def test_a_listener_whose_loop_is_gone_harms_nobody(engine, study):
    job = begun(engine, study)
    listening = engine.listen(job.id)

    def listen_and_go():
        loop = asyncio.new_event_loop()
        loop.run_until_complete(anext(listening))
        loop.close()

    visitor = threading.Thread(target=listen_and_go)
    visitor.start()
    visitor.join()
    study.step(2)
    assert job.result(PATIENCE)
    assert all_heard(engine, job.id)[-1].type == "done"


def test_listeners_come_and_go_while_a_job_reports(engine, study):
    job = begun(engine, study, stay=True)
    stop = threading.Event()

    def come_and_go():
        rounds = 0
        while not stop.is_set():
            run_loop(asyncio.wait_for(heard(engine, job.id, until="progress"), PATIENCE))
            rounds += 1
        return rounds

    with ThreadPoolExecutor(4) as pool:
        visitors = [pool.submit(come_and_go) for _ in range(4)]
        time.sleep(0.5)
        study.step(2)
        assert job.result(PATIENCE)
        stop.set()
        assert all(each.result(PATIENCE) > 0 for each in visitors)
    assert job.mailboxes == []
