"""The texts while they are written."""

from __future__ import annotations

import html
from typing import Protocol

import streamlit as st

SHOWN_END = 400  # characters of each text; the end is where something happens

_STYLE = """<style>
.live { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; }
.live b { font-weight: 600; font-size: 0.875rem; }
.live span { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 0.875rem; }
.live span.done { opacity: 0.65; }
.live i { font-style: normal; opacity: 0.5; }
</style>"""


class SoFar(Protocol):
    """What a running study shows: ``backend.studies.trajectories.TrajectoriesSoFar``."""

    @property
    def labels(self) -> list[str]: ...
    @property
    def texts(self) -> list[list[str]]: ...
    @property
    def running(self) -> list[list[bool]]: ...


def live_texts(so_far: SoFar) -> None:
    """Draw the first seed's text of every sampler as it grows."""
    lines = [
        _line(label, texts[0], running[0])
        for label, texts, running in zip(so_far.labels, so_far.texts, so_far.running, strict=True)
    ]
    with st.container(border=True, key="trajectories-live"):
        st.html(f'{_STYLE}<div class="live">{"".join(lines)}</div>')
        seeds = len(so_far.texts[0]) if so_far.texts else 0
        if seeds > 1:
            st.caption(f"The first of {seeds} seeds; all are shown once it is done.")


def _line(label: str, text: str, running: bool) -> str:
    shown = text if len(text) <= SHOWN_END else f"…{text[-SHOWN_END:]}"
    kind, cursor = ("", "<i>▍</i>") if running else (' class="done"', "")
    return f"<b>{html.escape(label)}</b><span{kind}>{html.escape(shown)}{cursor}</span>"
