"""The list of saved runs, with what can be done to those chosen in it."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd
import streamlit as st

from backend.errors import EntroscopeError
from backend.storage.library import Entry

from .. import checks, state
from ..compare.choice import KINDS
from ..controls import Control
from .tags import split_tags
from .upload import Holder

PAGE_OF_KIND = {
    "text": "tokens",
    "attention": "attention",
    "trajectories": "trajectories",
    "dataset": "dataset",
    "divergence": "compare",
}
ALL = "all kinds"
SEARCH = Control("library.search", "", checks.line)
KIND = Control("library.kind", ALL, checks.one_of((ALL, *PAGE_OF_KIND)))
DELETED = Control("library.deleted", False, checks.switch)
_DELETED = "library:deleted"
_CHANGES = "library:changes"

EMPTY = (
    "Nothing is saved yet. **Save** stands above every run on the other pages; files that somebody "
    "gave you go in above."
)


def library_view(source: Holder) -> None:
    """Draw search, list and actions."""
    library = source.library()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(
            "Search", placeholder="Title, text, model or tag", icon=":material/search:",
            live=True, width="stretch", **SEARCH.widget(),
        )  # fmt: skip
        st.selectbox("Kind", [ALL, *PAGE_OF_KIND], width=180, **KIND.widget())
        st.toggle("Deleted", **DELETED.widget(), help="The trash keeps runs for 30 days.")
    search, kind, deleted = SEARCH.value, KIND.value, DELETED.value
    _undo(source)
    entries = library.entries(search, kind=None if kind == ALL else kind, deleted=deleted)
    if not entries:
        empty = "The trash is empty." if deleted else EMPTY
        st.info("Nothing found." if search or kind != ALL else empty, icon=":material/bookmarks:")
        return
    chosen = _table(entries)
    if deleted:
        _trash(source, chosen)
    elif chosen:
        _actions(source, chosen)
    else:
        count = "1 run" if len(entries) == 1 else f"{len(entries):,} runs"
        st.caption(f"{count}. Tick one to open, rename or delete it; click a column to sort.")


def _trash(source: Holder, chosen: list[Entry]) -> None:
    if not chosen:
        st.caption("Tick the runs to bring back.")
        return
    st.button(
        f"Restore {len(chosen)}" if len(chosen) > 1 else "Restore", type="primary",
        icon=":material/undo:", key="library:restore", on_click=_bring_back,
        args=(source, [each.id for each in chosen]),
    )  # fmt: skip


def _bring_back(source: Holder, run_ids: list[str]) -> None:
    source.library().restore(run_ids)
    st.session_state.pop(_DELETED, None)
    _count_change()


def _table(entries: list[Entry]) -> list[Entry]:
    """Draw the table and return the entries of the chosen rows."""
    rows = [asdict(each) | {"size": each.size / 1e6} for each in entries]
    frame = pd.DataFrame(rows)[["title", "kind", "model", "text", "tags", "created", "size"]]
    frame["created"] = pd.to_datetime(frame["created"], errors="coerce", utc=True)
    frame["title"] = [each.title or "(no title)" for each in entries]
    # Rows and changes are part of the key: a choice must not move on to another run, nor come
    # back with a run whose tick is no longer on screen.
    changes = st.session_state.get(_CHANGES, 0)
    key = f"library:table:{changes}:{hash(tuple(each.id for each in entries))}"
    event = st.dataframe(
        frame,
        key=key,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "title": st.column_config.TextColumn("title", width="medium", pinned=True),
            "text": st.column_config.TextColumn("text", width="large"),
            "tags": st.column_config.ListColumn("tags"),
            "created": st.column_config.DatetimeColumn(
                "created", format="YYYY-MM-DD HH:mm", width=140
            ),
            "size": st.column_config.NumberColumn("size (MB)", format="%.2f"),
        },
    )
    return [entries[row] for row in event["selection"]["rows"] if row < len(entries)]


def _actions(source: Holder, chosen: list[Entry]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="chosen"):
        if len(chosen) == 1:
            entry = chosen[0]
            if entry.kind in PAGE_OF_KIND:
                st.button(
                    "Open", type="primary", icon=":material/open_in_new:", key="library:open",
                    on_click=_mark, args=(source, entry),
                )  # fmt: skip
            with st.popover("Rename, tag", icon=":material/edit:"):
                _edit(source, entry)
            path = source.library().file(entry.id)
            st.download_button(
                "Download", path.read_bytes, f"{entry.kind}_{entry.id}.safetensors",
                on_click="ignore", icon=":material/download:", key="library:download",
            )  # fmt: skip
        if len(chosen) == 2 and chosen[0].kind == chosen[1].kind in KINDS:
            st.button(
                "Compare", type="primary", icon=":material/compare_arrows:", key="library:compare",
                on_click=_compare, args=(source, chosen),
            )  # fmt: skip
        st.button(
            f"Delete {len(chosen)}" if len(chosen) > 1 else "Delete", icon=":material/delete:",
            key="library:delete", on_click=_delete, args=(source, [each.id for each in chosen]),
        )  # fmt: skip
    if target := st.session_state.pop("library:go", None):
        st.switch_page(f"pages/{target}.py")


def _mark(source: Holder, entry: Entry) -> None:
    state.show_run(entry.kind, source.saved_key(entry.id))
    st.session_state["library:go"] = PAGE_OF_KIND[entry.kind]


def _compare(source: Holder, chosen: list[Entry]) -> None:
    a, b = (f"run:{source.saved_key(each.id)}" for each in chosen)
    state.put(a=a, b=b, divergence_run=None)
    st.session_state["library:go"] = "compare"


def _edit(source: Holder, entry: Entry) -> None:
    title, tags = f"edit:title:{entry.id}", f"edit:tags:{entry.id}"
    with st.form(f"edit:{entry.id}", border=False):
        st.text_input("Title", entry.title, key=title, max_chars=200)
        st.text_input("Tags", ", ".join(entry.tags), key=tags, help="Commas between.")

        def keep() -> None:
            try:
                source.library().tag(entry.id, split_tags(st.session_state[tags]))
                source.library().rename(entry.id, st.session_state[title])
                _count_change()
            except EntroscopeError as error:
                state.notice(str(error))

        st.form_submit_button("Keep", type="primary", on_click=keep)


def _delete(source: Holder, run_ids: list[str]) -> None:
    source.library().delete(run_ids)
    st.session_state[_DELETED] = run_ids
    _count_change()


def _undo(source: Holder) -> None:
    run_ids = st.session_state.get(_DELETED)
    if not run_ids:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="undo"):
        runs = "1 run" if len(run_ids) == 1 else f"{len(run_ids)} runs"
        st.info(f"{runs} moved to the trash, which keeps them for 30 days.", width="stretch")
        st.button(
            "Undo", icon=":material/undo:", key="library:undo", on_click=_restore, args=(source,)
        )


def _restore(source: Holder) -> None:
    source.library().restore(st.session_state.pop(_DELETED))
    _count_change()


def _count_change() -> None:
    st.session_state[_CHANGES] = st.session_state.get(_CHANGES, 0) + 1
