"""The whole page: what is looked for, the cards of it, and what can be done with those ticked."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend.errors import EntroscopeError
from backend.lenses import LENSES
from backend.storage.library import Entry, Library, Sort

from .. import comparing, session
from ..menu import page_of, streamlit_pages
from ..plain import escape_markdown
from ..source import Source
from .card import card
from .upload import upload

PAGE_SIZE = 24
SORTS: dict[str, tuple[Sort, bool]] = {
    "Latest first": ("saved", True),
    "Oldest first": ("saved", False),
    "By name": ("title", False),
    "By model": ("model", False),
    "By kind": ("kind", False),
    "Largest first": ("size", True),
}
ALL = "All kinds"
EMPTY = (
    "**Nothing is saved yet.** Every run has a **Save** in the line above its picture: it comes "
    "here, with its numbers, and opens again as it was. Files that somebody gave you go in by "
    "**Add files**."
)
_TICKED = "library:ticked"
_DELETED = "library:deleted"
_FROM = "library:from"
_CHANGES = "library:changes"


@st.fragment
def library_page(source: Source) -> None:
    """Draw the page; what is pressed on it draws nothing else again."""
    _begin()
    with st.container(horizontal=True, vertical_alignment="center", key="library-top"):
        st.title("Library", anchor=False, width="content")
        st.space("stretch")
        try:
            library = source.library()
        except EntroscopeError as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")
            return
        upload(library)
    if not library.writable:
        st.warning(
            "The library may only be read now: what is here opens, but nothing can be saved, named "
            "or thrown away. Everything else works.",
            icon=":material/lock:",
        )
    try:
        _draw(source, library)
    except EntroscopeError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")


def _begin() -> None:
    """Take over what an older address looked for, once."""
    if "library:search" not in st.session_state:
        said = st.query_params
        st.session_state["library:search"] = said.get("library.search", "")[:200]
        kind = said.get("library.kind", "")
        st.session_state["library:kind"] = LENSES[kind].title if kind in LENSES else ALL
        st.session_state["library:deleted-shown"] = said.get("library.deleted") == "on"


def _draw(source: Source, library: Library) -> None:
    kinds = {LENSES[kind].title: kind for kind in LENSES if LENSES[kind].shows is None}
    tags = library.tags()
    with st.container(horizontal=True, vertical_alignment="bottom", key="library-filters"):
        search = st.text_input(
            "Search", placeholder="Name, text, model or tag", icon=":material/search:", live=True,
            key="library:search", persist_state="session", label_visibility="collapsed",
            on_change=_from_the_start,
        )  # fmt: skip
        kind = st.selectbox(
            "Kind", [ALL, *kinds], key="library:kind", persist_state="session", width=180,
            label_visibility="collapsed", on_change=_from_the_start,
        )  # fmt: skip
        order = st.selectbox(
            "Order", list(SORTS), key="library:order", persist_state="session", width=150,
            label_visibility="collapsed",
        )  # fmt: skip
        deleted = st.toggle(
            "Trash", key="library:deleted-shown", persist_state="session",
            on_change=_from_the_start,
            help="What was thrown away stays here for 30 days, less where its place is needed.",
        )  # fmt: skip
    tag = None
    if tags and not deleted:
        tag = st.pills(
            "Tags", tags[:20], key="library:tag", label_visibility="collapsed",
            format_func=escape_markdown, on_change=_from_the_start,
        )  # fmt: skip
    sort, descending = SORTS[order or "Latest first"]
    entries = library.entries(
        search or "", kind=kinds.get(kind or ALL), sort=sort, descending=descending,
        deleted=deleted, tag=tag,
    )  # fmt: skip
    _undo(source, library)
    if not entries:
        looked_for = search or tag or (kind and kind != ALL)
        _nothing("The trash is empty." if deleted else "Nothing found." if looked_for else "")
        return
    shown = _page(entries)
    _ticked(source, library, entries, deleted=deleted)
    _cards(source, library, shown, deleted=deleted)


def _nothing(words: str) -> None:
    if words:
        st.info(words, icon=":material/search_off:")
        return
    with st.container(key="library-empty"):
        st.markdown(EMPTY)
        st.page_link(_streamlit_page("text"), label="Read a text", icon=":material/arrow_forward:")


def _from_the_start() -> None:
    st.session_state[_FROM] = 0


def _page(entries: list[Entry]) -> list[Entry]:
    """Return the entries that are shown, with buttons for those before and behind."""
    first = min(st.session_state.get(_FROM, 0), (len(entries) - 1) // PAGE_SIZE * PAGE_SIZE)
    last = min(first + PAGE_SIZE, len(entries))
    with st.container(horizontal=True, vertical_alignment="center", key="library-count"):
        runs = "1 run" if len(entries) == 1 else f"{len(entries):,} runs"
        if len(entries) <= PAGE_SIZE:
            st.caption(f"{runs}. Click one to open it, tick two to compare them.")
        else:
            st.caption(f"{first + 1:,}–{last:,} of {runs}. Click one to open it.")
            for name, step in (("Before", -PAGE_SIZE), ("Next", PAGE_SIZE)):
                st.button(
                    name, type="tertiary", key=f"library:{name}", on_click=_turn,
                    args=(first + step,), disabled=not 0 <= first + step < len(entries),
                )  # fmt: skip
    return entries[first:last]


def _turn(first: int) -> None:
    st.session_state[_FROM] = first


def _cards(source: Source, library: Library, shown: list[Entry], *, deleted: bool) -> None:
    theme = "dark" if st.context.theme.type == "dark" else "light"
    previews = library.previews([each.id for each in shown])
    ticked = st.session_state.get(_TICKED, [])
    with st.container(key="library-cards"):
        for entry in shown:
            pressed = card(
                library, entry, previews.get(entry.id, ""), theme, ticked=entry.id in ticked,
                tick=_tick, deleted=deleted, changed=_changed,
            )  # fmt: skip
            if pressed and not deleted:
                _open(source, entry)


def _tick(run_id: str) -> None:
    ticked: list[str] = st.session_state.setdefault(_TICKED, [])
    if run_id in ticked:
        ticked.remove(run_id)
    else:
        ticked.append(run_id)


def _ticked(source: Source, library: Library, entries: list[Entry], *, deleted: bool) -> None:
    """Draw what can be done with the ticked ones, in the order they were ticked."""
    known = {each.id: each for each in entries}
    chosen = [known[each] for each in st.session_state.get(_TICKED, []) if each in known]
    if not chosen:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="library-ticked"):
        several = f" {len(chosen)}" if len(chosen) > 1 else ""
        ids = [each.id for each in chosen]
        if deleted:
            st.button(
                f"Restore{several}", type="primary", icon=":material/undo:", key="library:restore",
                on_click=_doing, args=(lambda: library.restore(ids),),
            )  # fmt: skip
            return
        linked = [each for each in ids if each in library.shares()]
        if linked:
            st.button(
                "Take back the link" if len(linked) == 1 else f"Take back {len(linked)} links",
                icon=":material/link_off:", key="library:unshare", on_click=_doing,
                args=(lambda: library.unshare(linked),),
                help="Whoever has the link can read this run until it is taken back.",
            )  # fmt: skip
        if len(chosen) == 2 and chosen[0].kind == chosen[1].kind:
            if st.button("Compare the two", type="primary", key="library:compare"):
                _compare(source, chosen)
        elif len(chosen) == 2:
            st.caption("Two runs of one kind can be compared.")
        elif len(chosen) == 1:
            st.caption("One is ticked: tick another of its kind to compare the two.")
        else:
            st.caption(f"{len(chosen)} are ticked.")
        st.button(
            f"Throw away{several}", icon=":material/delete:", key="library:delete",
            on_click=_delete, args=(library, ids), disabled=not library.writable,
        )  # fmt: skip
        st.button("Untick all", type="tertiary", key="library:untick", on_click=_untick)


def _untick() -> None:
    st.session_state[_TICKED] = []
    _changed()


def _changed() -> None:
    """Give every card new widgets: what was typed or ticked belongs to what was there before."""
    st.session_state[_CHANGES] = st.session_state.get(_CHANGES, 0) + 1


def _doing(act: Callable[[], None]) -> None:
    """Do something with the ticked ones, and tell what goes wrong."""
    try:
        act()
    except EntroscopeError as error:
        st.toast(escape_markdown(str(error)), icon=":material/error:")
        return
    _untick()


def _delete(library: Library, ids: list[str]) -> None:
    def act() -> None:
        library.delete(ids)
        st.session_state[_DELETED] = ids

    _doing(act)


def _undo(source: Source, library: Library) -> None:
    ids = st.session_state.get(_DELETED)
    if not ids:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="library-undo"):
        runs = "1 run" if len(ids) == 1 else f"{len(ids)} runs"
        words = f"{runs} moved to the trash, which keeps them for 30 days."
        titles = source.own_lessons().using(ids)
        if titles:
            quoted = ", ".join(f"“{escape_markdown(each)}”" for each in titles)
            words += f" **A lesson of yours shows what you threw away: {quoted}.**"
        st.info(words, width="stretch")
        st.button(
            "Undo", icon=":material/undo:", key="library:undo", on_click=_restore, args=(library,)
        )


def _restore(library: Library) -> None:
    ids = st.session_state.pop(_DELETED)
    _doing(lambda: library.restore(ids))


# To other pages


def _open(source: Source, entry: Entry) -> None:
    """Open a run in its lens: all lenses share its text."""
    key = source.saved_key(entry.id)
    found = source.find_run(key)
    if found is None:
        st.toast("This run is not here any longer.", icon=":material/error:")
        return
    session.show(session.saved_reading(source, found, key))
    st.switch_page(_streamlit_page(entry.kind))


def _compare(source: Source, chosen: list[Entry]) -> None:
    a, b = (f"run:{source.saved_key(each.id)}" for each in chosen)
    try:
        session.show(comparing.pair(source, a, b))
    except EntroscopeError as error:
        st.toast(escape_markdown(str(error)), icon=":material/error:")
        return
    st.switch_page(_streamlit_page(comparing.KIND))


def _streamlit_page(kind: str) -> st.Page:
    wanted = page_of(kind).name
    return next(
        each for own in streamlit_pages().values() for each in own if each.url_path == wanted
    )
