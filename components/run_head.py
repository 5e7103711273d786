"""The head of every run on a page: its name, its model, what to do with it, what to look at."""

from __future__ import annotations

import streamlit as st

from backend.runs import Run, TokenizedRun

from .library import run_actions
from .library.actions import Keeper
from .plain import escape_markdown
from .summary import model_line


def run_head(source: Keeper, run: Run, slot: str, untitled: str) -> None:
    """Draw the head. Title and note may come from a file of somebody else: they are plain text.

    Args:
        source: ``backend.cached``.
        run: what the page shows.
        slot: of the page's jobs.
        untitled: the heading of a run nobody has named.
    """
    st.subheader(escape_markdown(run.title) or untitled, anchor=False)
    st.caption(model_line(run.model))
    run_actions(source, run, slot)
    if run.note:
        st.markdown(escape_markdown(run.note))
    if isinstance(run, TokenizedRun) and not run.exact:
        st.info(
            "This model's tokenizer changes the text before it reads it, or lacks one of its "
            "characters: the tokens do not spell it letter by letter.",
            icon=":material/spellcheck:",
        )
