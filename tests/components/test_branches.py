"""Branches of a prompt: what is asked of the engine, and what becomes of the reading."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from backend.errors import InputError
from backend.lenses import LENSES
from backend.runs.trajectories import SamplerSpec, TrajectoryRun
from components import session
from components.actions import ACTIONS
from components.branches import find_again
from components.reading import reading_of
from tests.runs.makers import trajectory_run

LENS = LENSES["trajectories"]


class FakeSource:
    """An engine that notes what it is asked for; runs are put into memory by hand."""

    def __init__(self) -> None:
        self.runs: dict[str, TrajectoryRun] = {}
        self.asked: list = []
        self.contents: dict[str, dict[str, str]] = {}

    def submit(self, request):
        self.asked.append(request)
        return SimpleNamespace(id=f"{len(self.asked):032x}")

    def alone(self):
        return True

    def handle(self, key):
        return key

    def put_run(self, run):
        content = f"content{len(self.runs)}"
        self.runs[content] = run
        return content

    def run_of(self, content):
        return self.runs.get(content)

    def find_run(self, key):
        return next((run for run in self.runs.values() if run.request.key == key), None)

    def content_of(self, key):
        return None

    def estimate_seconds(self, request):
        return None

    def job_contents(self, job_id):
        return self.contents.get(job_id)


@pytest.fixture
def source():
    return FakeSource()


@pytest.fixture
def state(monkeypatch, source):
    """The session of a reader who looks at a run of two samplers and two seeds."""
    found = session.Session()
    monkeypatch.setattr(session, "current", lambda: found)
    run = trajectory_run()
    session.show(reading_of(run, source.put_run(run), {"example": "x"}))
    return found


def branch(source, **said):
    ACTIONS["branch"](source, {"content": "content0", "row": 0, "step": 2, **said})


def finish(source, run):
    """Let the job under way bring a run."""
    job = session.job()["id"]
    source.contents[job] = {"trajectories": source.put_run(run)}
    ACTIONS["arrived"](source, {"job": job})


def reading():
    return session.current().readings["prompt"]


def test_a_branch_goes_on_with_another_token_from_its_step(state, source):
    run = source.runs["content0"]
    branch(source, row=1, token=7)
    (request,) = source.asked
    assert request.prefix_ids == (*run.token_ids[0, 1, :2].tolist(), 7)
    assert (request.origin.run, request.origin.sampler) == (run.request.key, 0)
    assert (request.origin.seed, request.origin.step) == (1, 2)
    assert request.samplers == (run.request.samplers[0],)
    assert request.seeds == (1,)
    assert request.steps == 2  # 5 steps less the 2 it shares and the chosen one


def test_a_branch_may_go_on_with_another_sampler_other_luck_and_more_steps(state, source):
    plan = [{"name": "top_k", "parameters": {"k": 3}}]
    branch(source, plan=plan, fresh=True, steps=40)
    (request,) = source.asked
    assert request.samplers == ((SamplerSpec("top_k", {"k": 3}),),)
    assert request.seeds == (2,)  # those of the run are 0 and 1
    assert request.steps == 40


def test_a_branch_stays_with_the_model_of_its_run(state, source):
    state.model = replace(state.model, source="another")
    branch(source, token=7)
    assert source.asked[0].model == source.runs["content0"].request.model


def test_what_a_branch_brings_joins_the_reading_it_was_asked_from(state, source):
    branch(source, token=7)
    assert session.job()["branch"]
    finish(source, trajectory_run(("greedy",), seeds=(0,)))
    assert reading().branches == ("content1",)
    assert reading().contents == {"trajectories": "content0"}
    assert session.job() is None


def test_a_branch_of_a_branch_is_asked_from_that(state, source):
    branch(source, token=7)
    finish(source, trajectory_run(("greedy",), seeds=(0,)))
    branch(source, content="content1", row=0, step=1, token=9)
    assert source.asked[1].origin.run == source.runs["content1"].request.key


def test_branches_at_uncertain_places_follow_each_other(state, source):
    entropy = np.zeros((2, 2, 30), np.float32)
    entropy[0, 0] = np.linspace(3, 0, 30)
    run = trajectory_run()
    lengths = np.full((2, 2), 30, np.int32)
    ids = np.zeros((2, 2, 30), np.int32)
    long = SimpleNamespace(
        entropy=entropy, lengths=lengths, token_ids=ids, request=replace(run.request, steps=30)
    )
    source.runs["content0"] = _as_run(run, long)
    branch(source, places=2)
    assert len(source.asked) == 1
    assert len(state.waiting) == 1
    finish(source, trajectory_run(("greedy",), seeds=(0,)))
    assert len(source.asked) == 2
    assert state.waiting == []
    assert {each.seeds for each in source.asked} == {(2,)}


def _as_run(run, long):
    """Return a run that is as long as ``long`` says where branching looks."""
    made = object.__new__(type(run))
    made.__dict__.update({**vars(run), **vars(long)})
    return made


def test_fewer_places_than_asked_for_are_said(state, source):
    branch(source, places=2)  # five steps have one place
    assert any("1 of 2: this text of 5 steps" in each["text"] for each in state.notices)
    assert len(source.asked) == 1


def test_a_text_of_one_step_has_no_place_to_branch(state, source):
    run = source.runs["content0"]
    source.runs["content0"] = replace(
        run, entropy=run.entropy * np.where(np.arange(5) < 1, 1, np.nan)
    )
    with pytest.raises(InputError, match="too short"):
        branch(source, places=2)


@pytest.mark.parametrize("ending", ["ended", "stopped"])
def test_a_stop_drops_the_branches_that_wait(state, source, ending):
    branch(source, token=7)
    state.waiting = [source.asked[0]]
    ACTIONS[ending](source, {"job": session.job()["id"], "content": "partial"})
    assert state.waiting == []
    assert session.job() is None


def test_what_a_stopped_job_had_made_is_kept(state, source):
    branch(source, token=7)
    source.runs["partial"] = trajectory_run(("greedy",), seeds=(0,))
    ACTIONS["stopped"](source, {"job": session.job()["id"], "content": "partial"})
    assert len(reading().branches) == 1
    assert reading().branches != ("partial",)


@pytest.mark.parametrize(
    "said",
    [{"row": "x"}, {"row": 99}, {"step": 99}, {"token": "x"}, {"plan": [{}]}, {"places": "many"}],
)
def test_a_branch_that_makes_no_sense_is_refused(state, source, said):
    with pytest.raises(InputError):
        branch(source, **said)
    assert source.asked == []


def test_a_run_that_is_no_part_of_the_reading_is_not_branched(state, source):
    source.runs["elsewhere"] = trajectory_run()
    with pytest.raises(InputError, match="not here"):
        branch(source, content="elsewhere", token=7)


def test_the_oldest_branch_goes_when_there_are_too_many(state, source):
    session.show(replace(reading(), branches=tuple(f"b{each}" for each in range(60))))
    branch(source, token=7)
    finish(source, trajectory_run(("greedy",), seeds=(0,)))
    assert len(reading().branches) == 60
    assert "b0" not in reading().branches
    assert any("oldest one was let go" in each["text"] for each in state.notices)


def test_a_link_finds_its_branches_again_and_says_which_are_gone(state, source):
    run = trajectory_run(("greedy",), seeds=(0,))
    source.runs["made"] = run
    find_again(source, {"branches": f"{run.request.key}.{'0' * 16}"})
    (content,) = reading().branches
    assert source.runs[content] is run
    assert any("One branch of this link is no longer" in each["text"] for each in state.notices)


def test_a_link_with_nonsense_for_branches_is_said_to_be_ignored(state, source):
    find_again(source, {"branches": "../../etc"})
    assert any("Ignored 'branches'" in each["text"] for each in state.notices)
