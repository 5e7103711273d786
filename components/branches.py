"""Branches of trajectories: going on from a step with another token, sampler, or other luck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from backend.derived.branching import branch, branch_points
from backend.errors import InputError
from backend.lenses import LENSES
from backend.runs.trajectories import Plan, SamplerSpec, TrajectoryRequest, TrajectoryRun

from . import checks, session
from .actions import action, branch_next, open_run
from .reading import Reading
from .source import Source

MOST_PLACES = 10
GONE = (
    "no longer in memory. What was saved to the library is still there; the others can be branched "
    "again."
)


@action("branch")
def branch_off(source: Source, said: Mapping[str, Any]) -> None:
    """Go on from a step of a row, or from its most uncertain ones.

    ``said`` has ``content``, ``row`` = sampler × seeds + seed and ``step`` of a run of the reading.
    With ``places`` as many branches begin where the row is most uncertain, with other luck. Else
    one begins at the step: with ``token`` in its place, with the sampler ``plan`` (null: its own),
    with other luck if ``fresh``, for ``steps`` (null: as many as the run has left).
    """
    made = session.reading(source, LENSES["trajectories"])
    run = _run(source, made, str(said.get("content")))
    try:
        sampler, seed = divmod(int(said["row"]), len(run.request.seeds))
        step = int(said.get("step", 0))
        places = said.get("places")
        if places is not None:
            requests = _uncertain(run, made, sampler, seed, min(int(places), MOST_PLACES))
        else:
            requests = [_one(run, made, sampler, seed, step, said)]
    except InputError:  # a ValueError too
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("This branch cannot be made: what it asks for cannot be read.") from error
    session.current().waiting = [replace(each, model=run.request.model) for each in requests]
    branch_next(source)


def _run(source: Source, made: Reading, content: str) -> TrajectoryRun:
    own = (made.contents.get("trajectories"), *made.branches)
    run = source.run_of(content) if content in own else None
    if not isinstance(run, TrajectoryRun):
        raise InputError("The run of this row is not here any longer. Run it again.")
    return run


def _one(
    run: TrajectoryRun, made: Reading, sampler: int, seed: int, step: int, said: Mapping[str, Any]
) -> TrajectoryRequest:
    token, plan, steps = said.get("token"), said.get("plan"), said.get("steps")
    return branch(
        run,
        run.request.key,
        sampler,
        seed,
        step,
        token=None if token is None else int(token),
        plan=None if plan is None else _plan(plan),
        seeds=(_fresh_seed(run, made),) if said.get("fresh") else None,
        steps=None if steps is None else int(steps),
    )


def _uncertain(
    run: TrajectoryRun, made: Reading, sampler: int, seed: int, count: int
) -> list[TrajectoryRequest]:
    """Return branches at the most uncertain places of a row, and say if there are fewer."""
    points = branch_points(run.entropy[sampler, seed], count)
    length = int(run.lengths[sampler, seed])
    if not points:
        raise InputError(
            "This text is too short: no step after the first is there to branch at. Decode more "
            "steps, or go on from a step of your choice."
        )
    if len(points) < count:
        session.notice(
            "info",
            f"{len(points)} of {count}: this text of {length} steps has no more places, as they "
            "lie about ten steps apart.",
        )
    fresh = (_fresh_seed(run, made),)
    return [branch(run, run.request.key, sampler, seed, each, seeds=fresh) for each in points]


def _fresh_seed(run: TrajectoryRun, made: Reading) -> int:
    """Return a seed that neither the run nor a branch has used."""
    return max(run.request.seeds) + 1 + len(made.branches)


def _plan(chain: Any) -> Plan:
    return tuple(SamplerSpec(str(each["name"]), dict(each["parameters"])) for each in chain)


@action("open_branched")
def open_branched(source: Source, said: Mapping[str, Any]) -> None:
    """Show a run by its key, or an example, with the branches that ``branches`` names."""
    open_run(source, said)
    find_again(source, {"branches": str(said.get("branches", ""))})


def find_again(source: Source, said: Mapping[str, str]) -> None:
    """Take over the branches that an address names; say how many are gone."""
    if "branches" not in said:
        return
    try:
        keys = [each for each in checks.run_keys(said["branches"]).split(".") if each]
    except ValueError as error:
        session.notice("info", f"Ignored 'branches' of the link: {error}.")
        return
    found = {each: source.find_run(each) for each in keys}
    here = [source.put_run(each) for each in found.values() if isinstance(each, TrajectoryRun)]
    made = session.reading(source, LENSES["trajectories"])
    session.show(replace(made, branches=tuple(here)))
    if lost := len(keys) - len(here):
        which = "One branch of this link is" if lost == 1 else f"{lost} branches of this link are"
        session.notice("info", f"{which} {GONE}")
