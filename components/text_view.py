"""A text run on screen: the strip with its controls, the pinned token beside it, the charts below.

All of it is one fragment with one cursor: a pin anywhere moves the cursor everywhere, and neither
the page around it nor a model takes part.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import streamlit as st

from backend.derived import series, spans
from backend.runs import TextRun

from . import checks, state
from .controls import Control
from .figure import About, explain
from .metrics import PIECE_MEASURES, piece_metrics, text_metrics
from .text_charts import WINDOW, text_charts
from .token_panel import token_panel
from .token_strip import Metric, token_strip
from .token_table import downloads, piece_frame, table_frame

Level = Literal["token", "word", "sentence"]
LEVELS: tuple[Level, ...] = ("token", "word", "sentence")
LEVEL: Control[Any] = Control("tokens.level", "token", checks.one_of(LEVELS))
PIECE_METRIC = Control("tokens.piece", "entropy", checks.one_of(PIECE_MEASURES))
RAW = Control("tokens.raw", False, checks.switch)
AUTOMATIC = Control("tokens.automatic", False, checks.switch)


@st.fragment
def text_view(run: TextRun) -> None:
    """Draw ``run`` with everything that can be asked of it without a model."""
    unit, level = state.unit(), LEVEL.value
    pieces = None if level == "token" else spans.split(run, level)
    metrics = text_metrics(run, unit, window=WINDOW.value, automatic=AUTOMATIC.value)
    coloured = (
        metrics
        if pieces is None
        else piece_metrics(run, pieces, unit, level, automatic=AUTOMATIC.value)
    )
    metric = _chosen(coloured, level)
    _toolbar(run, coloured, metric, pieces)
    with st.container(key="stack-strip"):
        left, right = st.columns([1.85, 1], gap="large")
    with left:
        pinned = token_strip(
            run,
            coloured,
            metric=metric.key,
            key="tokens:strip",
            pinned=state.pinned(len(run)),
            level=level,
            spans=None if pieces is None else pieces.of_token,
            raw=RAW.value,
            on_pin=state.pin,
        )
        text_charts(run, metrics, pinned)
    with right, st.container(key="panel"):
        token_panel(run, metrics, pinned)


def _chosen(metrics: list[Metric], level: Level) -> Metric:
    """Return the metric that colours; tokens and pieces each keep their own choice."""
    by_key = {metric.key: metric for metric in metrics}
    if level != "token":
        return by_key[PIECE_METRIC.value]
    if state.get("metric") not in by_key:  # a link may name any
        state.put(metric=metrics[0].key)
    return by_key[state.get("metric")]


def _toolbar(
    run: TextRun, metrics: list[Metric], chosen: Metric, pieces: spans.Spans | None
) -> None:
    labels = {metric.key: metric.label for metric in metrics}
    with st.container(
        horizontal=True, vertical_alignment="bottom", gap="xsmall", key="strip-toolbar"
    ):
        st.selectbox(
            "Colour by",
            list(labels),
            format_func=labels.__getitem__,
            width=200,
            **(state.widget("metric") if pieces is None else PIECE_METRIC.widget()),
        )
        st.segmented_control("One value per", LEVELS, required=True, **LEVEL.widget())
        with st.popover("View", icon=":material/visibility:", type="tertiary"):
            st.toggle(
                "Raw tokens",
                help="Every token by itself, with escapes and ids.",
                **RAW.widget(),
            )
            st.toggle(
                "Colours span this text",
                help="Off: a fixed range, so that texts can be compared.",
                **AUTOMATIC.widget(),
            )
        with st.popover("", icon=":material/info:", type="tertiary", key="about:strip"):
            explain(_about(chosen))
        with st.popover("", icon=":material/download:", type="tertiary", key="export:strip"):
            frame = table_frame(run, metrics) if pieces is None else piece_frame(pieces, metrics)
            downloads(frame, "text")
        st.space("stretch")
        _jumps(run)


def _about(metric: Metric) -> About:
    return About(
        title=f"{metric.label} ({metric.unit})" if metric.unit else metric.label,
        read="The colour of a token.",
        formula=metric.formula,
        definition=f"{metric.help} $p_i$ is {metric.subject}: the model's own over its whole "
        "vocabulary, without sampler or temperature. Its colours span a fixed range, so that "
        "texts can be compared; **View › Colours span this text** changes that.",
        source=metric.source,
    )


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
