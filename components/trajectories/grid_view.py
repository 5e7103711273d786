"""The grid with its controls: what colours it, what rows are compared with, where to jump."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from backend.runs.trajectories import TrajectoryRun

from .. import state
from ..figure import About, explain
from ..token_grid import token_grid
from .choices import ALL_SEEDS, AUTOMATIC, COLOUR, reference_of, seed_of
from .player import ROW, player
from .rows import (
    NUMBERS,
    Row,
    grid_metrics,
    ids_of,
    parts_of,
    row_label,
    rows_of,
    tokens_of,
)
from .step_data import Place

GRID_ABOUT = About(
    title="The texts, step by step",
    read="One row a sampler, one column a step. Click a token to open its step.",
    formula=r"\text{departs}(a,r)=\min\{n: a_n\neq r_n\}",
    definition="Rows begin to differ where an orange bar stands: from there on they are different "
    "texts, and so are their numbers. A reference is compared within its own seed.",
    source="Measures and formulas: docs/measures.md; samplers: docs/samplers.md.",
)


def toolbar(run: TrajectoryRun) -> list[Row]:
    """Draw the controls of the grid, and return the rows to show."""
    st.selectbox(
        "Colour by",
        list(NUMBERS),
        format_func=lambda key: NUMBERS[key].label,
        width=210,
        **COLOUR.widget(),
    )
    st.selectbox(
        "Departures from",
        run.labels,
        width=210,
        help="An orange bar marks the first step at which a row goes another way.",
        **reference_of(run).widget(),
    )
    rows = rows_of(run, _seed(run))
    with st.popover("View", icon=":material/visibility:"):
        st.toggle(
            "Colours span these texts",
            help="Off: a fixed range, so that runs can be compared.",
            **AUTOMATIC.widget(),
        )
    return rows


def _seed(run: TrajectoryRun) -> int | None:
    """Offer the seeds where there are several; None stands for all of them."""
    seeds = run.request.seeds
    if len(seeds) == 1:
        return 0
    options = [*map(str, range(len(seeds))), ALL_SEEDS]
    seed = seed_of(run)
    st.segmented_control(
        "Seed",
        options,
        required=True,
        format_func=lambda each: each if each == ALL_SEEDS else str(seeds[int(each)]),
        **seed.widget(),
    )
    return None if seed.value == ALL_SEEDS else int(seed.value)


def grid_view(run: TrajectoryRun, rows: list[Row], place: Place | None) -> None:
    """Draw the grid in its frame, with jumps and the player above it."""
    metrics = grid_metrics(run, rows, state.unit(), automatic=AUTOMATIC.value)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{GRID_ABOUT.title}**", width="content")
        with st.popover("", icon=":material/info:", type="tertiary", key="about:grid"):
            explain(GRID_ABOUT)
        _export(run, rows)
        st.space("stretch")
        player(run, rows, place)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(GRID_ABOUT.read, width="content")
        st.space("stretch")
        _jumps(run, rows)
    chosen = run.labels.index(reference_of(run).value)
    several = len({each.seed for each in rows}) > 1

    def pinned(where: tuple[int, int] | None) -> None:
        if where is None:
            state.pin(None)
            return
        _go(rows[where[0]], where[1])

    token_grid(
        [tokens_of(run, row) for row in rows],
        metrics,
        labels=[row_label(run, row) if several else run.labels[row.sampler] for row in rows],
        metric=COLOUR.value,
        key="trajectories:grid",
        pinned=(rows.index(place.row), place.step) if place else None,
        references=[rows.index(Row(chosen, row.seed)) for row in rows],
        reference_name=f"{run.labels[chosen]}{' of the same seed' if several else ''}",
        token_ids=[ids_of(run, row) for row in rows],
        parts=[parts_of(run, row) for row in rows],
        special_ids=run.special_ids,
        height=420,
        label="The text of every sampler, step by step",
        on_pin=pinned,
    )


def grid_frame(run: TrajectoryRun, rows: list[Row], unit: str) -> pd.DataFrame:
    """Return every token of ``rows`` with its numbers, information in ``unit``."""
    frames = []
    for row in rows:
        ids = ids_of(run, row)
        values = {
            f"{key}_{number.unit_in(unit)}".rstrip("_"): number.shown(run, unit)[
                row.sampler, row.seed, : len(ids)
            ]
            for key, number in NUMBERS.items()
        }
        frames.append(
            pd.DataFrame(
                {
                    "sampler": run.labels[row.sampler],
                    "seed": run.request.seeds[row.seed],
                    "step": np.arange(len(ids)),
                    "token_id": ids,
                    "token": tokens_of(run, row),
                    **values,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _export(run: TrajectoryRun, rows: list[Row]) -> None:
    unit = state.unit()
    with st.popover("", icon=":material/download:", type="tertiary", key="export:grid"):
        for label, kind, mime in (("CSV", "csv", "text/csv"), ("JSON", "json", "application/json")):
            st.download_button(
                f"Data as {label}",
                lambda kind=kind: _file(grid_frame(run, rows, unit), kind),
                f"trajectories-grid.{kind}",
                mime,
                key=f"download:grid.{kind}",
                on_click="ignore",
                type="tertiary",
            )


def _file(frame: pd.DataFrame, kind: str) -> str:
    if kind == "csv":
        return frame.to_csv(index=False)
    return str(frame.to_json(orient="records", indent=1, force_ascii=False))


def _jumps(run: TrajectoryRun, rows: list[Row]) -> None:
    targets = {
        "Most uncertain": (run.entropy, "The step of these rows with the largest entropy."),
        "Largest surprisal": (run.surprisal, "The drawn token the model expected least."),
        "Largest difference": (
            run.kl,
            "The step at which a sampler changed the model's distribution most, by KL.",
        ),
    }
    with st.container(horizontal=True, gap="small", key="jumps", width="content", wrap=False):
        for label, (values, help_text) in targets.items():
            target = largest(values, rows)
            st.button(
                label,
                key=f"trajectories:jump:{label}",
                help=help_text,
                disabled=target is None,
                on_click=_go,
                args=(target.row, target.step) if target else None,
            )


def largest(values: np.ndarray, rows: list[Row]) -> Place | None:
    """Return the place of the largest finite value [M, S, N] in ``rows``; None without one."""
    shown = np.stack([values[each.sampler, each.seed] for each in rows]).astype(np.float64)
    shown[~np.isfinite(shown)] = -np.inf
    row, step = divmod(int(shown.argmax()), shown.shape[1])
    return Place(rows[row], step) if np.isfinite(shown[row, step]) else None


def _go(row: Row, step: int) -> None:
    st.session_state[ROW] = row
    state.pin(step)
