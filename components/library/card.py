"""One saved run as a card: its picture, its name, and what can be done with it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from backend.characters import without_steering
from backend.charts.colours import ThemeName
from backend.charts.preview import drawing
from backend.errors import EntroscopeError
from backend.lenses import LENSES
from backend.storage.library import Entry, Library

from ..plain import escape_markdown

_TITLE = 80


def card(
    library: Library,
    entry: Entry,
    preview: str,
    theme: ThemeName,
    *,
    ticked: bool,
    tick: Callable[[str], None],
    deleted: bool,
    changed: Callable[[], None],
) -> bool:
    """Draw a card and return whether it was pressed.

    Args:
        library: that it is in.
        entry: what the index says.
        preview: what its picture is drawn from.
        theme: of the page.
        ticked: whether it is.
        tick: called with its id when its tick changes.
        deleted: whether it is in the trash.
        changed: called when its name or tags changed.
    """
    changes = st.session_state.get("library:changes", 0)
    name = name_of(entry)
    with st.container(border=True, key=f"card-{entry.id}", gap="xsmall"):
        st.html(_picture(preview, theme))
        pressed = st.button(
            escape_markdown(name), type="tertiary", key=f"open-{entry.id}", disabled=deleted,
        )  # fmt: skip
        st.html(_words(entry))
        with st.container(horizontal=True, vertical_alignment="center", key=f"foot-{entry.id}"):
            st.checkbox(
                "Tick", ticked, key=f"tick-{entry.id}-{changes}", on_change=tick, args=(entry.id,)
            )
            st.space("stretch")
            if not deleted:
                _more(library, entry, name, changed)
    return pressed


def _picture(preview: str, theme: ThemeName) -> str:
    """Return the picture as an image: Streamlit takes SVG out of HTML."""
    written = b64encode(drawing(preview, theme).encode()).decode()
    return f'<img class="card-picture" alt="" src="data:image/svg+xml;base64,{written}">'


def name_of(entry: Entry) -> str:
    """Return the name of a run: its title, else how its text begins."""
    name = " ".join((entry.title or entry.text or LENSES[entry.kind].title).split())
    name = without_steering(name)
    return name if len(name) <= _TITLE else f"{name[: _TITLE - 1]}…"


def _words(entry: Entry) -> str:
    kind = LENSES[entry.kind].title if entry.kind in LENSES else entry.kind
    tags = "".join(f"<span>{_shown(tag)}</span>" for tag in entry.tags)
    text = _shown(entry.text) if entry.title else ""
    return (
        f'<div class="card-words"><p class="card-text" dir="auto">{text}</p>'
        f"<p>{_shown(kind)} · {_shown(entry.model)}</p>"
        f"<p>{date_in_full(entry.created)}</p>"
        f'<p class="card-tags">{tags}</p></div>'
    )


def _shown(text: str) -> str:
    return escape(without_steering(text))


def date_in_full(written: str) -> str:
    """Return an ISO 8601 time as "12 March 2026, 14:05", in the reader's time zone."""
    try:
        time = datetime.fromisoformat(written)
    except ValueError:
        return ""
    try:
        zone = ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = UTC
    here = (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(zone)
    return f"{here.day} {here:%B %Y, %H:%M}"


def _more(library: Library, entry: Entry, name: str, changed: Callable[[], None]) -> None:
    box = st.popover(
        "More", type="tertiary", key=f"more-{entry.id}",
        help=f"Rename, tag, download: {escape_markdown(name)}", on_change="rerun",
    )  # fmt: skip
    if not box.open:  # a page of cards would hold many forms that nobody sees
        return
    with box:
        with st.form(f"edit-{entry.id}", border=False):
            title = st.text_input("Name", entry.title, max_chars=200)
            tags = st.text_input("Tags", ", ".join(entry.tags), help="With commas between.")
            if st.form_submit_button("Keep", type="primary", disabled=not library.writable):
                _rename(library, entry, title, tags, changed)
        st.download_button(
            f"Run file ({size_of(entry.size)})", lambda: library.file(entry.id).read_bytes(),
            f"{entry.kind}_{entry.id}.safetensors", on_click="ignore", icon=":material/download:",
            key=f"download-{entry.id}",
        )  # fmt: skip


def _rename(
    library: Library, entry: Entry, title: str, tags: str, changed: Callable[[], None]
) -> None:
    try:
        library.tag(entry.id, tags.split(","))
        library.rename(entry.id, title)
    except EntroscopeError as error:
        st.error(escape_markdown(str(error)))
        return
    changed()
    st.rerun(scope="fragment")


def size_of(count: int) -> str:
    """Return a size as people write it: "3 kB", "1.2 MB"."""
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{max(1, round(count / 1e3))} kB"
