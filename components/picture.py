"""Altair charts as pictures, without a browser, in the colours of the theme on screen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

import altair as alt
import pandas as pd
import streamlit as st

from .table_file import frames_json

Theme = Literal["light", "dark"]


def render(
    chart: alt.TopLevelMixin,
    data: Mapping[str, pd.DataFrame],
    kind: Literal["png", "svg"],
    theme: Theme = "light",
) -> bytes:
    """Return an Altair chart over named data as a picture.

    Args:
        chart: over ``alt.NamedData``.
        data: the frames by name.
        kind: of picture.
        theme: whose background, ink and category colours the picture has.
    """
    import vl_convert

    spec = {**chart.to_dict(), "datasets": json.loads(frames_json(data))}
    spec["config"] = {**spec.get("config", {}), **_look(theme)}
    spec.setdefault("width", 800)
    if kind == "svg":
        return vl_convert.vegalite_to_svg(spec).encode()
    return vl_convert.vegalite_to_png(spec, scale=2)


def theme_on_screen() -> Theme:
    """Return the theme that the reader sees."""
    return "dark" if st.context.theme.type == "dark" else "light"


def _look(theme: Theme) -> dict[str, Any]:
    def option(name: str) -> Any:
        return st.get_option(f"theme.{theme}.{name}")

    ink, grid = option("textColor"), option("borderColor")
    words = {"labelColor": ink, "titleColor": ink}
    return {
        "background": option("backgroundColor"),
        "axis": {**words, "gridColor": grid, "domainColor": grid, "tickColor": grid},
        "header": words,
        "legend": words,
        "title": {"color": ink},
        "text": {"color": ink},
        "view": {"stroke": grid},
        "range": {"category": option("chartCategoricalColors")},
    }
