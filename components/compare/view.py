"""Two runs of one kind, whichever it is."""

from __future__ import annotations

import streamlit as st

from backend.errors import InputError
from backend.runs import AttentionRun, DatasetRun, Run, TextRun, TrajectoryRun

from ..plain import escape_markdown
from ..summary import model_line
from .dataset_view import compare_datasets
from .divergence import Comparer
from .other_views import compare_attention, compare_trajectories
from .text_view import compare_texts


def compare_view(source: Comparer, a: Run, b: Run) -> None:
    """Draw the comparison of ``b`` against ``a``.

    Raises:
        InputError: they are not of one kind, or cannot be compared; with the reason.
    """
    with st.container(gap="xsmall"):
        for side, run in (("A", a), ("B", b)):
            st.caption(f"{side}: {model_line(run.model)}")
    if a.note and a.note == b.note:
        st.markdown(escape_markdown(a.note))
    if isinstance(a, TextRun) and isinstance(b, TextRun):
        compare_texts(source, a, b)
    elif isinstance(a, AttentionRun) and isinstance(b, AttentionRun):
        compare_attention(a, b)
    elif isinstance(a, TrajectoryRun) and isinstance(b, TrajectoryRun):
        compare_trajectories(a, b)
    elif isinstance(a, DatasetRun) and isinstance(b, DatasetRun):
        compare_datasets(a, b)
    elif a.kind == b.kind:
        raise InputError(f"A run of kind {a.kind} is a comparison already: open it by itself.")
    else:
        raise InputError(f"A is a run of kind {a.kind}, B of kind {b.kind}: choose two alike.")
