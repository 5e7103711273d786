"""A text run on screen: the strip with its controls, the pinned token beside it, the charts below.

All of it is one fragment with one cursor: a pin anywhere moves the cursor everywhere, and neither
the page around it nor a model takes part.
"""

from __future__ import annotations

from typing import Any, Literal, cast

import numpy as np
import streamlit as st

from backend.runs import TextRun, series, spans
from components import state
from components.metrics import piece_metrics, text_metrics
from components.text_charts import text_charts
from components.token_panel import token_panel
from components.token_strip import Metric, token_strip

Level = Literal["token", "word", "sentence"]
LEVELS: tuple[Level, ...] = ("token", "word", "sentence")
WIDTHS = (1, 32)


@st.fragment
def text_view(run: TextRun) -> None:
    """Draw ``run`` with everything that can be asked of it without a model."""
    unit = state.unit()
    pieces, level = None, _level()
    if level != "token":
        pieces = spans.split(run, level)
    metrics = text_metrics(run, unit, window=window(), automatic=_automatic())
    coloured = (
        metrics
        if pieces is None
        else piece_metrics(run, pieces, unit, level, automatic=_automatic())
    )
    _toolbar(run, coloured)
    with st.container(key="stack-strip"):
        left, right = st.columns([1.85, 1], gap="large")
    with left:
        pinned = token_strip(
            run,
            coloured,
            metric=_metric(coloured),
            key="tokens:strip",
            pinned=state.pinned(len(run)),
            level=level,
            spans=None if pieces is None else pieces.of_token,
            raw=_raw(),
            on_pin=state.pin,
        )
        text_charts(run, metrics, pinned)
    with right, st.container(key="panel"):
        token_panel(run, metrics, pinned)


def window() -> int:
    """Return the width of the window entropy, in tokens."""
    return int(st.session_state.get("tokens:window", 5))


def _toolbar(run: TextRun, metrics: list[Metric]) -> None:
    labels = {metric.key: metric.label for metric in metrics}
    if state.get("metric") not in labels:
        state.put(metric=next(iter(labels)))
    with st.container(
        horizontal=True, vertical_alignment="bottom", gap="small", key="strip-toolbar"
    ):
        st.selectbox(
            "Colour by",
            list(labels),
            format_func=labels.__getitem__,
            width=230,
            **state.widget("metric"),
        )
        st.segmented_control("One value per", LEVELS, required=True, **_kept("level", "token"))
        with st.popover("View", icon=":material/visibility:"):
            st.toggle(
                "Raw tokens",
                help="Every token by itself, with escapes and ids.",
                **_kept("raw", False),
            )
            st.toggle(
                "Colours span this text",
                help="Off: a fixed range, so that texts can be compared.",
                **_kept("automatic", False),
            )
            st.slider("Window width in tokens", *WIDTHS, **_kept("window", 5))
        st.space("stretch")
        _jumps(run)


def _jumps(run: TextRun) -> None:
    targets = {
        "Most uncertain": run.entropy,
        "Largest surprisal": run.surprisal,
        "Largest gap": np.abs(series.gap(run)),
    }
    known = bool(np.isfinite(run.entropy).any())
    for label, values in targets.items():
        st.button(
            label,
            key=f"jump:{label}",
            disabled=not known,
            help="Pin the token where |surprisal − entropy| is largest."
            if "gap" in label
            else None,
            on_click=state.pin,
            args=(int(np.nanargmax(values)) if known else None,),
        )


def _metric(metrics: list[Metric]) -> str:
    keys = [metric.key for metric in metrics]
    return state.get("metric") if state.get("metric") in keys else keys[0]


def _level() -> Level:
    return cast(Level, st.session_state.get("tokens:level") or "token")


def _raw() -> bool:
    return st.session_state.get("tokens:raw", False)


def _automatic() -> bool:
    return st.session_state.get("tokens:automatic", False)


def _kept(name: str, default: Any) -> dict[str, Any]:
    """Return the arguments of a control of this view whose value outlives the page."""
    st.session_state.setdefault(f"tokens:{name}", default)
    return {"key": f"tokens:{name}", "persist_state": "session"}
