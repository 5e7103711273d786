"""Two text runs: summary, difference strip, charts and table; one cursor for all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from backend.derived import series
from backend.derived.compare import TextComparison, compare_text, summarise_difference
from backend.runs import TextRun

from .. import checks, state
from ..charts.common import cursor_frame, picked_token
from ..controls import Control
from ..figure import figure
from ..token_strip import token_strip
from .charts import (
    RULE,
    against_about,
    against_chart,
    curves_about,
    curves_chart,
    diagonal,
)
from .divergence import Comparer, divergence_view
from .metrics import (
    LABELS,
    difference_metrics,
    span_frame,
    span_of_token,
    unit_of,
)
from .tables import difference_table

TABS = {"curves": "Curves", "against": "A against B", "divergence": "Divergence", "table": "Table"}
TAB = Control("compare.tab", "curves", checks.one_of(tuple(TABS)))
MEASURE = Control("compare.measure", "surprisal", checks.one_of(tuple(LABELS)))
AUTOMATIC = Control("compare.automatic", False, checks.switch)
NOTHING = (
    "The two runs share no text, so there is nothing to put side by side: choose runs over one "
    "text, or texts of which one contains the other or that begin or end alike."
)


def compare_texts(source: Comparer, a: TextRun, b: TextRun) -> None:
    """Draw the comparison of two text runs."""
    comparison = compare_text(a, b)
    if not len(comparison.alignment):
        st.info(NOTHING, icon=":material/compare_arrows:")
        return
    _view(source, a, b, comparison)


@st.fragment
def _view(source: Comparer, a: TextRun, b: TextRun, comparison: TextComparison) -> None:
    unit = state.unit()
    measure = _toolbar(comparison)
    _figures(comparison, measure, unit)
    _unmatched(comparison)
    of_token, pieces = span_of_token(a, comparison.alignment)
    single = len(pieces) == len(a)
    token_strip(
        a,
        difference_metrics(comparison, pieces, unit, automatic=AUTOMATIC.value),
        metric=measure,
        key="compare:strip",
        pinned=state.pinned(len(a)),
        level="token" if single else "word",
        spans=None if single else of_token,
        label="Text of run A, coloured by the difference",
        height=300,
        on_pin=state.pin,
    )
    st.segmented_control(
        "Charts", list(TABS), format_func=TABS.__getitem__, required=True,
        label_visibility="collapsed", width="stretch", **TAB.widget(),
    )  # fmt: skip
    frame = span_frame(a, comparison, unit)
    with st.container(key="compare-charts"):
        tab = TAB.value
        if tab == "table":
            column = f"{measure} B − A"
            difference_table(
                frame.assign(text=comparison.alignment.texts), column, unit_of(measure, unit),
                key="comparison", tokens="text",
                shown=["token", "text", f"{measure} A", f"{measure} B", column],
            )  # fmt: skip
        elif tab == "divergence":
            divergence_view(source, a, b, comparison, frame)
        else:
            _chart(tab, frame, measure, unit, state.pinned(len(a)))


def _toolbar(comparison: TextComparison) -> str:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.segmented_control(
            "Difference of", list(LABELS), format_func=LABELS.__getitem__, required=True,
            **MEASURE.widget(),
        )  # fmt: skip
        st.toggle(
            "Colours span these runs", **AUTOMATIC.widget(),
            help="Off: a fixed range, so that comparisons can be compared.",
        )  # fmt: skip
        measure = MEASURE.value
        st.space("stretch")
        differences = np.abs(comparison.difference(measure))
        known = bool(np.isfinite(differences).any())
        place = int(comparison.alignment.a[np.nanargmax(differences), 0]) if known else None
        st.button(
            "Largest difference", on_click=state.pin, args=(place,), disabled=not known,
            key="compare:jump",
        )  # fmt: skip
    return measure


def _figures(comparison: TextComparison, measure: str, unit: str) -> None:
    whole = summarise_difference(comparison, measure)
    power = 1 if unit_of(measure, unit) == unit else 2

    def shown(nats: float, form: str = ".3f") -> str:
        value = float(series.to_unit(np.array(nats), unit, power=power))
        return "–" if np.isnan(value) else f"{value:{form}}"

    name = unit_of(measure, unit)
    figures = {
        "Common spans": (f"{whole.spans:,}", "Those where both runs have a prediction."),
        f"Mean A ({name})": (shown(whole.mean_a), "Per span."),
        f"Mean B ({name})": (shown(whole.mean_b), "Per span."),
        "Mean B − A": (shown(whole.mean, "+.3f"), "Above 0: more in B."),
        "Mean |B − A|": (shown(whole.mean_absolute), "How far apart, whichever way."),
        "Correlation": (
            "–" if np.isnan(whole.correlation) else f"{whole.correlation:.3f}",
            "Pearson's, between A and B.",
        ),
        "B above A": (
            "–" if np.isnan(whole.higher) else f"{whole.higher:.0%}",
            "Share of the spans.",
        ),
    }
    with st.container(horizontal=True, gap="medium", key="summary"):
        for label, (value, words) in figures.items():
            st.metric(label, value, help=words, width="content")


def _unmatched(comparison: TextComparison) -> None:
    left_out = (comparison.unmatched_a, comparison.unmatched_b)
    several = int((~comparison.alignment.single).sum())
    parts = []
    if any(left_out):
        parts.append(f"{left_out[0]:,} tokens of A and {left_out[1]:,} of B have no counterpart.")
    if several:
        parts.append(f"{several:,} spans have several tokens in A or B; their numbers are summed.")
    if parts:
        st.caption(" ".join(parts), help=RULE)


def _chart(tab: str, frame: pd.DataFrame, measure: str, unit: str, pinned: int | None) -> None:
    key = f"compare-{tab}"
    data = {"spans": frame, "cursor": cursor_frame(pinned)}
    if tab == "curves":
        chart, about = curves_chart(measure, unit), curves_about(measure, unit)
    else:
        chart, about = against_chart(measure, unit), against_about(measure, unit)
        data["diagonal"] = diagonal(frame, measure)

    def pick() -> None:
        token = picked_token(key)
        if token is not None:
            state.pin(None if token == state.pinned() else token)

    figure(chart, about, key=key, data=data, on_select=pick)
