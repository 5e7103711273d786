"""A trajectory run on screen: the grid with its player, the pinned step beside the charts.

One fragment with one cursor: a click anywhere moves the step everywhere, and no model takes part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from backend.runs.trajectories import Plan, TrajectoryRun

from .. import state
from ..charts.common import cursor_frame, picked_token
from ..figure import figure
from ..plain import escape_markdown
from .branch import PAGE_CHANGED, Brancher
from .choices import FEEDBACK, SINGLE, TAB, TABS, curves_of
from .curves import curve_about, curve_chart, curve_data
from .feedback import (
    feedback_about,
    feedback_chart,
    feedback_data,
    feedback_rows,
)
from .grid_view import grid_view, toolbar
from .measures import measures_view
from .player import shown_place
from .rows import NUMBERS, Row, row_label
from .step_data import Place
from .step_panel import step_panel
from .teaching import lessons
from .tree_view import tree_view


@st.fragment
def trajectory_view(
    brancher: Brancher, run: TrajectoryRun, plans: Callable[[], Sequence[Plan]]
) -> None:
    """Draw ``run`` with everything that can be asked of it without a model.

    Args:
        brancher: ``backend.cached``, for branches.
        run: the trajectories.
        plans: returns the samplers of the cards, to branch with.
    """
    if not int(run.lengths.max()):
        st.info("No step was decoded: it was stopped before the first one.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        rows = toolbar(run)
    place = shown_place(run, rows)
    grid_view(run, rows, place)
    with st.container(key="stack-trajectories"):
        left, right = st.columns([1.5, 1], gap="large")
    with left:
        _tabs(brancher, run, rows, place)
    with right, st.container(key="panel"):
        step_panel(brancher, run, place, plans, state.unit())
    if st.session_state.pop(PAGE_CHANGED, False):
        st.rerun()


def _tabs(brancher: Brancher, run: TrajectoryRun, rows: list[Row], place: Place | None) -> None:
    st.segmented_control(
        "Look at",
        list(TABS),
        format_func=TABS.__getitem__,
        required=True,
        label_visibility="collapsed",
        width="stretch",
        **TAB.widget(),
    )
    draw: dict[str, Callable[[], None]] = {
        "curves": lambda: _curves(run, rows, place),
        "texts": lambda: _texts(run, rows),
        "measures": lambda: measures_view(run, state.unit()),
        "tree": lambda: tree_view(brancher, run, rows),
        "lessons": lessons,
    }
    with st.container(key="charts"):
        draw[TAB.value]()


def _curves(run: TrajectoryRun, rows: list[Row], place: Place | None) -> None:
    feedback = feedback_rows(run, rows)
    offered = {key: number.label for key, number in NUMBERS.items()}
    if feedback:
        offered[FEEDBACK] = "μ against τ"
    curves = curves_of(list(offered))
    st.pills(
        "Curves",
        list(offered),
        selection_mode="multi",
        format_func=offered.__getitem__,
        label_visibility="collapsed",
        **curves.widget(),
    )
    over_seeds = len({row.seed for row in rows}) > 1 and not st.toggle(
        "Single seeds", help="Off: mean and 10–90% over the seeds.", **SINGLE.widget()
    )
    cursor = cursor_frame(place.step if place else None)
    chosen_order = [each for each in offered if each in curves.value]
    for key in chosen_order:
        if key == FEEDBACK:
            data = feedback_data(run, feedback, state.unit(), over_seeds=over_seeds)
            _pickable(
                "trajectories-feedback",
                feedback_chart(run, state.unit()),
                feedback_about(state.unit(), over_seeds=over_seeds),
                {**data, "cursor": cursor},
            )
            continue
        number = NUMBERS[key]
        points = curve_data(run, key, state.unit(), rows, over_seeds=over_seeds)
        _pickable(
            f"trajectories-{key}",
            curve_chart(run, number, state.unit(), legend=key == chosen_order[0]),
            curve_about(number, state.unit(), over_seeds=over_seeds),
            {"points": points, "cursor": cursor},
        )
    if not chosen_order:
        st.caption("Choose a curve above.")


def _pickable(key: str, chart: object, about: object, data: dict[str, pd.DataFrame]) -> None:
    """Draw a chart in which a click moves the step."""

    def pick() -> None:
        step = picked_token(key)
        if step is not None:
            state.pin(None if step == state.pinned() else step)

    figure(chart, about, key=key, data=data, on_select=pick)  # type: ignore[arg-type]


def _texts(run: TrajectoryRun, rows: list[Row]) -> None:
    for row in rows:
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{escape_markdown(row_label(run, row))}**")
            st.text(run.texts[row.sampler][row.seed])
