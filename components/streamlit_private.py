"""Everything that leans on how Streamlit 1.67 is made, and not on what it promises.

Each use has a test; the browser's counterpart is ``browser/private.js``.
"""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx


def intend_page(page: st.Page) -> None:
    """Let ``st.navigation`` choose ``page`` in this run, whatever page the browser asked for.

    The browser draws another lens by itself and reports it; a run that named the old page would
    take it back.
    """
    context = get_script_run_ctx()
    if context is not None:
        context.pages_manager.set_script_intent(page._script_hash, "")


def came_back() -> bool:
    """Tell whether this run follows Back or Forward in the browser."""
    context = get_script_run_ctx()
    return bool(context and context.is_history_navigation)


def forget_closed_sessions() -> None:
    """Let go of sessions whose readers have not come back in time.

    Streamlit keeps them until another one is closed, and a server that nobody visits keeps them
    all.
    """
    if runtime.exists():
        manager: Any = runtime.get_instance()._session_mgr
        with manager._storage_lock:
            manager._session_storage._cache.expire()
