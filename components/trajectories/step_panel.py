"""The pinned step: its numbers, its distribution under every sampler, and ways to go on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from backend.derived import series
from backend.runs.trajectories import Plan, TrajectoryRun

from ..charts.candidates import percent
from ..figure import figure
from ..plain import escape_markdown, token_label
from .branch import Brancher, branch_controls
from .rows import NUMBERS, row_label
from .step_bars import STEP_ABOUT, step_chart
from .step_data import Place, kept_of_listed, step_data

INFORMATION = {"nats": 1.0, "bits": math.log(2)}  # in nats
EMPTY = (
    "Click a token of the grid, step with the buttons above it, or use the arrow keys on it: here "
    "you then see what the model thought at that step and what each sampler made of it."
)
NOT_COMPARED = (
    "This run knows what its own sampler kept, not what the others would have. Turn on "
    "**Options › Compare samplers at every step** and decode again to see all of them here."
)


def step_panel(
    brancher: Brancher,
    run: TrajectoryRun,
    place: Place | None,
    plans: Callable[[], Sequence[Plan]],
    unit: str,
) -> None:
    """Draw the panel of a step; without one, say how to pin one.

    ``plans`` returns the samplers of the cards; it is asked last, as it may have to wait.
    """
    if place is None:
        st.markdown("**No step pinned**")
        st.caption(EMPTY)
        return
    token = run.token(int(run.token_ids[place.index]))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**Step {place.step}**", width="content")
        st.code(token_label(token, 40), language=None, width="content")
        st.caption(escape_markdown(row_label(run, place.row)), width="content")
    st.table(_numbers(run, place, unit), border="horizontal", hide_index=True, hide_header=True)
    data = step_data(run, place)
    figure(step_chart(run, data), STEP_ABOUT, key="trajectories-step", data=data)
    st.caption(_cut(data["thresholds"]))
    st.caption(_limits(run, place, data["bars"]))
    _compared(run, place, unit)
    branch_controls(brancher, run, place, plans())


def _numbers(run: TrajectoryRun, place: Place, unit: str) -> pd.DataFrame:
    rows = [("Rank in the model", f"{int(run.rank[place.index]):,} of {run.model.vocab_size:,}")]
    for number in NUMBERS.values():
        value = float(number.shown(run, unit)[place.index])
        name = number.unit_in(unit)
        if not np.isfinite(value):
            rows.append((number.label, "–"))
        elif name == "%":
            rows.append((number.label, percent(value)))
        else:
            rows.append((number.label, f"{value:,.0f}" if number.log else f"{value:.3f} {name}"))
    entropy = float(run.entropy[place.index])
    spread = float(run.varentropy[place.index]) * INFORMATION[unit] ** -2
    rows += [
        ("Effective choices, exp(entropy)", f"{np.exp(entropy):,.2f}"),
        ("Varentropy", f"{spread:.3f} {unit}²"),
    ]
    rows += [
        _detail(run.detail_label(name, place.row.sampler), float(values[place.index]), unit)
        for name, values in run.details.items()
        if np.isfinite(values[place.index])
    ]
    return pd.DataFrame(rows, columns=["number", "value"])


def _detail(label: str, value: float, unit: str) -> tuple[str, str]:
    """Return name and value of a sampler's own number; information in the unit shown."""
    name, _, own = label.removesuffix("]").partition(" [")
    if own in INFORMATION and own != unit:
        value *= INFORMATION[own] / INFORMATION[unit]
    shown = unit if own in INFORMATION else own
    return name, f"{value:,.4g}{f' {shown}' if shown else ''}"


def _cut(lines: pd.DataFrame) -> str:
    """Say what the dashed lines of the chart are."""
    if lines.empty:
        return "No cut is drawn: all tokens are kept, or it lies below those listed."
    told = [f"{name}, {percent(share)}" for name, share in lines.itertuples(index=False)]
    return f"Dashed: {'; '.join(told)}."


def _limits(run: TrajectoryRun, place: Place, bars: pd.DataFrame) -> str:
    """Say what the stored list does not show."""
    listed = run.raw_top_ids.shape[-1]
    held = 100 - float(bars["raw"].iloc[-1])
    text = f"The {listed} likeliest of {run.model.vocab_size:,} tokens are stored"
    if int(run.rank[place.index]) > listed:
        text += f", and the drawn one, which was {int(run.rank[place.index]):,}th"
    return f"{text}: {held:.1f}% of the probability. What is kept beyond them is only counted."


def _compared(run: TrajectoryRun, place: Place, unit: str) -> None:
    kept, everyone = kept_of_listed(run, place)
    if not everyone:
        if len(run.labels) > 1:
            st.caption(NOT_COMPARED)
        return
    assert run.compare_count is not None  # noqa: S101
    assert run.compare_mass is not None  # noqa: S101
    assert run.compare_entropy is not None  # noqa: S101
    at = place.index
    frame = pd.DataFrame(
        [
            {
                "sampler": run.labels[each],
                "kept": int(run.compare_count[(each, *at)]),
                "mass": 100 * float(run.compare_mass[(each, *at)]),
                f"entropy after ({unit})": float(
                    series.to_unit(run.compare_entropy[(each, *at)], unit)
                ),
            }
            for each in kept
        ]
    )
    st.dataframe(
        frame,
        hide_index=True,
        key="trajectories:compared",
        column_config={
            "sampler": st.column_config.TextColumn(pinned=True),
            "mass": st.column_config.NumberColumn(format="%.1f%%"),
            f"entropy after ({unit})": st.column_config.NumberColumn(format="%.3f"),
        },
    )
    missing = [label for i, label in enumerate(run.labels) if i not in kept]
    if missing:
        st.caption(f"Ended before this step: {escape_markdown(', '.join(missing))}.")
