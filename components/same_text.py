"""A link from a run on Tokens to that on Attention of the same text, and back."""

from __future__ import annotations

from typing import Literal

import numpy as np
import streamlit as st

from backend.errors import EntroscopeError
from backend.runs import TokenizedRun

from . import state
from .current_run import RunSource
from .shell import PAGES


def same_text(source: RunSource, run: TokenizedRun, page: Literal["tokens", "attention"]) -> None:
    """Draw a link to ``page`` when that shows the same tokens, read by the same model.

    Args:
        source: ``backend.cached``.
        run: that is shown here.
        page: the other one.
    """
    if _shows(source, "text" if page == "tokens" else "attention", run):
        target = next(each for each in PAGES if each.name == page)
        with st.container(key="same-text"):
            st.page_link(target.file, label=f"See the {page} of this text", icon=target.icon)


def _shows(source: RunSource, kind: str, run: TokenizedRun) -> bool:
    key = state.get(state.run_parameter(kind))
    try:
        other = None if key is None else source.find_run(key)
    except EntroscopeError:  # the other page will say so
        return False
    if not isinstance(other, TokenizedRun) or other.kind != kind or other.model != run.model:
        return False
    return np.array_equal(other.token_ids, run.token_ids)
