"""An attention run on screen: the map of heads, the chosen head on the text, the charts below.

All of it is one fragment with one cursor (the pinned token) and one chosen head.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from backend.derived.heads import Flags, attention_regulariser, mean_over, normalised
from backend.runs import AttentionRun

from .. import state
from ..figure import figure
from ..token_strip import Metric, token_strip
from .charts import charts
from .choice import SCALES, chosen_head, kept, options, toolbar, value
from .heatmap import heads_about, heads_chart, heads_data
from .numbers import Options, flags, head_metrics, head_name, means, written
from .panel import head_panel
from .pattern import PatternSource, ask, doubt, links, reach, wanted_parts
from .picking import pick_head

HEATMAP = "attention-heads"


@st.fragment
def attention_view(
    source: PatternSource, run: AttentionRun, example: Callable[[], AttentionRun]
) -> None:
    """Draw ``run`` with everything that can be asked of it without a model.

    Args:
        source: ``backend.cached``, for patterns.
        run: to draw.
        example: gives the shipped run in which the teaching texts find their heads.
    """
    toolbar(run)
    chosen, wanted = options(run), chosen_head(run)
    flagged = flags(run, chosen)
    summary(run, chosen, flagged)
    with st.container(key="stack-heads"):
        left, right = st.columns([1.85, 1], gap="large")
    with left:
        _heatmap(run, chosen, wanted, flagged)
    with right, st.container(key="panel"):
        head_panel(run, wanted, chosen, flagged, "panel")
    pinned = _strip(source, run, chosen, wanted)
    charts(source, run, chosen, wanted, flagged, pinned, example)


def summary(run: AttentionRun, chosen: Options, flagged: Flags) -> None:
    """Draw the figures of the whole text in one row that wraps."""
    queries = slice(chosen.start, chosen.stop)
    where = "the chosen tokens" if queries != slice(0, len(run)) else "all tokens"
    share = float(mean_over(normalised(run)[..., queries].ravel()))
    mean = -attention_regulariser(run, queries) * chosen.factor
    known = int((flagged.quarter >= 0).sum())
    scale = SCALES[chosen.scale]
    figures = [
        ("Tokens", f"{len(run):,}", "Each of them is a query."),
        (
            f"Mean entropy ({chosen.unit})",
            written(mean),
            f"Over all heads and {where}, the first token included: minus the term with which AEM "
            "keeps attention spread out (arXiv 2406.15303).",
        ),
        (
            "Share of maximum",
            written(100 * share, 0, "%"),
            f"Mean of H / ln(visible tokens) over {where}.",
        ),
        (
            "▲ Overload",
            f"{int(flagged.overload.sum())} of {known}",
            f"Heads from {chosen.upper:.0%} of the {scale} upward.",
        ),
        (
            "▼ Collapse",
            f"{int(flagged.collapse.sum())} of {known}",
            f"Heads up to {chosen.lower:.0%} of the {scale}.",
        ),
        ("Time", f"{run.seconds:.2f} s", "Without loading the model."),
    ]
    with st.container(horizontal=True, gap="medium", key="summary"):
        for label, shown, text in figures:
            st.metric(label, shown, help=text, width="content")


def _heatmap(run: AttentionRun, chosen: Options, head: tuple[int, int], flagged: Flags) -> None:
    values = means(run, chosen)
    figure(
        heads_chart(run, values, chosen),
        heads_about(chosen, values),
        key=HEATMAP,
        data=heads_data(run, values, chosen, head, flagged),
        on_select=lambda: pick_head(HEATMAP),
    )


def _strip(
    source: PatternSource, run: AttentionRun, chosen: Options, head: tuple[int, int]
) -> int | None:
    """Draw the text coloured by the chosen head; return the pinned token."""
    metrics = head_metrics(run, *head, chosen)
    pinned = state.pinned(len(run))
    parts = wanted_parts(run, *head, pinned)
    with st.container(
        horizontal=True, vertical_alignment="bottom", gap="small", key="strip-toolbar"
    ):
        labels = {metric.key: metric.label for metric in metrics}
        labels["entropy"] = "Entropy"  # a label with the head would be taken for a choice of old
        st.selectbox(
            "Colour by", list(labels), format_func=labels.__getitem__, width=270, **kept("metric")
        )
        st.toggle(
            "Where it looks",
            help=f"Computes the pattern of {head_name(*head)} with the model, and of every head "
            "you choose next. Then point at a token: what it looked at lights up.",
            **kept("follow"),
        )
        st.space("stretch")
        _jumps(metrics[0])
    if value("follow") and ask(source, run, parts):
        st.rerun()
    with st.container(gap="xsmall"):  # with or without a word, the strip keeps its place
        if value("follow") and (told := reach(run, pinned)):
            st.caption(told)
        if doubtful := doubt(run, parts):
            st.warning(doubtful, icon=":material/warning:")
    return token_strip(
        run,
        metrics,
        metric=value("metric"),
        key="attention:strip",
        pinned=pinned,
        links=links(run, parts, chosen.hide_first),
        height=300,
        label=f"Tokens of the text, coloured by {head_name(*head)}",
        on_pin=state.pin,
    )


def _jumps(entropy: Metric) -> None:
    known = np.isfinite(entropy.values).any()
    for label, find in (("Widest look", np.nanargmax), ("Narrowest look", np.nanargmin)):
        # The first token sees itself only.
        values = entropy.values[1:] if len(entropy.values) > 1 else entropy.values
        offset = len(entropy.values) - len(values)
        able = bool(known and np.isfinite(values).any())
        st.button(
            label,
            key=f"attention:jump:{label}",
            disabled=not able,
            on_click=state.pin,
            args=(int(find(values)) + offset if able else None,),
        )
