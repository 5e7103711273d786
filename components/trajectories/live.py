"""The texts while they are written."""

from __future__ import annotations

import html
from typing import Protocol

import streamlit as st

SHOWN_END = 400  # characters of each text; the end is where something happens
SHORT_END = 90  # characters at least, however many seeds share the room

_STYLE = """<style>
.live { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem;
  max-height: 26rem; overflow: auto; }
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
    """Draw the texts of every sampler as they grow; of several seeds the ends, below each other."""
    seeds = len(so_far.texts[0]) if so_far.texts else 0
    shown = SHOWN_END if seeds <= 1 else max(SHORT_END, SHOWN_END // seeds)
    lines = [
        _line(label if seed == 0 else "", text, running, shown)
        for label, texts, states in zip(so_far.labels, so_far.texts, so_far.running, strict=True)
        for seed, (text, running) in enumerate(zip(texts, states, strict=True))
    ]
    with st.container(border=True, key="trajectories-live"):
        st.html(f'{_STYLE}<div class="live">{"".join(lines)}</div>')
        if seeds > 1:
            st.caption(f"{seeds} seeds of each sampler, in their order; the ends of their texts.")


def _line(label: str, text: str, running: bool, shown: int) -> str:
    end = text if len(text) <= shown else f"…{text[-shown:]}"
    kind, cursor = ("", "<i>▍</i>") if running else (' class="done"', "")
    return f"<b>{html.escape(label)}</b><span{kind}>{html.escape(end)}{cursor}</span>"
