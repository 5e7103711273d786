"""Two heads side by side."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend.derived.heads import Flags
from backend.runs import AttentionRun

from .. import checks
from ..controls import Control
from .numbers import Options, head_name
from .panel import head_panel

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
    control = _second(known)
    st.selectbox(
        f"Compare {head_name(*head)} with",
        known,
        format_func=lambda each: head_name(*each),
        width=270,
        **control.widget(),
    )
    second = control.value
    draw(run, [head, second], options, pinned, "attention-compare")
    with st.container(key="stack-compare"):
        columns = st.columns(2, gap="large")
    for key, column, each in zip(("first", "second"), columns, (head, second), strict=True):
        with column:
            head_panel(run, each, options, flagged, f"panel-{key}")


def _second(known: list[Head]) -> Control[Head]:
    """Return the control of the second head, one of those known."""

    def check(text: str) -> Head:
        layer, head = checks.several(checks.whole(0, 9999), 2, 2)(text)
        if (layer, head) not in known:
            raise ValueError("there is no such head to compare with")
        return layer, head

    return Control("attention.second", known[0], check)
