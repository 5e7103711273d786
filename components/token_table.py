"""All tokens of a text with their numbers: sortable, filterable, and a row pins its token."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from backend.derived.spans import Spans
from backend.runs import TextRun, TokenizedRun

from .browser.parcel import name_of
from .figure import About, explain
from .plain import token_label
from .table_file import frame_csv, frame_json
from .token_strip import Metric
from .token_strip.content import text_parcel

ABOUT = About(
    title="Tokens and their numbers",
    read="One row a token; click a column to sort, a row to pin its token.",
    formula=r"H_i=-\sum_v p_i(v)\ln p_i(v)\qquad s_i=-\ln p_i(x_i)\qquad "
    r"V_i=\sum_v p_i(v)\,\bigl(-\ln p_i(v)-H_i\bigr)^2",
    definition="Row $i$ describes the model's own distribution $p_i$ over its whole vocabulary "
    "before it saw token $i$, without sampler or temperature. The **ⓘ** above the text explains "
    "the measure that colours it. CSV and JSON hold the tokens as they are, without the signs that "
    "make blanks visible here.",
    source="Shannon 1948; varentropy: Kontoyiannis and Verdú 2014.",
)


def table_frame(run: TokenizedRun, metrics: list[Metric]) -> pd.DataFrame:
    """Return one row per token, its text as it is; the columns name their units."""
    return pd.DataFrame(
        {"token": np.arange(len(run)), "text": run.tokens, "id": run.token_ids} | _columns(metrics)
    )


def piece_frame(pieces: Spans, metrics: list[Metric]) -> pd.DataFrame:
    """Return one row per word or sentence, with its first token and how many it has."""
    counts = np.bincount(pieces.of_token, minlength=len(pieces))
    places = {"first token": np.cumsum(counts) - counts, "tokens": counts, "text": pieces.texts}
    return pd.DataFrame(places | _columns(metrics))


def _columns(metrics: list[Metric]) -> dict[str, np.ndarray]:
    return {
        f"{metric.label} ({metric.unit})" if metric.unit else metric.label: metric.values
        for metric in metrics
    }


def token_table(
    run: TextRun,
    metrics: list[Metric],
    pinned: int | None,
    pin: Callable[[int | None], None],
    *,
    key: str,
) -> None:
    """Draw the table with its filter.

    Args:
        run: the text.
        metrics: the columns.
        pinned: the cursor; its row is the chosen one.
        pin: called with the token of a chosen row, or None when the pinned one was let go.
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
    table_key = _table_key(key, run, shown, pinned)

    def choose() -> None:
        rows = st.session_state[table_key]["selection"]["rows"]
        token = shown[rows[0]] if rows else None
        st.session_state[f"{key}:cursor"] = token
        if token is not None or pinned in shown:
            pin(token)

    st.dataframe(
        frame.assign(text=[token_label(each, 40) for each in frame["text"]]),
        key=table_key,
        hide_index=True,
        placeholder="–",
        height=420,
        on_select=choose,
        selection_mode="single-row",
        selection_default={"selection": {"rows": [shown.index(pinned)] if pinned in shown else []}},
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
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption(f"{len(frame):,} tokens. {ABOUT.read}", width="stretch")
        with st.popover("", icon=":material/info:", type="tertiary", key=f"about:{key}"):
            explain(ABOUT)
        downloads(frame, "tokens")


def downloads(frame: pd.DataFrame, name: str) -> None:
    """Offer a table as CSV and JSON; the files are made when somebody asks for them."""
    for label, mime, make in (
        ("CSV", "text/csv", frame_csv),
        ("JSON", "application/json", frame_json),
    ):
        st.download_button(
            label,
            lambda make=make: make(frame),
            f"{name}.{label.lower()}",
            mime,
            key=f"download:{name}.{label.lower()}",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
        )


def _table_key(key: str, run: TextRun, shown: list[int], pinned: int | None) -> str:
    """Return the key of the table: another one for another run, other rows or a cursor moved away.

    A table can be told which row is chosen only when it is made.
    """
    rows = hashlib.sha256(np.array(shown).tobytes()).hexdigest()[:8]
    made = st.session_state.setdefault(f"{key}:made", 0)
    if st.session_state.get(f"{key}:cursor") != pinned:
        made = st.session_state[f"{key}:made"] = made + 1
        st.session_state[f"{key}:cursor"] = pinned
    return f"{key}:table:{name_of(text_parcel(run))}:{rows}:{made}"
