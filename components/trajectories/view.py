"""A trajectory run on screen: the grid with its player, the pinned step beside the charts.

One fragment with one cursor: a click anywhere moves the step everywhere, and no model takes part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from backend.runs.trajectories import Plan, TrajectoryRun
from components import state
from components.charts.common import cursor_frame, picked_token
from components.figure import figure
from components.plain import escape_markdown
from components.token_grid import token_grid
from components.trajectories.branch import (
    PAGE_CHANGED,
    Brancher,
    branch_list,
    branches_of,
    root_key,
    tree_leaves,
)
from components.trajectories.curves import curve_about, curve_chart, curve_data
from components.trajectories.feedback import (
    feedback_about,
    feedback_chart,
    feedback_data,
    feedback_rows,
)
from components.trajectories.kept import kept
from components.trajectories.measures import measures_view
from components.trajectories.player import player, shown_place
from components.trajectories.rows import (
    NUMBERS,
    Row,
    grid_metrics,
    ids_of,
    row_label,
    rows_of,
    tokens_of,
)
from components.trajectories.step_bars import Place
from components.trajectories.step_panel import step_panel
from components.trajectories.teaching import lessons
from components.trajectories.tree import stretch_label, tree_chart

TABS = {
    "curves": "Curves",
    "texts": "Texts",
    "measures": "Measures",
    "tree": "Tree",
    "lessons": "What to look for",
}
TAB = "trajectories:tab"
CURVES = "trajectories:curves"
FEEDBACK = "feedback"
ALL_SEEDS = "all"


@st.fragment
def trajectory_view(brancher: Brancher, run: TrajectoryRun, plans: Sequence[Plan]) -> None:
    """Draw ``run`` with everything that can be asked of it without a model.

    Args:
        brancher: ``backend.cached``, for branches.
        run: the trajectories.
        plans: the samplers of the cards, to branch with.
    """
    if not int(run.lengths.max()):
        st.info("No step was decoded: it was stopped before the first one.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        rows = _toolbar(run)
        place = shown_place(run, rows)
        st.space("stretch")
        player(run, rows, place)
    _grid(run, rows, place)
    with st.container(key="stack-trajectories"):
        left, right = st.columns([1.5, 1], gap="large")
    with left:
        _tabs(brancher, run, rows, place)
    with right, st.container(key="panel"):
        step_panel(brancher, run, place, plans, state.unit())
    if st.session_state.pop(PAGE_CHANGED, False):
        st.rerun()


def _toolbar(run: TrajectoryRun) -> list[Row]:
    """Draw the controls of the grid, and return the rows to show."""
    st.selectbox(
        "Colour by",
        list(NUMBERS),
        format_func=lambda key: NUMBERS[key].label,
        width=230,
        **kept("colour", "entropy"),
    )
    labels = dict(enumerate(run.labels))
    if st.session_state.get("trajectories:reference", 0) not in labels:
        st.session_state["trajectories:reference"] = 0
    st.selectbox(
        "Departures from",
        list(labels),
        format_func=labels.__getitem__,
        width=230,
        help="An orange bar marks the first step at which a row goes another way.",
        **kept("reference", 0),
    )
    return rows_of(run, _seed(run))


def _seed(run: TrajectoryRun) -> int | None:
    """Offer the seeds where there are several; None stands for all of them."""
    seeds = run.request.seeds
    if len(seeds) == 1:
        return 0
    options = [*map(str, range(len(seeds))), ALL_SEEDS]
    if st.session_state.get("trajectories:seed", "0") not in options:
        st.session_state["trajectories:seed"] = "0"
    chosen = st.segmented_control(
        "Seed",
        options,
        required=True,
        format_func=lambda each: each if each == ALL_SEEDS else str(seeds[int(each)]),
        **kept("seed", "0"),
    )
    return None if chosen == ALL_SEEDS else int(chosen or 0)


def _grid(run: TrajectoryRun, rows: list[Row], place: Place | None) -> None:
    reference = Row(_reference(), rows[0].seed)

    def pinned(where: tuple[int, int] | None) -> None:
        if where is None:
            state.pin(None)
            return
        st.session_state["trajectories:row"] = rows[where[0]]
        state.pin(where[1])

    token_grid(
        [tokens_of(run, row) for row in rows],
        grid_metrics(run, rows, state.unit()),
        labels=[_grid_label(run, row, rows) for row in rows],
        metric=st.session_state["trajectories:colour"],
        key="trajectories:grid",
        pinned=(rows.index(place.row), place.step) if place else None,
        reference=rows.index(reference) if reference in rows else None,
        token_ids=[ids_of(run, row) for row in rows],
        height=420,
        label="The text of every sampler, step by step",
        on_pin=pinned,
    )


def _grid_label(run: TrajectoryRun, row: Row, rows: list[Row]) -> str:
    """Return the sampler alone where all rows have the same seed."""
    return row_label(run, row) if len({each.seed for each in rows}) > 1 else run.labels[row.sampler]


def _tabs(brancher: Brancher, run: TrajectoryRun, rows: list[Row], place: Place | None) -> None:
    tab = st.segmented_control(
        "Look at",
        list(TABS),
        format_func=TABS.__getitem__,
        required=True,
        label_visibility="collapsed",
        width="stretch",
        **kept("tab", "curves"),
    )
    draw: dict[str, Callable[[], None]] = {
        "curves": lambda: _curves(run, rows, place),
        "texts": lambda: _texts(run, rows),
        "measures": lambda: measures_view(run, state.unit()),
        "tree": lambda: _tree(brancher, run, rows),
        "lessons": lessons,
    }
    with st.container(key="charts"):
        draw[tab or "curves"]()


def _curves(run: TrajectoryRun, rows: list[Row], place: Place | None) -> None:
    feedback = feedback_rows(run, rows)
    offered = {key: number.label for key, number in NUMBERS.items()}
    if feedback:
        offered[FEEDBACK] = "μ against τ"
    default = ["entropy", FEEDBACK if feedback else "kept"]
    chosen = st.pills(
        "Curves",
        list(offered),
        selection_mode="multi",
        format_func=offered.__getitem__,
        label_visibility="collapsed",
        **kept("curves", default),
    )
    over_seeds = len({row.seed for row in rows}) > 1 and not st.toggle(
        "Single seeds", help="Off: mean and 10–90% over the seeds.", **kept("single", False)
    )
    cursor = cursor_frame(place.step if place else None)
    chosen_order = [each for each in offered if each in chosen]
    for key in chosen_order:
        if key == FEEDBACK:
            data = {**feedback_data(run, feedback, state.unit()), "cursor": cursor}
            _pickable("trajectories-feedback", feedback_chart(run, state.unit()),
                feedback_about(state.unit()), data)  # fmt: skip
            continue
        number = NUMBERS[key]
        points = curve_data(run, key, state.unit(), rows, over_seeds=over_seeds)
        _pickable(
            f"trajectories-{key}",
            curve_chart(run, number, state.unit(), legend=key == chosen_order[0]),
            curve_about(number, state.unit(), over_seeds=over_seeds),
            {"points": points, "cursor": cursor},
        )
    if not chosen:
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


def _tree(brancher: Brancher, run: TrajectoryRun, rows: list[Row]) -> None:
    key = root_key(brancher, run)
    branches = branches_of(brancher, key)
    st.caption(
        "Common beginnings are drawn once; the number is the step at which a stretch begins. "
        "Blue ends are samplers, orange diamonds are branches."
    )
    leaves = tree_leaves(run, rows, branches)
    words = run.prompt_text.split(" ")
    root = f"… {stretch_label(' '.join(words[-2:]), 16)}"
    tree_chart(leaves, root, dark=st.context.theme.type == "dark")
    if branches:
        branch_list(brancher, key)
    else:
        st.caption("No branches yet: pin a step and use **Go on from here**.")


def _reference() -> int:
    return int(st.session_state.get("trajectories:reference", 0))
