"""Choosing a shipped example: it shows at once, as no model is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import streamlit as st

from . import state


class Example(Protocol):
    """A shipped example, as ``backend.cached`` lists it."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def kind(self) -> str: ...


def example_picker(kind: str, titles: Mapping[str, str], default: str) -> None:
    """Offer the examples of a kind; choosing one makes it the current run.

    Args:
        kind: of the runs, such as "text".
        titles: what to call each example, by name.
        default: shown when neither a run nor an example was chosen.
    """
    own_run = state.get(state.run_parameter(kind)) is not None
    current = None if own_run else state.get(state.example_parameter(kind)) or default
    # Another run, another widget: a late report on the old one must not bring its example back.
    key = f"choose:{kind}:example:{current}"
    st.session_state.setdefault(key, current if current in titles else None)

    def take() -> None:
        name = st.session_state[key]
        if name not in (None, current):  # a browser may report what it was shown as news
            state.show_example(kind, name)

    st.pills(
        "Examples, ready to look at",
        list(titles),
        format_func=titles.__getitem__,
        key=key,
        on_change=take,
        wrap=True,
    )
