"""Hearing which head was clicked in a chart."""

from __future__ import annotations

import streamlit as st

from ..charts.common import PICK
from .choice import choose_head


def pick_head(key: str) -> None:
    """Choose the head last clicked in the chart ``key``; call it in its ``on_select``."""
    points = st.session_state[key]["selection"].get(PICK, [])
    now = {(int(point["layer"]), int(point["head"])) for point in points if "head" in point}
    before = st.session_state.get(f"{key}:before", set())
    st.session_state[f"{key}:before"] = now
    changed = now ^ before
    if len(changed) == 1:
        choose_head(*changed.pop())
