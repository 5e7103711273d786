"""What can be done with a data set: measure one of its texts by itself, open it, bring a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from backend.errors import EntroscopeError, InputError
from backend.lenses import LENSES
from backend.runs import DatasetRequest, DatasetRun, TextRequest
from backend.runs.dataset import MAX_DATASET_BYTES, MAX_ROWS
from backend.storage.texts_file import FIELD, MAX_FILE_BYTES, SUFFIXES, fields_of, read_texts

from . import session
from .actions import action
from .plain import escape_markdown
from .reading import Reading, new_reading
from .source import Source

KIND = "dataset"
_SHOWN = 5
_LONGEST = 120


@dataclass(frozen=True)
class OneText(Reading):
    """The text of one row while it is measured; the data set stays what is read."""

    content: str = ""
    row: int = 0

    def arrived(self, source: Any, contents: Mapping[str, str]) -> Reading:
        _note(self.content, self.row, contents["text"])
        return session.reading(source, LENSES[KIND])


def rows_measured(content: str | None) -> dict[int, str]:
    """Return the contents of the texts of a data set that were measured here, by row."""
    return session.current().rows.get(content or "", {})


def _note(content: str, row: int, measured: str) -> None:
    session.current().rows.setdefault(content, {})[row] = measured


def text_request(run: DatasetRun, row: int) -> TextRequest:
    """Return what to ask to see every token of one text."""
    asked = run.request
    return TextRequest(
        model=asked.model, text=asked.texts[row], add_bos=asked.add_bos,
        special_tokens=asked.special_tokens,
    )  # fmt: skip


def seconds_per_token(source: Source, run: DatasetRun) -> float | None:
    """Return about how long a token takes on this machine, from the longest text."""
    row = int(run.tokens.argmax())
    if not run.tokens[row]:
        return None
    seconds = source.estimate_seconds(text_request(run, row))
    return None if seconds is None else seconds / int(run.tokens[row])


@action("row")
def one_text(source: Source, said: Mapping[str, Any]) -> None:
    """Measure the text of one row; with ``open``, make it the text of all lenses of Read."""
    made = session.reading(source, LENSES[KIND])
    content = made.contents.get(KIND, "")
    run, row = source.run_of(content), said.get("row")
    if not isinstance(run, DatasetRun) or not isinstance(row, int) or not 0 <= row < len(run):
        raise InputError("There is no such text in this data set.")
    if str(row) in run.problems:
        raise InputError(run.problems[str(row)])
    request = text_request(run, row)
    known = source.content_of(request.key)
    lens = LENSES["text"]
    if said.get("open"):
        _open(source, request, known)
    elif known is not None:
        _note(content, row, known)
    else:
        job = source.submit(request)
        waiting = OneText("text", {"text": request}, content=content, row=row)
        session.begin(job.id, f"Text {row + 1}: starting", waiting, source, lens)


def _open(source: Source, request: TextRequest, known: str | None) -> None:
    lens = LENSES["text"]
    made = new_reading(lens, request, None)
    named = {"run": source.handle(request.key)}
    if known is not None:
        session.show(Reading(made.subject, made.requests, {"text": known}, address=named))
        return
    job = source.submit(request)
    waiting = Reading(made.subject, made.requests, address=named)
    session.begin(job.id, f"{lens.title}: starting", waiting, source, lens)


# A file of texts


@action("upload")
def ask_for_file(source: Source, said: Mapping[str, Any]) -> None:
    """Open the dialog that takes a file of texts."""
    session.current().dialog = KIND


def draw_dialog(source: Source) -> None:
    """Draw the dialog that was asked for, once; it stays until it is closed."""
    if session.current().dialog == KIND:
        session.current().dialog = ""
        _upload(source)


@st.dialog("Texts from a file", width="medium")
def _upload(source: Source) -> None:
    file = st.file_uploader(
        "One text a line (.txt), JSON lines (.jsonl) or a table (.csv)",
        type=[suffix[1:] for suffix in SUFFIXES],
        max_upload_size=MAX_FILE_BYTES // 1_000_000,
        key="dataset:file",
    )
    st.caption(f"At most {MAX_ROWS:,} texts and {MAX_DATASET_BYTES / 1e6:.0f} MB.")
    if file is None:
        return
    data = file.getvalue()
    field, add_bos = _options(data, file.name)
    try:
        texts = read_texts(data, file.name, field)
    except EntroscopeError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    st.caption("1 text" if len(texts) == 1 else f"{len(texts):,} texts, the first of them:")
    first = [" ".join(text[:_LONGEST].split()) for text in texts[:_SHOWN]]
    st.code("\n".join(first), language=None, wrap_lines=True)
    request = DatasetRequest(model=session.model(), texts=texts, add_bos=add_bos)
    if st.button("Run", type="primary", icon=":material/play_arrow:", key="dataset:run"):
        _submit(source, request)


def _options(data: bytes, name: str) -> tuple[str, bool]:
    """Return the field of the text and whether BOS is read first."""
    field = FIELD
    known = fields_of(data, name)
    if known:
        place = known.index(FIELD) if FIELD in known else 0
        field = st.selectbox("Column of the text", known, place, key="dataset:field") or FIELD
    bos = st.checkbox(
        "Begin with BOS", key="dataset:bos",
        help="Gives the first token of every text a prediction too.",
    )  # fmt: skip
    return field, bos


def _submit(source: Source, request: DatasetRequest) -> None:
    lens = LENSES[KIND]
    try:
        job = source.submit(request)
    except EntroscopeError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    made = Reading(KIND, {KIND: request}, address={"run": source.handle(request.key)})
    session.begin(job.id, f"{lens.title}: starting", made, source, lens)
    st.rerun()
