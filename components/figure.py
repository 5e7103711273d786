"""The frame of every chart: title, how to read it, what it means, and its export."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

PLOTLY_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d"]}


@dataclass(frozen=True)
class About:
    """What a reader may want to know about a chart.

    Attributes:
        title: with the unit where the chart has one.
        read: how to read it, one line.
        definition: of what is drawn, in Markdown.
        formula: in LaTeX, empty for none.
        source: where the measure comes from, in Markdown.
    """

    title: str
    read: str
    definition: str
    formula: str = ""
    source: str = ""


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
        data: the frames by name. The first is what is exported as CSV and JSON.
        on_select: as in Streamlit; selections exist in Altair charts only.

    Returns:
        What Streamlit returns for the chart: the selection, when there is one.
    """
    with st.container(key=f"figure-{key}", gap="xsmall"):
        _head(chart, about, key, data)
        if isinstance(chart, go.Figure):
            image = {"format": "svg", "filename": key}
            return st.plotly_chart(
                chart, key=key, config={**PLOTLY_CONFIG, "toImageButtonOptions": image},
                alt=f"{about.title}. {about.read}",
            )  # fmt: skip
        return st.vega_lite_chart(
            spec={**chart.to_dict(), "datasets": dict(data)},
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
        with st.popover("", icon=":material/download:", type="tertiary", key=f"export:{key}"):
            _exports(chart, key, data)
    st.caption(about.read)


def explain(about: About) -> None:
    """Write definition, formula and source."""
    st.markdown(f"**{about.title}**")
    if about.formula:
        st.latex(about.formula)
    st.markdown(about.definition)
    if about.source:
        st.caption(about.source)


def _exports(
    chart: alt.TopLevelMixin | go.Figure, key: str, data: Mapping[str, pd.DataFrame]
) -> None:
    frame = next(iter(data.values()))
    _download("Data as CSV", f"{key}.csv", "text/csv", lambda: frame.to_csv(index=False))
    _download(
        "Data as JSON",
        f"{key}.json",
        "application/json",
        lambda: str(frame.to_json(orient="records", indent=1, force_ascii=False)),
    )
    if isinstance(chart, go.Figure):
        st.caption("The camera above the chart saves it as SVG.")
        return
    _download("Picture as PNG", f"{key}.png", "image/png", lambda: render(chart, data, "png"))
    _download("Picture as SVG", f"{key}.svg", "image/svg+xml", lambda: render(chart, data, "svg"))


def _download(label: str, file: str, mime: str, make: Callable[[], str | bytes]) -> None:
    """Offer a file that is made only when somebody asks for it."""
    st.download_button(
        label, make, file, mime, key=f"download:{file}", on_click="ignore", type="tertiary"
    )


def render(
    chart: alt.TopLevelMixin, data: Mapping[str, pd.DataFrame], kind: Literal["png", "svg"]
) -> bytes:
    """Return an Altair chart over named data as a picture, light theme, without a browser."""
    import vl_convert

    records = {
        name: json.loads(frame.to_json(orient="records") or "[]") for name, frame in data.items()
    }
    spec = {**chart.to_dict(), "datasets": records, "background": "white"}
    spec.setdefault("width", 800)
    if kind == "svg":
        return vl_convert.vegalite_to_svg(spec).encode()
    return vl_convert.vegalite_to_png(spec, scale=2)
