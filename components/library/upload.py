"""Putting run files into the library."""

from __future__ import annotations

from typing import Protocol

import streamlit as st

from backend.errors import EntroscopeError
from backend.runs.files import parse_run
from backend.runs.library import Library
from components import state
from components.plain import escape_markdown


class Holder(Protocol):
    """What the library page needs of ``backend.cached``."""

    def library(self) -> Library: ...
    def saved_key(self, run_id: str) -> str: ...


def upload(source: Holder) -> None:
    """Draw the upload; every file that is a run is saved at once."""
    round_number = st.session_state.setdefault("library:round", 0)
    with st.expander("Add run files", icon=":material/upload_file:"):
        limit = st.get_option("server.maxUploadSize")
        files = st.file_uploader(
            f"Run files (.safetensors), at most {limit} MB each",
            type=["safetensors"],
            accept_multiple_files=True,
            key=f"library:upload:{round_number}",
        )
        if not files:
            return
        saved = 0
        for file in files:
            try:
                source.library().save(parse_run(file.getvalue(), file.name))
                saved += 1
            except (EntroscopeError, OSError) as error:
                state.notice(escape_markdown(str(error)))
        if saved:
            state.notice(f"{saved} {'run' if saved == 1 else 'runs'} added to the library.")
        # Another key empties the box: what was taken in need not stay in memory.
        st.session_state["library:round"] = round_number + 1
        st.rerun()
