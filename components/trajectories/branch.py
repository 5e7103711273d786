"""Going on from a step with another token, another sampler, more steps, or other luck."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import streamlit as st

from backend.derived.branching import branch, branch_points
from backend.runs.trajectories import Plan, TrajectoryRequest, TrajectoryRun

from .. import job
from ..plain import numbered_label
from .branches import Keeper, root_key
from .options import MOST_STEPS
from .rows import length_of
from .step_data import Place

SLOT = "trajectories"
IN_PLACE, AFTER = "in its place", "after it"
AS_DRAWN = "as drawn"
OWN = "the same sampler"
MOST_POINTS = 10
PAGE_CHANGED = "trajectories:page-changed"  # tells the view, a fragment, to run the page again

_QUEUE = "trajectories:branches-waiting"
_NOTE = "trajectories:branch-note"


class Brancher(Keeper, Protocol):
    """What branching needs of ``backend.cached``."""

    def submit(self, request: TrajectoryRequest, *, stay: bool) -> job.Watchable: ...
    def sampler_labels(self, plans: Sequence[Plan]) -> list[str]: ...


def branch_controls(
    brancher: Brancher, run: TrajectoryRun, place: Place, plans: Sequence[Plan]
) -> None:
    """Draw the controls: where, which token, which sampler, how far, and the button."""
    st.markdown("**Go on from here**")
    last = place.step == length_of(run, place.row) - 1
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        after = _where(place, last=last) == AFTER
        token = None if after else _token(run, place)
        labels = [OWN, *brancher.sampler_labels(plans)]
        chosen = st.selectbox(
            "Sampler",
            range(len(labels)),
            format_func=lambda each: labels[each],
            key="trajectories:branch-sampler",
            width=180,
            help="The samplers are those of the cards above.",
        )
        plan = plans[chosen - 1] if chosen else None
        steps = _steps(run, place, after=after)
        st.button(
            "Branch",
            icon=":material/call_split:",
            key="trajectories:branch",
            on_click=_branch,
            args=(brancher, run, place, after, token, plan, steps),
        )
    _uncertain(brancher, run, place)


def _where(place: Place, *, last: bool) -> str:
    """Ask on which side of the token to go on; after the last one, the text grows longer."""
    key = f"trajectories:branch-where:{place.index}"
    st.session_state.setdefault(key, AFTER if last else IN_PLACE)
    chosen = st.segmented_control(
        "Go on",
        [IN_PLACE, AFTER],
        required=True,
        key=key,
        help="In its place: another token stands here, or the same drawn anew. After it: this "
        "token stays; after the last one, that makes the text longer.",
    )
    return chosen or IN_PLACE


def _token(run: TrajectoryRun, place: Place) -> int | None:
    ids = [each for each in run.raw_top_ids[place.index].tolist() if each >= 0]
    # Numbered, as Streamlit tells options apart by what they are called.
    names = {each: numbered_label(i, run.token(each), 20) for i, each in enumerate(ids, start=1)}
    return st.selectbox(
        "Token",
        [None, *ids],
        format_func=lambda each: AS_DRAWN if each is None else names[each],
        key="trajectories:branch-token",
        width=150,
    )


def _steps(run: TrajectoryRun, place: Place, *, after: bool) -> int:
    """Ask how many steps to decode; at first as many as the run has left, or all over again."""
    left = run.request.steps - place.step - after
    key = f"trajectories:branch-steps:{place.index}:{after}"
    st.session_state.setdefault(key, min(max(left, 1) if left else run.request.steps, MOST_STEPS))
    return int(st.number_input("Steps", 1, MOST_STEPS, key=key, width=110))


def _uncertain(brancher: Brancher, run: TrajectoryRun, place: Place) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.session_state.setdefault("trajectories:branch-count", 3)
        count = st.number_input(
            "Places", 1, MOST_POINTS, key="trajectories:branch-count", width=110,
            persist_state="session",
        )  # fmt: skip
        st.button(
            f"Branch at the {count} most uncertain",
            key="trajectories:branch-uncertain",
            help="Continues this row anew from where its entropy is highest (Tool-Light's rule), "
            "with other luck, one branch after the other.",
            on_click=_branch_uncertain,
            args=(brancher, run, place, int(count)),
        )
    where, note = st.session_state.get(_NOTE, (None, ""))
    if where == place:
        st.info(note, icon=":material/info:")


def _branch(
    brancher: Brancher,
    run: TrajectoryRun,
    place: Place,
    after: bool,
    token: int | None,
    plan: Plan | None,
    steps: int,
) -> None:
    row, step = place.row, place.step + after
    # Beyond the end the row's own luck is new; before it, it would write the same text again.
    own_luck = token is not None or plan is not None or step == length_of(run, row)
    request = branch(
        run,
        root_key(brancher, run),
        row.sampler,
        row.seed,
        step,
        token=token,
        plan=plan,
        seeds=None if own_luck else (_fresh_seed(run),),
        steps=steps,
    )
    _start(brancher, [request])


def _branch_uncertain(brancher: Brancher, run: TrajectoryRun, place: Place, count: int) -> None:
    row = place.row
    st.session_state.pop(_NOTE, None)
    points = branch_points(run.entropy[row.sampler, row.seed], count)
    if not points:
        st.session_state[_NOTE] = (
            place,
            (
                "This text is too short: no step after the first is there to branch at. Decode "
                "more steps, or go on from a step of your choice."
            ),
        )
        return
    if len(points) < count:
        st.session_state[_NOTE] = (
            place,
            (
                f"{len(points)} of {count}: this text of {length_of(run, row)} steps has no more "
                "places, as they lie about ten steps apart."
            ),
        )
    key, seed = root_key(brancher, run), _fresh_seed(run)
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
    job.start(SLOT, lambda: brancher.submit(requests[0], stay=True))


def next_branch(brancher: Brancher) -> None:
    """Start the next of the branches that wait, if there is one."""
    if waiting := st.session_state.pop(_QUEUE, []):
        _start(brancher, waiting)


def drop_waiting() -> None:
    """Forget the branches that wait: the reader stopped."""
    st.session_state.pop(_QUEUE, None)


def _fresh_seed(run: TrajectoryRun) -> int:
    count = st.session_state.get("trajectories:fresh", 0) + 1
    st.session_state["trajectories:fresh"] = count
    return max(run.request.seeds) + count
