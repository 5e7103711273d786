"""Controls of this page that keep their value while the reader looks at others."""

from __future__ import annotations

from typing import Any

import streamlit as st


def key_of(name: str) -> str:
    """Return the session key of a control."""
    return f"trajectories:{name}"


def kept(name: str, default: Any) -> dict[str, Any]:
    """Return the arguments that give a widget its key, first value and a life beyond the page."""
    st.session_state.setdefault(key_of(name), default)
    return {"key": key_of(name), "persist_state": "session"}
