"""The charts under the strip; only the one that is open is made."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend.derived.heads import Flags
from backend.runs import AttentionRun

from .. import checks, job, state
from ..charts.common import picked_token
from ..controls import Control
from ..figure import figure
from . import pattern
from .choice import SCALES
from .compare import compare
from .curve import Head, curve_about, curve_chart, curve_data, curve_lines
from .depth import (
    depth_about,
    depth_chart,
    depth_data,
    flags_about,
    flags_chart,
    flags_data,
    quarters_about,
    quarters_chart,
    quarters_data,
)
from .heatmap import heads_chart, heads_data, token_about
from .lessons import lessons
from .numbers import Options, entropies, head_name, means
from .pattern_chart import pattern_about, pattern_chart, pattern_data
from .picking import pick_head

TABS = {
    "curve": "Curve",
    "pattern": "Pattern",
    "token": "Token",
    "layers": "Layers",
    "compare": "Compare",
    "kinds": "Kinds",
}
TAB = Control("attention.tab", "curve", checks.one_of(tuple(TABS)))


def charts(
    source: pattern.PatternSource,
    run: AttentionRun,
    options: Options,
    head: Head,
    flagged: Flags,
    pinned: int | None,
    example: Callable[[], AttentionRun],
) -> None:
    """Draw the chosen chart."""
    st.segmented_control(
        "Charts",
        list(TABS),
        format_func=TABS.__getitem__,
        required=True,
        label_visibility="collapsed",
        width="stretch",
        **TAB.widget(),
    )
    draw: dict[str, Callable[[], None]] = {
        "curve": lambda: head_curve(run, [head], options, pinned, "attention-curve"),
        "pattern": lambda: _pattern(source, run, options, head, pinned),
        "token": lambda: _at_token(run, options, head, pinned),
        "layers": lambda: _layers(run, options, head, flagged),
        "compare": lambda: compare(run, head, options, flagged, pinned, head_curve),
        "kinds": lambda: lessons(example()),
    }
    with st.container(key="charts"):
        draw[TAB.value]()


def head_curve(
    run: AttentionRun, heads: list[Head], options: Options, pinned: int | None, key: str
) -> None:
    """Draw the entropy of heads along the text; a click pins."""

    def pick() -> None:
        token = picked_token(key)
        if token is not None:
            state.pin(None if token == state.pinned() else token)

    lines = curve_lines(run, heads, options)
    figure(
        curve_chart(run, lines, options),
        curve_about(lines, options),
        key=key,
        data=curve_data(run, lines, pinned),
        on_select=pick,
    )


def _pattern(
    source: pattern.PatternSource,
    run: AttentionRun,
    options: Options,
    head: Head,
    pinned: int | None,
) -> None:
    parts = pattern.wanted_parts(run, *head, pinned)
    for part in parts:
        weights = pattern.find(part)
        if weights is not None and weights.shape == part.shape(len(run)):
            figure(
                pattern_chart(run, part, weights, pinned, options.hide_first),
                pattern_about(run, part, options.hide_first),
                key="attention-pattern" if part.rows is None else "attention-rows",
                data=pattern_data(run, part, weights),
            )
    if len(run) > pattern.WHOLE_TOKENS and pinned is None:
        st.caption("Pin a token to see the rows about it, exact and with their tokens.")
    if all(pattern.find(part) is not None for part in parts):
        return
    if pattern.is_wanted(run, *head) and pattern.ask(source, run, parts):
        st.rerun()
    _offer(source, run, head)


def _offer(source: pattern.PatternSource, run: AttentionRun, head: Head) -> None:
    """Say what the pattern needs, and offer to compute it."""
    if job.running(pattern.SLOT):
        st.caption("The pattern is being computed.")
        return
    loaded = source.model_facts(run.request.model) is not None
    st.caption(
        f"A run keeps numbers per head and token, not the {len(run):,} × {len(run):,} weights of "
        "every head. The model computes one pattern in a moment."
        + ("" if loaded else " It is not loaded yet, which takes some seconds more.")
    )
    st.button(
        f"Compute the pattern of {head_name(*head)}",
        icon=":material/grid_on:",
        on_click=pattern.want,
        args=(run, *head),
    )


def _at_token(run: AttentionRun, options: Options, head: Head, pinned: int | None) -> None:
    if pinned is None:
        st.caption("Pin a token in the text above to see how widely every head looked from it.")
        return
    values = entropies(run, options, (..., pinned))
    figure(
        heads_chart(run, values, options),
        token_about(options, pinned, values),
        key="attention-token",
        data=heads_data(run, values, options, head),
        on_select=lambda: pick_head("attention-token"),
    )


def _layers(run: AttentionRun, options: Options, head: Head, flagged: Flags) -> None:
    figure(
        depth_chart(run, options),
        depth_about(options),
        key="attention-depth",
        data=depth_data(run, means(run, options), head),
        on_select=lambda: pick_head("attention-depth"),
    )
    figure(
        flags_chart(),
        flags_about(options, SCALES[options.scale]),
        key="attention-flags",
        data=flags_data(flagged),
    )
    figure(
        quarters_chart(),
        quarters_about(SCALES[options.scale]),
        key="attention-quarters",
        data=quarters_data(flagged),
    )
