"""The buttons that save a table of a page."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from .table_file import frame_csv, frame_json


def table_downloads(frame: pd.DataFrame, name: str) -> None:
    """Draw the buttons that save a table as CSV and JSON."""
    for label, ending, make in (("CSV", "csv", frame_csv), ("JSON", "json", frame_json)):
        st.download_button(
            label, lambda make=make: make(frame), f"{name}.{ending}", on_click="ignore",
            type="tertiary", icon=":material/download:", key=f"download:{name}.{ending}",
        )  # fmt: skip
