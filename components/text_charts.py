"""The charts and the table under the token strip; only the one that is open is made."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend.runs import TextRun

from . import checks, state
from .charts.common import picked_token
from .charts.curve import curve_about, curve_chart, curve_data
from .charts.gap_walk import walk_about, walk_chart, walk_data
from .charts.histogram import histogram_about, histogram_chart, histogram_data
from .charts.scatter import scatter_about, scatter_chart, scatter_data
from .controls import Control
from .figure import figure
from .metrics import DEFAULT_WINDOW
from .summary import model_card
from .token_strip import Metric
from .token_table import token_table

TABS = {
    "curve": "Curve",
    "walk": "Gap",
    "histogram": "Histogram",
    "scatter": "Scatter",
    "table": "Table",
    "model": "Model",
}
TAB = Control("tokens.tab", "curve", checks.one_of(tuple(TABS)))
IN_HISTOGRAM = ("entropy", "surprisal", "gap", "varentropy")
HISTOGRAM = Control("tokens.histogram", "entropy", checks.one_of(IN_HISTOGRAM))
WIDTHS = (1, 32)
WINDOW = Control("tokens.window", DEFAULT_WINDOW, checks.whole(*WIDTHS))


def text_charts(run: TextRun, metrics: list[Metric], pinned: int | None) -> None:
    """Draw the chosen chart.

    Args:
        run: the text.
        metrics: its numbers per token, in the unit shown.
        pinned: the cursor.
    """
    st.segmented_control(
        "Charts",
        list(TABS),
        format_func=TABS.__getitem__,
        required=True,
        label_visibility="collapsed",
        width="stretch",
        **TAB.widget(),
    )
    by_key = {metric.key: metric for metric in metrics}
    draw: dict[str, Callable[[], None]] = {
        "curve": lambda: _curve(run, pinned),
        "walk": lambda: _walk(run, pinned),
        "histogram": lambda: _histogram(by_key),
        "scatter": lambda: _scatter(run, by_key, pinned),
        "table": lambda: token_table(run, metrics, pinned, state.pin, key="tokens:list"),
        "model": lambda: model_card(run),
    }
    with st.container(key="charts"):
        draw[TAB.value]()


def _curve(run: TextRun, pinned: int | None) -> None:
    unit, width = state.unit(), WINDOW.value
    st.slider(
        "Window width in tokens",
        *WIDTHS,
        help="Of the window entropy: the thick line here, and a colour of the text above.",
        width=320,
        **WINDOW.widget(),
    )
    _pickable(
        "text-curve",
        lambda key, pick: figure(
            curve_chart(run, unit),
            curve_about(unit, width),
            key=key,
            data=curve_data(run, unit, width, pinned),
            on_select=pick,
        ),
    )


def _walk(run: TextRun, pinned: int | None) -> None:
    unit = state.unit()
    _pickable(
        "text-gap-walk",
        lambda key, pick: figure(
            walk_chart(run, unit),
            walk_about(unit),
            key=key,
            data=walk_data(run, unit, pinned),
            on_select=pick,
        ),
    )


def _scatter(run: TextRun, metrics: dict[str, Metric], pinned: int | None) -> None:
    unit = state.unit()
    high = (metrics["entropy"].high, metrics["varentropy"].high, metrics["surprisal"].high)
    _pickable(
        "text-scatter",
        lambda key, pick: figure(
            scatter_chart(unit, high),
            scatter_about(unit),
            key=key,
            data=scatter_data(run, unit, pinned),
            on_select=pick,
        ),
    )


def _histogram(metrics: dict[str, Metric]) -> None:
    st.segmented_control(
        "Distribution of",
        IN_HISTOGRAM,
        format_func=lambda key: metrics[key].label,
        required=True,
        label_visibility="collapsed",
        **HISTOGRAM.widget(),
    )
    metric = metrics[HISTOGRAM.value]
    figure(
        histogram_chart(f"{metric.label.lower()} ({metric.unit})"),
        histogram_about(metric),
        key="text-histogram",
        data=histogram_data(metric.values, metric.low, metric.high),
    )


def _pickable(key: str, draw: Callable[[str, Callable[[], None]], None]) -> None:
    """Draw a chart in which a click moves the cursor."""

    def pick() -> None:
        token = picked_token(key)
        if token is not None:
            state.pin(None if token == state.pinned() else token)

    draw(key, pick)
