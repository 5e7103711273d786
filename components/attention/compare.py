"""Two heads side by side."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend.runs import AttentionRun
from backend.runs.heads import Flags
from components.attention.numbers import Options, head_name
from components.attention.panel import head_panel

Head = tuple[int, int]


def compare(
    run: AttentionRun,
    head: Head,
    options: Options,
    flagged: Flags,
    pinned: int | None,
    draw: Callable[[AttentionRun, list[Head], Options, int | None, str], None],
) -> None:
    """Let the reader choose a second head, and draw both.

    Args:
        run: the run.
        head: the first head.
        options: of the page.
        flagged: of the page.
        pinned: the cursor.
        draw: draws the curves of heads.
    """
    heads = [(layer, each) for layer in range(run.model.layers) for each in range(run.model.heads)]
    known = [each for each in heads if each != head and str(each[0]) not in run.reasons]
    if not known:
        st.caption("There is no second head to compare with.")
        return
    key = "attention:second"
    if st.session_state.get(key) not in known:
        st.session_state[key] = known[0]
    second = st.selectbox(
        f"Compare {head_name(*head)} with",
        known,
        format_func=lambda each: head_name(*each),
        key=key,
        width=270,
    )
    draw(run, [head, second], options, pinned, "attention-compare")
    with st.container(key="stack-compare"):
        columns = st.columns(2, gap="large")
    for key, column, each in zip(("first", "second"), columns, (head, second), strict=True):
        with column:
            head_panel(run, each, options, flagged, f"panel-{key}")
