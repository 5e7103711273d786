"""A button that puts an address of this page into the clipboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

FOLDER = Path(__file__).parent

_mount = component(
    "copy_link",
    html='<button type="button" aria-live="polite"></button>'
    '<input readonly aria-label="Link" hidden>',
    css=(FOLDER / "copy_link.css").read_text(encoding="utf-8"),
    js=(FOLDER / "copy_link.js").read_text(encoding="utf-8"),
)


def copy_link(
    put: Mapping[str, str] | None = None, drop: Sequence[str] = (), *, key: str, help: str
) -> None:
    """Draw the button; the link is the address the browser is on when it is clicked.

    If the address names another run by then, the page is about to be drawn anew, and the button
    waits for that.

    Args:
        put: parameters to set in it.
        drop: parameters to leave out.
        key: of the component.
        help: what the link will open, shown as a tooltip.
    """
    put = dict(put or {})
    drawn_at = {name: st.query_params.get(name) for name in [*put, *drop]}
    data = {
        "put": put, "drop": list(drop), "drawn_at": drawn_at, "label": "Copy link", "help": help,
    }  # fmt: skip
    _mount(key=key, data=data, height="content", width="content")
