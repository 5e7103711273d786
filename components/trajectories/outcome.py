"""From a decoding job to the run on screen, also when the reader stopped it."""

from __future__ import annotations

from typing import Any, Protocol

import streamlit as st

from backend.errors import EntroscopeError
from backend.runs.trajectories import TrajectoryRequest, TrajectoryRun

from .. import job, state
from .branch import SLOT, Brancher, drop_waiting, next_branch
from .branches import add_branch
from .cards import MOST, Catalogue, any_cards, put_plans
from .choices import TAB
from .form import NOT_ADOPTED
from .live import live_texts
from .options import adopt

_ADOPTED = "trajectories:adopted"


class Spelling(Protocol):
    """What taking over a run needs of ``backend.cached``."""

    def written_out(self, request: TrajectoryRequest) -> TrajectoryRequest: ...


def watch_decoding(brancher: Brancher) -> None:
    """Show the texts while they are written, and what becomes of them."""

    def done(key: str, run: TrajectoryRun) -> None:
        if run.request.origin is None:
            state.show_run("trajectories", key)
            return
        add_branch(brancher, run)
        TAB.put("tree")
        next_branch(brancher)

    def stopped(partial: Any) -> str:
        drop_waiting()
        run = partial.run()
        done(brancher.put_run(run), run)
        return f"Stopped after {partial.steps} steps; what was decoded until then is kept."

    job.watch(SLOT, done, live_texts, stopped)


def adopt_run(spelling: Spelling, run: TrajectoryRun, catalogue: Catalogue) -> None:
    """Put samplers and options of a run that is new on screen into the form.

    A branch leaves the form as it is: it has one sampler only, and the reader goes on with those
    of the run it came from.
    """
    key = state.get(state.run_parameter("trajectories")) or f"{run.title}:{run.created}"
    if st.session_state.get(_ADOPTED) == key:
        return
    st.session_state[_ADOPTED] = key
    st.session_state[NOT_ADOPTED] = []
    if run.request.origin is not None and any_cards():
        return
    try:
        request = spelling.written_out(run.request)
    except EntroscopeError as error:
        st.session_state[NOT_ADOPTED] = [f"this run: {error}"]
        return
    put_plans(request.samplers, catalogue)
    lost = adopt(request)
    if len(request.samplers) > MOST:
        lost.append(f"its {len(request.samplers)} samplers ({MOST} at most)")
    st.session_state[NOT_ADOPTED] = lost
