"""What the charts share: colours that hold in both themes, the cursor, and picking a token."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

BLUE, ORANGE, GREY = "#3D8BC4", "#E69F00", "#8A94A0"
CURSOR_COLOUR = "#D55E00"
PICK = "picked"


def cursor_frame(token: int | None) -> pd.DataFrame:
    """Return the data ``cursor`` of a chart: the pinned token, or -1 for none."""
    return pd.DataFrame({"token": [-1 if token is None else token]})


def cursor_rule(x: alt.X) -> alt.Chart:
    """Return a vertical rule at the token of the data ``cursor``."""
    return (
        alt.Chart(alt.NamedData("cursor"))
        .mark_rule(color=CURSOR_COLOUR, strokeWidth=2)
        .transform_filter("datum.token >= 0")
        .encode(x=x)
    )


def picking() -> alt.Parameter:
    """Return a selection that takes the point nearest to a click.

    Each click adds or removes a token, so that clicking the same token twice is still heard.
    """
    return alt.selection_point(
        name=PICK, fields=["token"], nearest=True, on="click", toggle="true", clear=False
    )


def picked_token(key: str) -> int | None:
    """Return the token last clicked in the chart ``key``; call it in its ``on_select``."""
    points = st.session_state[key]["selection"].get(PICK, [])
    now = {int(point["token"]) for point in points}
    before = st.session_state.get(f"{key}:before", set())
    st.session_state[f"{key}:before"] = now
    changed = now ^ before
    return changed.pop() if len(changed) == 1 else None
