"""Walking through the steps: first, back, on, last, and where the walk stands."""

from __future__ import annotations

import streamlit as st

from backend.runs.trajectories import TrajectoryRun

from .. import state
from .rows import Row, length_of
from .step_data import Place

ROW = "trajectories:row"


def shown_place(run: TrajectoryRun, rows: list[Row]) -> Place | None:
    """Return the cell under the shared cursor: in the row last touched, if that is so long."""
    step = state.pinned()
    if step is None:
        return None
    last = st.session_state.get(ROW)
    ordered = [*([last] if last in rows else []), *rows]
    return next((Place(row, step) for row in ordered if step < length_of(run, row)), None)


def player(run: TrajectoryRun, rows: list[Row], place: Place | None) -> None:
    """Draw the buttons and the place of the cursor among the steps of ``rows``."""
    steps = max(length_of(run, row) for row in rows)
    now = place.step if place else None
    moves = {
        "first": (":material/skip_previous:", 0, "Shift+Home", "First step (Shift+Home)"),
        "back": (
            ":material/chevron_left:",
            max(0, (now or 0) - 1),
            "Shift+Left",
            "One step back (Shift+←)",
        ),
        "on": (
            ":material/chevron_right:",
            0 if now is None else min(steps - 1, now + 1),
            "Shift+Right",
            "One step on (Shift+→)",
        ),
        "last": (":material/skip_next:", steps - 1, "Shift+End", "Last step (Shift+End)"),
    }
    with st.container(
        horizontal=True, vertical_alignment="center", gap="xsmall", key="player", width="content",
        wrap=False,
    ):  # fmt: skip
        for name, (icon, target, keys, help_text) in moves.items():
            st.button(
                "",
                icon=icon,
                key=f"trajectories:{name}",
                help=help_text,
                shortcut=keys,
                disabled=now == target,
                on_click=state.pin,
                args=(target,),
            )
        text = f"{steps:,} steps" if now is None else f"step {now:,} · 0 to {steps - 1:,}"
        st.caption(text, width="content")
