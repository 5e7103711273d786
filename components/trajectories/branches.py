"""The branches of this session: which run each left, and the tree they make.

The session holds the runs themselves, as they are small and the engine forgets what was not asked
for lately. The address holds their keys, so that a reload finds again those the engine still has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import streamlit as st

from backend.runs import Run
from backend.runs.trajectories import TrajectoryRun

from .. import state
from ..example_picker import Example
from .rows import Row, ids_of, row_label, rows_of
from .tree import Leaf

MOST_BRANCHES = 60

_BRANCHES = "trajectories:branches"


class Keeper(Protocol):
    """Where runs and examples are kept: ``backend.cached``."""

    def put_run(self, run: Run) -> str: ...
    def find_run(self, key: str) -> Run | None: ...
    def example_names(self) -> Sequence[Example]: ...
    def example_run(self, name: str) -> Run: ...


@dataclass(frozen=True)
class Branch:
    """A branch in its tree.

    Attributes:
        number: its place, such as "2.1" for the first branch of the second.
        key: where its run is kept.
    """

    number: str
    key: str
    run: TrajectoryRun


@dataclass(frozen=True)
class Family:
    """A run with everything that was branched off it, and off its branches.

    Attributes:
        root: the earliest run still there; ``key`` is its key.
        shown: key of the run on screen.
        branches: each after the one it left.
    """

    key: str
    root: TrajectoryRun
    shown: str
    branches: list[Branch]

    @property
    def orphan(self) -> bool:
        """Whether the root is itself a branch of a run that is gone."""
        return self.root.request.origin is not None


def add_branch(keeper: Keeper, run: TrajectoryRun) -> None:
    """Remember a branch; over the limit the oldest is let go, with a notice."""
    known = {**_known(), keeper.put_run(run): run}
    if len(known) > MOST_BRANCHES:
        known.pop(next(iter(known)))
        state.notice(
            f"A session keeps {MOST_BRANCHES} branches; the oldest one was let go. Save those you "
            "want to keep."
        )
    _remember(known)


def find_again(keeper: Keeper) -> None:
    """Take over the branches the address names; say how many are gone."""
    known = _known()
    named = [each for each in (state.get("branches") or "").split(".") if each]
    missing = [each for each in named if each not in known]
    found = {each: keeper.find_run(each) for each in missing}
    here = {key: run for key, run in found.items() if isinstance(run, TrajectoryRun)}
    if not missing:
        return
    _remember({**known, **here})
    if lost := len(missing) - len(here):
        which = "One branch of this link is" if lost == 1 else f"{lost} branches of this link are"
        state.show_notice(
            f"{which} no longer in memory. What was saved to the library is still there; the "
            "others can be branched again."
        )


def open_branch(keeper: Keeper, branch: Branch) -> None:
    """Show a branch in place of the run on screen."""
    state.show_run("trajectories", keeper.put_run(branch.run))


def open_root(keeper: Keeper, family: Family) -> None:
    """Show the run it all began with: as the example it is, if it is one."""
    for each in keeper.example_names():
        same = (each.kind, each.title) == (family.root.kind, family.root.title)
        if same and keeper.put_run(keeper.example_run(each.name)) == family.key:
            state.show_example(family.root.kind, each.name)
            return
    state.show_run(family.root.kind, family.key)


def root_key(keeper: Keeper, run: TrajectoryRun) -> str:
    """Return the key of the run on screen; an example is kept in memory to have one."""
    key = state.get(state.run_parameter("trajectories"))
    if key is not None:
        return key
    known = f"trajectories:key-of:{run.title}:{run.created}"
    if known not in st.session_state:
        st.session_state[known] = keeper.put_run(run)
    return st.session_state[known]


def family_of(keeper: Keeper, run: TrajectoryRun) -> Family:
    """Return the whole tree that the run on screen stands in."""
    key = shown = root_key(keeper, run)
    known = _known()
    line = {}  # what leads up to the root, which may come from elsewhere than this session
    while run.request.origin is not None and key not in line:
        line[key] = run
        before = known.get(run.request.origin.run) or keeper.find_run(run.request.origin.run)
        if not isinstance(before, TrajectoryRun):
            break
        key, run = run.request.origin.run, before
    return Family(key, run, shown, list(_after(key, {**known, **line})))


def leaves_of(family: Family, rows: list[Row]) -> list[Leaf]:
    """Return the tree's texts: rows of the root, then the branches; that on screen is marked.

    Args:
        family: the tree.
        rows: of the root that are shown. While a branch is on screen, the root's rows of those
            seeds stand there that were branched.
    """
    root = family.root
    if family.shown != family.key:
        origins = [each.run.request.origin for each in family.branches if "." not in each.number]
        seeds = {each.seed for each in origins if each is not None}
        rows = [each for each in rows_of(root, None) if each.seed in seeds]
    skip = len(root.request.prefix_ids)
    found = [_leaf(root, each, row_label(root, each), ()) for each in rows]
    for each in family.branches:
        label = f"{each.number} · {each.run.labels[0]}"
        label += " (on screen)" if each.key == family.shown else ""
        found.append(_leaf(each.run, Row(0, 0), label, each.run.request.prefix_ids[skip:]))
    return found


def _leaf(run: TrajectoryRun, row: Row, label: str, prefix: tuple[int, ...]) -> Leaf:
    ids = (*prefix, *ids_of(run, row))
    return Leaf(label, ids, tuple(map(run.token, ids)), run.request.origin is not None)


def _after(key: str, known: Mapping[str, TrajectoryRun], number: str = "") -> Iterator[Branch]:
    """Yield what was branched off a run, each followed by its own branches."""
    children = [
        (each, run)
        for each, run in known.items()
        if run.request.origin is not None and run.request.origin.run == key != each
    ]
    rest = {each: run for each, run in known.items() if each not in dict(children)}
    for place, (each, run) in enumerate(children, start=1):
        name = f"{number}.{place}" if number else str(place)
        yield Branch(name, each, run)
        yield from _after(each, rest, name)


def _known() -> dict[str, TrajectoryRun]:
    return st.session_state.get(_BRANCHES, {})


def _remember(known: dict[str, TrajectoryRun]) -> None:
    st.session_state[_BRANCHES] = known
    state.put(branches=".".join(known) or None)
