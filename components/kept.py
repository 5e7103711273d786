"""Widgets that keep their value while the reader looks at other pages."""

from __future__ import annotations

from typing import Any

import streamlit as st


def kept(page: str, name: str, default: Any) -> dict[str, Any]:
    """Return the arguments that give a widget its key, first value and a life beyond the page.

    Args:
        page: whose widget it is.
        name: of the widget; the session has its value as "<page>:<name>".
        default: the first value.
    """
    key = f"{page}:{name}"
    st.session_state.setdefault(key, default)
    return {"key": key, "persist_state": "session"}
