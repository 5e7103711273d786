"""Everything that leans on how Streamlit 1.67 is made, and not on what it promises.

Each use has a test; the browser's counterpart is ``browser/private.js``.
"""

from __future__ import annotations

import streamlit as st
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
