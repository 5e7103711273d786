"""Tables of differences, the largest first, with their export."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from ..plain import token_label
from ..table_downloads import table_downloads

NARROW = ("token", "row of A", "row of B")


def difference_table(
    frame: pd.DataFrame,
    by: str,
    unit: str,
    *,
    key: str,
    shown: list[str] | None = None,
    tokens: str | None = None,
) -> None:
    """Draw the table with the largest difference on top.

    Args:
        frame: what is exported.
        by: the column of the differences.
        unit: of the columns of numbers.
        key: of the table; names the files too.
        shown: the columns to show, all by default.
        tokens: a column of tokens; shown with their spaces visible, exported as they are.
    """
    order = np.argsort(-frame[by].abs().to_numpy(), kind="stable")  # NaN comes last
    ordered = frame.iloc[order][shown or list(frame.columns)].reset_index(drop=True)
    if tokens:
        ordered[tokens] = ordered[tokens].map(token_label)
    number = st.column_config.NumberColumn
    numeric = list(ordered.select_dtypes("floating").columns)
    st.dataframe(
        ordered,
        key=f"{key}:{by}",
        hide_index=True,
        height=min(38 + 35 * len(ordered), 420),
        column_config={
            **{name: number(name, width="small") for name in NARROW if name in ordered},
            **{name: number(f"{name} ({unit})", format="%.4f") for name in numeric},
        },
    )
    with st.container(horizontal=True):
        st.caption("Largest difference first; click a column to sort.", width="stretch")
        table_downloads(frame, key)
