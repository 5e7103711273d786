"""Putting run files into the library."""

from __future__ import annotations

import streamlit as st

from backend.errors import EntroscopeError
from backend.storage.files import parse_run
from backend.storage.library import Library

from ..plain import escape_markdown


def upload(library: Library) -> None:
    """Draw the upload; every file that is a run is saved at once, whatever else its name says."""
    with st.popover("Add files", icon=":material/upload_file:", disabled=not library.writable):
        limit = st.get_option("server.maxUploadSize")
        files = st.file_uploader(
            f"Run files (.safetensors), at most {limit} MB each",
            type=["safetensors"],
            accept_multiple_files=True,
            key="library:upload",
        )
        # Files of one choice arrive one after the other, each with a run of the page.
        told: dict[str, str] = st.session_state.setdefault("library:told", {})
        for file in files:
            if file.file_id not in told:
                told[file.file_id] = _take(library, file.name, file.getvalue())
            if told[file.file_id]:
                st.error(escape_markdown(told[file.file_id]), icon=":material/error:")
        taken = sum(not told[file.file_id] for file in files)
        if taken:
            runs = "1 run is" if taken == 1 else f"{taken} runs are"
            st.success(f"{runs} in the library now.", icon=":material/check:")


def _take(library: Library, name: str, data: bytes) -> str:
    """Save an upload; return what is wrong with it, empty for nothing."""
    try:
        library.save(parse_run(data, name))
    except EntroscopeError as error:
        return str(error)
    return ""
