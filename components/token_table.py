"""All tokens of a text with their numbers: sortable, filterable, and a row pins its token."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from backend.runs import TextRun
from components.plain import token_label
from components.table_file import frame_csv, frame_json
from components.token_strip import Metric


def table_frame(run: TextRun, metrics: list[Metric]) -> pd.DataFrame:
    """Return one row per token; the columns name their units."""
    columns: dict[str, object] = {
        "token": np.arange(len(run)),
        "text": [token_label(each, 40) for each in run.tokens],
        "id": run.token_ids,
    }
    for metric in metrics:
        columns[f"{metric.label} ({metric.unit})" if metric.unit else metric.label] = metric.values
    return pd.DataFrame(columns)


def token_table(
    run: TextRun, metrics: list[Metric], pin: Callable[[int | None], None], *, key: str
) -> None:
    """Draw the table with its filter.

    Args:
        run: the text.
        metrics: the columns.
        pin: called with the token of a chosen row, or None when it was let go.
        key: of the table.
    """
    wanted = st.text_input(
        "Filter",
        key=f"{key}:filter",
        placeholder="Only tokens that contain …",
        label_visibility="collapsed",
        icon=":material/search:",
        live=True,
    )
    frame = table_frame(run, metrics)
    if wanted:
        needle = wanted.casefold()
        keep = [needle in text.casefold() for text in run.tokens]
        frame = frame.loc[np.flatnonzero(keep)].reset_index(drop=True)
    if frame.empty:
        st.caption("No token contains this.")
        return
    shown = frame["token"].tolist()

    def choose() -> None:
        rows = st.session_state[table_key]["selection"]["rows"]
        pin(shown[rows[0]] if rows else None)

    table_key = f"{key}:table:{len(shown)}"
    st.dataframe(
        frame,
        key=table_key,
        hide_index=True,
        placeholder="–",
        height=420,
        on_select=choose,
        selection_mode="single-row",
        column_config={
            "token": st.column_config.NumberColumn("token", width="small", pinned=True),
            "text": st.column_config.TextColumn("text", pinned=True),
            "id": st.column_config.NumberColumn("id", width="small", format="%d"),
            **{
                name: st.column_config.NumberColumn(name, format="%.3f")
                for name in frame.columns[3:]
            },
        },
    )
    _download(frame)


def _download(frame: pd.DataFrame) -> None:
    with st.container(horizontal=True, gap="small"):
        st.caption(
            f"{len(frame):,} tokens. Click a column to sort, a row to pin its token.",
            width="stretch",
        )
        st.download_button(
            "CSV",
            lambda: frame_csv(frame),
            "tokens.csv",
            "text/csv",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
        )
        st.download_button(
            "JSON",
            lambda: frame_json(frame),
            "tokens.json",
            "application/json",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
        )
