"""From a decoding job to the run on screen, also when the reader stopped it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from backend.runs.trajectories import TrajectoryRun
from components import job, state
from components.trajectories.branch import SLOT, Brancher, add_branch, next_branch, root_key
from components.trajectories.cards import Catalogue, put_plans
from components.trajectories.form import adopt
from components.trajectories.live import live_texts

_ADOPTED = "trajectories:adopted"


def watch_decoding(brancher: Brancher) -> None:
    """Show the texts while they are written, and what becomes of them."""

    def done(key: str, run: TrajectoryRun) -> None:
        if run.request.origin is None:
            state.show_run("trajectories", key)
            return
        add_branch(run.request.origin.run, key)
        st.session_state["trajectories:tab"] = "tree"
        next_branch(brancher)

    def stopped(partial: Any) -> str:
        run = partial.run()
        done(brancher.keep_run(run), run)
        return f"Stopped after {partial.steps} steps; what was decoded until then is kept."

    job.watch(SLOT, done, live_texts, stopped)


def adopt_run(brancher: Brancher, run: TrajectoryRun, catalogue: Catalogue) -> None:
    """Put samplers and options of a run that is new on screen into the form."""
    key = root_key(brancher, run)
    if st.session_state.get(_ADOPTED) == key:
        return
    st.session_state[_ADOPTED] = key
    put_plans(run.request.samplers, catalogue)
    adopt(run.request)
