"""Going on from a step with another token or another sampler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import streamlit as st

from backend.runs import Run
from backend.runs.branching import branch, branch_points
from backend.runs.trajectories import Plan, TrajectoryRequest, TrajectoryRun
from components import job, state
from components.plain import escape_markdown, numbered_label
from components.trajectories.rows import Row, ids_of, row_label
from components.trajectories.step_bars import Place
from components.trajectories.tree import Leaf

SLOT = "trajectories"
AS_DRAWN = "as drawn"
OWN = "the same sampler"
POINTS = 3
PAGE_CHANGED = "trajectories:page-changed"  # tells the view, a fragment, to run the page again
_QUEUE = "trajectories:branches-waiting"


class Brancher(Protocol):
    """What branching needs of ``backend.cached``."""

    def submit(self, request: TrajectoryRequest) -> job.Watchable: ...
    def keep_run(self, run: Run) -> str: ...
    def find_run(self, key: str) -> Run | None: ...
    def sampler_labels(self, plans: Sequence[Plan]) -> list[str]: ...


def branches_of(brancher: Brancher, root: str) -> list[TrajectoryRun]:
    """Return the branches of a run that are still in memory, oldest first."""
    found = [brancher.find_run(key) for key in st.session_state.get(_key(root), [])]
    return [each for each in found if isinstance(each, TrajectoryRun)]


def add_branch(root: str, key: str) -> None:
    """Remember a branch of a run."""
    known = st.session_state.get(_key(root), [])
    st.session_state[_key(root)] = [*(each for each in known if each != key), key]


def tree_leaves(
    run: TrajectoryRun, rows: Sequence[Row], branches: list[TrajectoryRun]
) -> list[Leaf]:
    """Return ``rows`` of a run and its branches as leaves of a tree."""
    own = [_leaf(run, row, row_label(run, row), ()) for row in rows]
    skip = len(run.request.prefix_ids)
    return own + [
        _leaf(each, Row(0, 0), f"{each.labels[0]} (branch)", each.request.prefix_ids[skip:])
        for each in branches
    ]


def _leaf(run: TrajectoryRun, row: Row, label: str, prefix: tuple[int, ...]) -> Leaf:
    ids = (*prefix, *ids_of(run, row))
    return Leaf(label, ids, tuple(run.token(each) for each in ids), run.request.origin is not None)


def branch_controls(
    brancher: Brancher, run: TrajectoryRun, place: Place, plans: Sequence[Plan]
) -> None:
    """Draw the controls: the token to put, the sampler to go on with, and the button."""
    st.markdown("**Go on from here**")
    ids = [each for each in run.raw_top_ids[place.index].tolist() if each >= 0]
    # Numbered, as Streamlit tells options apart by what they are called.
    names = {each: numbered_label(i, run.token(each), 20) for i, each in enumerate(ids, start=1)}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        token = st.selectbox(
            "Token",
            [None, *ids],
            format_func=lambda each: AS_DRAWN if each is None else names[each],
            key="trajectories:branch-token",
            width=150,
        )
        labels = [OWN, *brancher.sampler_labels(plans)]
        chosen = st.selectbox(
            "Sampler",
            range(len(labels)),
            format_func=lambda each: labels[each],
            key="trajectories:branch-sampler",
            width=180,
            help="The samplers are those of the cards above.",
        )
        st.button(
            "Branch",
            icon=":material/call_split:",
            key="trajectories:branch",
            on_click=_branch,
            args=(brancher, run, place, token, plans[chosen - 1] if chosen else None),
        )
        st.button(
            f"At the {POINTS} most uncertain",
            key="trajectories:branch-uncertain",
            help="Continues this row anew from where its entropy is highest (Tool-Light's rule), "
            "with other luck.",
            on_click=_branch_uncertain,
            args=(brancher, run, place),
        )


def _branch(
    brancher: Brancher, run: TrajectoryRun, place: Place, token: int | None, plan: Plan | None
) -> None:
    request = branch(
        run,
        root_key(brancher, run),
        place.row.sampler,
        place.row.seed,
        place.step,
        token=token,
        plan=plan,
        seeds=None if token is not None or plan is not None else (_fresh_seed(run),),
    )
    _start(brancher, [request])


def _branch_uncertain(brancher: Brancher, run: TrajectoryRun, place: Place) -> None:
    row = place.row
    key, seed = root_key(brancher, run), _fresh_seed(run)
    points = branch_points(run.entropy[row.sampler, row.seed], POINTS)
    _start(
        brancher,
        [branch(run, key, row.sampler, row.seed, each, seeds=(seed,)) for each in points],
    )


def _start(brancher: Brancher, requests: list[TrajectoryRequest]) -> None:
    """Start the first; the others follow one by one, each when the one before it is done."""
    if not requests:
        return
    st.session_state[_QUEUE] = requests[1:]
    st.session_state[PAGE_CHANGED] = True
    job.start(SLOT, lambda: brancher.submit(requests[0]))


def next_branch(brancher: Brancher) -> None:
    """Start the next of the branches that wait, if there is one."""
    if waiting := st.session_state.pop(_QUEUE, []):
        _start(brancher, waiting)


def branch_list(brancher: Brancher, root: str) -> None:
    """List the branches of a run with their texts."""
    for number, run in enumerate(branches_of(brancher, root)):
        origin = run.request.origin
        with st.container(border=True, gap="xsmall"):
            with st.container(horizontal=True, vertical_alignment="center"):
                place = f" from step {origin.step}" if origin else ""
                st.markdown(f"**{escape_markdown(run.labels[0])}**{place}", width="stretch")
                st.button(
                    "Open this branch",
                    key=f"trajectories:open-branch:{number}",
                    on_click=_open,
                    args=(run.request.key,),
                )
            st.text(run.texts[0][0])


def _open(key: str) -> None:
    state.show_run("trajectories", key)
    st.session_state[PAGE_CHANGED] = True


def root_key(brancher: Brancher, run: TrajectoryRun) -> str:
    """Return the key of the run on screen; an example is kept in memory to have one."""
    key = state.get(state.run_parameter("trajectories"))
    if key is not None:
        return key
    known = f"trajectories:key-of:{run.title}:{run.created}"
    if known not in st.session_state:
        st.session_state[known] = brancher.keep_run(run)
    return st.session_state[known]


def _fresh_seed(run: TrajectoryRun) -> int:
    count = st.session_state.get("trajectories:fresh", 0) + 1
    st.session_state["trajectories:fresh"] = count
    return max(run.request.seeds) + count


def _key(root: str) -> str:
    return f"trajectories:branches:{root}"
