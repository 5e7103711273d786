"""Which texts to measure: a file or lines of text, and the button that starts or goes on."""

from __future__ import annotations

import hashlib
from typing import Protocol

import streamlit as st

from backend.errors import EntroscopeError
from backend.runs import DatasetRequest, DatasetRun, Request, Run
from backend.runs.dataset import MAX_DATASET_BYTES, MAX_ROWS
from backend.storage.texts_file import FIELD, MAX_FILE_BYTES, SUFFIXES, read_texts

from .. import job, state
from ..plain import escape_markdown

SLOT = "dataset"
_FILE, _LINES = "A file", "Lines of text"
_COUNTED = "dataset:counted"
_ASKED = "dataset:asked"
_MISSING = {
    _FILE: "There is nothing to measure yet: choose a file, or type texts under “Lines of text”.",
    _LINES: "There is nothing to measure yet: type or paste at least one text.",
}


class Measurer(Protocol):
    """What the form needs of ``backend.cached``."""

    def submit(self, request: Request, *, stay: bool) -> job.Watchable: ...
    def put_run(self, run: Run) -> str: ...


def dataset_form(measurer: Measurer) -> None:
    """Draw the form; Measure puts a job into the slot and runs the page again."""
    with st.container(key="dataset-form", border=True):
        origin = st.segmented_control(
            "Texts from", [_FILE, _LINES], default=_FILE, required=True,
            key="dataset:origin", persist_state="session",
        )  # fmt: skip
        name, data, field = _file() if origin == _FILE else _lines()
        with st.container(horizontal=True, vertical_alignment="center"):
            add_bos = st.checkbox(
                "Begin with a BOS token", key="dataset:bos", persist_state="session",
                help="Gives the first token of every text a prediction too.",
            )  # fmt: skip
            st.space("stretch")
            st.button(
                "Measure", type="primary", icon=":material/play_arrow:", key="dataset:measure",
                help="Goes on where it was stopped, for the same texts.", on_click=_ask,
            )  # fmt: skip
        st.caption(
            f"At most {MAX_ROWS:,} texts and {MAX_DATASET_BYTES / 1e6:.0f} MB. Finished texts are "
            "kept: after Stop, Measure goes on with the rest."
        )
        # A flag outlives a rerun before the form; a callback would not know what was typed last.
        if st.session_state.pop(_ASKED, False):
            if data:
                job.start(SLOT, lambda: measurer.submit(_request(name, data, field, add_bos), stay=True))
                st.rerun()
            st.info(_MISSING[origin or _FILE], icon=":material/info:")


def _ask() -> None:
    st.session_state[_ASKED] = True


def watch_measuring(measurer: Measurer) -> None:
    """Show the progress of a data set, and after Stop what was measured until then."""

    def stopped(partial: DatasetRun) -> str:
        state.show_run("dataset", measurer.put_run(partial))
        texts = "1 text is" if len(partial) == 1 else f"{len(partial):,} texts are"
        return (
            f"Stopped. {texts} measured and shown below. Measure goes on with the rest, for the "
            "same texts."
        )

    job.watch(SLOT, lambda key, _: state.show_run("dataset", key), stopped=stopped)


def _request(name: str, data: bytes, field: str, add_bos: bool) -> DatasetRequest:
    return DatasetRequest(model=state.model(), texts=read_texts(data, name, field), add_bos=add_bos)


def _file() -> tuple[str, bytes, str]:
    file = st.file_uploader(
        "One text a line (.txt), JSON lines (.jsonl) or a table (.csv)",
        type=[suffix[1:] for suffix in SUFFIXES],
        max_upload_size=MAX_FILE_BYTES // 1_000_000,
        key="dataset:file",
    )
    if file is None:
        return "", b"", FIELD
    field = FIELD
    if not file.name.lower().endswith(".txt"):
        field = st.text_input("Field or column of the text", FIELD, key="dataset:field") or FIELD
    _preview(file.name, file.getvalue(), field)
    return file.name, file.getvalue(), field


def _lines() -> tuple[str, bytes, str]:
    lines = st.text_area(
        "One text a line", key="dataset:lines", height=140, persist_state="session",
        placeholder="The cat sat on the mat.\nColourless green ideas sleep furiously.",
    )  # fmt: skip
    data = lines.encode("utf-8", "replace")
    if data.strip():
        _preview("lines.txt", data, FIELD)
    return "lines.txt", data if data.strip() else b"", FIELD


def _preview(name: str, data: bytes, field: str) -> None:
    """Say how many texts there are, or what is wrong; they are counted once, not at every run."""
    asked = (name, hashlib.sha256(data).digest(), field)
    counted = st.session_state.get(_COUNTED)
    if counted is None or counted[0] != asked:
        counted = (asked, *_count(name, data, field))
        st.session_state[_COUNTED] = counted
    _, count, problem = counted
    if problem:
        st.error(escape_markdown(problem), icon=":material/error:")
        return
    st.caption("1 text" if count == 1 else f"{count:,} texts")


def _count(name: str, data: bytes, field: str) -> tuple[int, str]:
    """Return how many texts there are, and what is wrong, empty for nothing."""
    try:
        return len(read_texts(data, name, field)), ""
    except EntroscopeError as error:
        return 0, str(error)
