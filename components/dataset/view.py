"""A data-set run on screen: figures, the table to sort, a histogram, and one text to open."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd
import streamlit as st

from backend.derived import series
from backend.runs import DatasetRun, Request, TextRequest

from .. import job, state
from ..figure import figure
from ..plain import escape_markdown, token_label
from ..table_downloads import table_downloads
from .histogram import HIGH_NATS, spread_about, spread_chart, spread_data

TOKENS_SLOT = "tokens"
SHOWN_CHARACTERS = 300


class Analyser(Protocol):
    """What the view needs of ``backend.cached``."""

    def submit(self, request: Request, *, stay: bool) -> job.Watchable: ...


def dataset_view(analyser: Analyser, run: DatasetRun) -> None:
    """Draw everything that can be told of ``run`` without a model."""
    unit = state.unit()
    _figures(run, unit)
    row = _table(run, unit)
    if row is not None:
        _row(analyser, run, row)
    _histogram(run, unit)


def dataset_frame(run: DatasetRun, unit: str) -> pd.DataFrame:
    """Return one row a text, information in ``unit``."""
    return pd.DataFrame(
        {
            "row": np.arange(1, len(run) + 1),
            "text": [" ".join(text[:SHOWN_CHARACTERS].split()) for text in run.request.texts],
            "tokens": run.tokens,
            f"mean entropy ({unit})": series.to_unit(run.mean_entropy, unit),
            f"max entropy ({unit})": series.to_unit(run.max_entropy, unit),
            "perplexity": run.perplexity,
            "bits per byte": run.bits_per_byte,
            "problem": [run.problems.get(str(row), "") for row in range(len(run))],
        }
    )


def _figures(run: DatasetRun, unit: str) -> None:
    known = np.isfinite(run.mean_entropy)
    mean = float(series.to_unit(run.mean_entropy[known], unit).mean()) if known.any() else np.nan
    pace = run.tokens.sum() / run.seconds if run.seconds else np.nan
    figures = {
        "Texts": f"{len(run):,}",
        "Tokens": f"{int(run.tokens.sum()):,}",
        f"Mean of mean entropy ({unit})": "–" if np.isnan(mean) else f"{mean:.3f}",
        "Could not be read": f"{len(run.problems):,}",
        "Time": f"{run.seconds:.1f} s",
        "Tokens per second": "–" if np.isnan(pace) else f"{pace:,.0f}",
    }
    with st.container(horizontal=True, gap="medium", key="summary"):
        for label, value in figures.items():
            st.metric(label, value, width="content")


def _table(run: DatasetRun, unit: str) -> int | None:
    """Draw the table and return the row that is chosen."""
    frame = dataset_frame(run, unit)
    if not run.problems:
        frame = frame.drop(columns="problem")
    number = st.column_config.NumberColumn
    event = st.dataframe(
        frame,
        key=f"dataset:table:{run.request.key}",
        hide_index=True,
        height=min(38 + 35 * len(frame), 460),
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "row": number("row", width="small", pinned=True),
            "text": st.column_config.TextColumn("text", width="medium"),
            "tokens": number("tokens", width="small", format="%d"),
            **{name: number(name, format="%.3f") for name in frame.columns[3:7]},
        },
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            "Click a column to sort by it; tick a row to open its text. Perplexity is "
            "exp(mean surprisal). The files hold the texts whole.", width="stretch",
        )  # fmt: skip
        table_downloads(frame.assign(text=list(run.request.texts)), "dataset")
    rows = event["selection"]["rows"]
    return rows[0] if rows and rows[0] < len(run) else None


def _row(analyser: Analyser, run: DatasetRun, row: int) -> None:
    text, problem = run.request.texts[row], run.problems.get(str(row))
    with st.container(horizontal=True, vertical_alignment="center", key="dataset-row"):
        st.markdown(f"**Row {row + 1}**", width="content")
        st.code(token_label(text, 80), language=None, width="stretch")
        if st.button(
            "Open in Tokens", type="primary", icon=":material/open_in_new:",
            key="dataset:open", disabled=problem is not None,
        ):  # fmt: skip
            request = TextRequest(
                model=run.request.model, text=text, add_bos=run.request.add_bos,
                special_tokens=run.request.special_tokens, curve=True,
            )  # fmt: skip
            job.start(TOKENS_SLOT, lambda: analyser.submit(request, stay=True))
            st.switch_page("pages/tokens.py")
    if problem is not None:
        st.caption(escape_markdown(problem))


def _histogram(run: DatasetRun, unit: str) -> None:
    high = float(series.to_unit(np.array(HIGH_NATS), unit))
    figure(
        spread_chart(unit),
        spread_about(unit),
        key="dataset-spread",
        data=spread_data(series.to_unit(run.mean_entropy, unit), high),
    )
