"""Save, Copy link and Export: the three things to do with the run on screen."""

from __future__ import annotations

import json
from typing import Protocol
from weakref import WeakKeyDictionary

import streamlit as st

from backend.errors import EntroscopeError
from backend.report import report_html
from backend.runs import Run
from backend.storage.csv_file import table_csv
from backend.storage.files import content_id, dump_run
from backend.storage.library import Library
from backend.storage.plain import to_plain
from backend.storage.snippet import snippet

from .. import state
from .copy_link import copy_link
from .links import TOO_LONG, Opener, link_parameters, open_study, run_names
from .tags import split_tags

_ids: WeakKeyDictionary[Run, str] = WeakKeyDictionary()


class Keeper(Opener, Protocol):
    """What the actions need of ``backend.cached``."""

    def library(self) -> Library: ...
    def saved_key(self, run_id: str) -> str: ...


def run_actions(source: Keeper, run: Run, slot: str) -> None:
    """Draw the actions for ``run``, and open a link that carries a study of its kind.

    Args:
        source: ``backend.cached``.
        run: that is shown on the page.
        slot: where the page watches its jobs.
    """
    open_study(source, run.kind, slot)
    _actions(source, run)


@st.fragment
def _actions(source: Keeper, run: Run) -> None:
    run_id = _content_id(run)
    saved = source.library().find(run_id) is not None
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="actions"):
        _save(source, run, run_id, saved)
        _link(source, run, run_id, saved)
        export = st.popover(
            "Export", icon=":material/download:", type="tertiary", key=f"run-export:{run_id}",
            on_change="rerun",
        )  # fmt: skip
        if export.open:  # tables and snippet of a long run take a while
            with export:
                _exports(run, run_id)
    state.show_notices()


def _save(source: Keeper, run: Run, run_id: str, saved: bool) -> None:
    if saved:
        st.page_link("pages/library.py", label="Saved", icon=":material/bookmark_added:")
        return
    with (
        st.popover("Save", icon=":material/bookmark_add:", type="tertiary"),
        st.form(f"save:{run_id}", border=False),
    ):
        title = f"save:title:{run_id}"
        tags = f"save:tags:{run_id}"
        st.session_state.setdefault(title, run.title)
        st.text_input("Title", key=title, max_chars=200, placeholder="What is to be seen")
        st.text_input("Tags", key=tags, placeholder="lecture 3, surprisal", help="Commas between.")

        def keep() -> None:
            _keep(source, run, st.session_state[title], st.session_state[tags])

        st.form_submit_button("Save to the library", type="primary", on_click=keep)


def _keep(source: Keeper, run: Run, title: str, tags: str) -> None:
    try:
        run_id = source.library().save(run, title=title, tags=split_tags(tags))
    except (EntroscopeError, OSError) as error:
        state.notice(str(error))
        return
    if state.get(state.run_parameter(run.kind)) is not None:
        # The address now names what lasts; an example has a lasting name already.
        state.put(**{state.run_parameter(run.kind): source.saved_key(run_id)})


def _link(source: Keeper, run: Run, run_id: str, saved: bool) -> None:
    parameters = link_parameters(run, source.saved_key(run_id) if saved else None)
    if parameters is None:
        with st.popover("Copy link", type="tertiary"):
            st.markdown(TOO_LONG)
        return
    again = "study" in parameters
    words = "The link computes this study again" if again else "The link opens this run"
    copy_link(
        parameters,
        run_names(run.kind),
        key="copy-link",
        help=f"{words}, with the view as it is when you copy.",
    )


def _exports(run: Run, run_id: str) -> None:
    unit, name = state.unit(), f"{run.kind}_{run_id}"
    _report(run, run_id, name)
    size = run.nbytes / 1e6
    _download(f"Run file (about {size:.1f} MB)", f"{name}.safetensors", lambda: dump_run(run))
    _download("Numbers as JSON", f"{name}.json", lambda: _json(run))
    for table, columns in run.tables().items():
        _download(
            f"Table “{table}” as CSV",
            f"{name}_{table}.csv",
            lambda columns=columns: table_csv(columns).encode(),
        )
    st.caption(
        f"Reports use {unit}; files and tables are in nats. Texts stand in tables as "
        "they are: open those of strangers as text, since a spreadsheet takes “=…” for a formula."
    )
    st.markdown("**Make it again in Python**")
    st.code(snippet(run), language="python", wrap_lines=True)


def _report(run: Run, run_id: str, name: str) -> None:
    """Make the report when asked for, so that its size can be told before it is downloaded."""
    made = st.session_state.get("report:made")
    wanted = (run_id, run.title, state.unit())
    if made is None or made[0] != wanted:
        if not st.button("Make a report", icon=":material/description:", type="tertiary"):
            return
        made = (wanted, report_html(run, state.unit()).encode())
        st.session_state["report:made"] = made
    page = made[1]
    st.download_button(
        f"Report, one HTML file ({len(page) / 1e6:.2f} MB)",
        page,
        f"{name}.html",
        "text/html",
        on_click="ignore",
        type="tertiary",
        icon=":material/description:",
    )


def _download(label: str, file: str, make) -> None:  # noqa: ANN001
    st.download_button(
        label, make, file, on_click="ignore", type="tertiary", key=f"export:{file}",
        icon=":material/download:",
    )  # fmt: skip


def _json(run: Run) -> bytes:
    return json.dumps(to_plain(run), ensure_ascii=False).encode()


def _content_id(run: Run) -> str:
    if run not in _ids:
        _ids[run] = content_id(run)
    return _ids[run]
