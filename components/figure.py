"""The frame of every chart: title, how to read it, what it means, and its export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

import altair as alt
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from .picture import render, theme_on_screen
from .plotly_picture import plotly_picture
from .table_file import frame_csv, frames_json

PLOTLY_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d"]}
# In SVG the colours of a legend are found by the address of the page, and vanish when it changes.
ON_CANVAS = {"embedOptions": {"renderer": "canvas"}}
# Where the reader is, which is no data of the chart.
CURSOR = "cursor"


@dataclass(frozen=True, kw_only=True)
class About:
    """What a reader may want to know about a chart; nothing of it may be left out.

    Attributes:
        title: with the unit where the chart has one.
        read: how to read it, one line.
        definition: of what is drawn, in Markdown.
        formula: in LaTeX.
        source: where the measure comes from, in Markdown.

    Raises:
        ValueError: one of them is empty.
    """

    title: str
    read: str
    definition: str
    formula: str
    source: str

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name).strip():
                raise ValueError(f"a chart needs words for {field.name!r}")


def figure(
    chart: alt.TopLevelMixin | go.Figure,
    about: About,
    *,
    key: str,
    data: Mapping[str, pd.DataFrame],
    on_select: Callable[[], None] | Literal["rerun", "ignore"] = "ignore",
) -> Any:
    """Draw a chart in its frame.

    Args:
        chart: an Altair chart over named data (``alt.NamedData("points")``), or a Plotly figure.
            Named data is what keeps a chart from being built anew: when only the numbers change,
            the browser exchanges them in the chart that is already there.
        about: the words around it.
        key: of the chart; names the exported files too.
        data: the frames by name. All are exported as CSV and JSON, but for the reader's "cursor".
        on_select: as in Streamlit; selections exist in Altair charts only.

    Returns:
        What Streamlit returns for the chart: the selection, when there is one.
    """
    with st.container(key=f"figure-{key}", gap="xsmall"):
        _head(chart, about, key, data)
        if isinstance(chart, go.Figure):
            return st.plotly_chart(
                chart, key=key, config={**PLOTLY_CONFIG, "toImageButtonOptions": {"filename": key}},
                alt=f"{about.title}. {about.read}",
            )  # fmt: skip
        return st.vega_lite_chart(
            spec={**chart.to_dict(), "usermeta": ON_CANVAS, "datasets": dict(data)},
            key=key,
            on_select=on_select,
            alt=f"{about.title}. {about.read}",
        )


def _head(
    chart: alt.TopLevelMixin | go.Figure,
    about: About,
    key: str,
    data: Mapping[str, pd.DataFrame],
) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
        st.markdown(f"**{about.title}**", width="stretch")
        with st.popover("", icon=":material/info:", type="tertiary", key=f"about:{key}"):
            explain(about)
        with (
            st.popover("", icon=":material/download:", type="tertiary", key=f"export:{key}"),
            st.container(gap="xxsmall"),
        ):
            _exports(chart, key, data)
    st.caption(about.read)


def explain(about: About) -> None:
    """Write definition, formula and source."""
    st.markdown(f"**{about.title}**")
    st.latex(about.formula)
    st.markdown(about.definition)
    st.caption(about.source)


def _exports(
    chart: alt.TopLevelMixin | go.Figure, key: str, data: Mapping[str, pd.DataFrame]
) -> None:
    tables = {name: frame for name, frame in data.items() if name != CURSOR}
    for name, frame in tables.items():
        one = len(tables) == 1
        _download(
            "Data as CSV" if one else f"Data as CSV: {name}",
            f"{key}.csv" if one else f"{key}-{name}.csv",
            "text/csv",
            lambda frame=frame: frame_csv(frame),
        )
    _download("Data as JSON", f"{key}.json", "application/json", lambda: frames_json(tables))
    if isinstance(chart, go.Figure):
        plotly_picture(key, inside=f"figure-{key}", key=f"picture:{key}")
    else:
        theme = theme_on_screen()
        _download(
            "Picture as PNG", f"{key}.png", "image/png", lambda: render(chart, data, "png", theme)
        )
        _download(
            "Picture as SVG", f"{key}.svg", "image/svg+xml",
            lambda: render(chart, data, "svg", theme),
        )  # fmt: skip
    st.caption("Pictures have the colours of the theme on screen.")


def _download(label: str, file: str, mime: str, make: Callable[[], str | bytes]) -> None:
    """Offer a file that is made only when somebody asks for it."""
    st.download_button(
        label, make, file, mime, key=f"download:{file}", on_click="ignore", type="tertiary"
    )
