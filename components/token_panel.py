"""The pinned token: its numbers, what the model expected instead, and how the rest is spread."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from backend.runs import TextRun

from .charts.candidates import (
    CANDIDATES_ABOUT,
    candidates_chart,
    candidates_data,
    percent,
)
from .charts.cumulative import CUMULATIVE_ABOUT, cumulative_chart, cumulative_data
from .figure import figure
from .plain import token_label
from .token_strip import Metric

EMPTY = (
    "Click a token, or use ← and → on the text, to see what the model expected in its place. "
    "A second click or Esc takes the pin away."
)
FIRST = (
    "The first token has nothing before it, so the model made no prediction for it. Where the "
    "model has a beginning-of-sequence token, **Options › Begin with a BOS token** gives it one."
)
NO_CURVE = (
    "This run was made without cumulative curves. Turn on **Options › Keep cumulative curves** and "
    "analyse the text again."
)


def token_panel(run: TextRun, metrics: list[Metric], token: int | None) -> None:
    """Draw the panel of ``token``; without one, say how to pin one."""
    if token is None:
        st.markdown("**No token pinned**")
        st.caption(EMPTY)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**Token {token}**", width="content")
        st.code(token_label(run.tokens[token], 60), language=None, width="content")
        st.caption(f"id {run.token_ids[token]}", width="content")
    if not math.isfinite(run.entropy[token]):
        st.caption(FIRST)
        return
    _numbers(run, metrics, token)
    data = candidates_data(run, token)
    figure(candidates_chart(), CANDIDATES_ABOUT, key="token-candidates", data=data)
    if run.curve_counts is None:
        st.caption(NO_CURVE)
        return
    figure(
        cumulative_chart(run.model.vocab_size),
        CUMULATIVE_ABOUT,
        key="token-cumulative",
        data=cumulative_data(run, token),
    )


def _numbers(run: TextRun, metrics: list[Metric], token: int) -> None:
    rows = [(metric.label, _written(metric, token, run)) for metric in metrics]
    rows.append(("Tokens read before", f"{int(run.context_lengths[token]):,}"))
    frame = pd.DataFrame(rows, columns=["number", "value"])
    st.table(frame, border="horizontal", hide_index=True, hide_header=True)


def _written(metric: Metric, token: int, run: TextRun) -> str:
    value = float(metric.values[token])
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return f"{'∞' if value > 0 else '−∞'} {metric.unit}".rstrip()
    if metric.scale == "rank":
        return f"{value:,.0f} of {run.model.vocab_size:,}"
    if metric.unit == "%":
        return percent(value)
    return f"{value:,.3f} {metric.unit}".rstrip()
