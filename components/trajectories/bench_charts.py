"""Charts of one distribution under many samplers."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from backend.derived import series
from backend.runs.sampler_info import Filtered

from .. import palette
from ..charts.common import CURSOR_COLOUR, GREY
from ..figure import About
from ..plain import numbered_label
from ..playground_math import distribution, figures
from .curves import sampler_dash

MODEL = "The model itself"
ROW_HEIGHT = 36

SURVIVE_ABOUT = About(
    title="Which tokens survive (probability after the sampler, %)",
    read="Top row: the distribution as given. Every other row: what that sampler draws from; "
    "an empty cell can no longer be drawn.",
    formula=r"q_i=\frac{p_i^{1/T}\,[i\in S]}{\sum_{j\in S}p_j^{1/T}}",
    definition="$S$ is the set of kept tokens. With *temperature first* the rule judges the "
    "heated distribution, with *last* the given one. Samplers with a memory are at their first "
    "step: mirostat's μ is 2τ.",
    source="Each sampler's own source is under the ⓘ of its card.",
)


def survive_data(
    tokens: list[str], shares: np.ndarray, labels: list[str], filtered: list[Filtered]
) -> dict[str, pd.DataFrame]:
    """Return one cell per sampler and token, with its colours."""
    names = [numbered_label(place, each, 14) for place, each in enumerate(tokens, start=1)]
    rows = [(MODEL, shares, shares > 0)]
    rows += [(label, each.probs, each.kept) for label, each in zip(labels, filtered, strict=True)]
    colours = palette.lookup("viridis")
    cells = []
    for label, probs, kept in rows:
        for name, share, stays in zip(names, probs.tolist(), kept.tolist(), strict=True):
            fill = colours[round(share * (palette.ENTRIES - 1))]
            cells.append(
                {
                    "sampler": label,
                    "token": name,
                    "percent": 100 * share,
                    "kept": "yes" if stays else "no",
                    "ink": palette.ink_on(fill),
                    "text": _short(100 * share) if stays else "",
                }
            )
    return {"cells": pd.DataFrame(cells)}


def _short(percent: float) -> str:
    return "<0.1" if 0 < percent < 0.1 else f"{percent:.1f}"


def survive_chart(samplers: int) -> alt.TopLevelMixin:
    """Return the chart over ``cells``."""
    base = alt.Chart(alt.NamedData("cells")).encode(
        x=alt.X(
            "token:N",
            sort=None,
            title=None,
            axis=alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False, labelFontSize=12),
        ),
        y=alt.Y(
            "sampler:N",
            sort=None,
            title=None,
            axis=alt.Axis(labelLimit=190, ticks=False, domain=False, labelFontSize=12),
        ),
        tooltip=[
            alt.Tooltip("sampler:N"),
            alt.Tooltip("token:N"),
            alt.Tooltip("percent:Q", title="probability (%)", format=".3f"),
            alt.Tooltip("kept:N"),
        ],
    )
    size: dict[str, Any] = {"width": {"band": 0.94}, "height": {"band": 0.86}}
    empty = base.mark_rect(fill=None, stroke=GREY, strokeOpacity=0.35, cornerRadius=3, **size)
    full = (
        base.transform_filter("datum.kept == 'yes'")
        .mark_rect(cornerRadius=3, **size)
        .encode(
            fill=alt.Fill(
                "percent:Q",
                scale=alt.Scale(scheme="viridis", domain=[0, 100]),
                legend=alt.Legend(title="probability (%)", gradientLength=120, values=[0, 50, 100]),
            )
        )
    )
    text = (
        base.transform_filter("datum.kept == 'yes'")
        .mark_text(fontSize=12)
        .encode(text="text:N", color=alt.Color("ink:N", scale=None))
    )
    return alt.layer(empty, full, text).properties(height=ROW_HEIGHT * (samplers + 1) + 30)


def sweep_about(unit: str, *, entropy: bool) -> About:
    """Return the words around the sweep of entropy or of kept tokens."""
    if not entropy:
        return About(
            title="Tokens kept as temperature rises",
            read="Flat: the rule does not care about temperature. Rising: heat lets more in.",
            definition="Top-k and top-n-σ judge by rank and by logits, so heat changes nothing. "
            "Rules that judge probability let more in, unless temperature comes last.",
            formula=r"q_T\propto p^{1/T}\qquad |S_T|",
            source="Each sampler's own source is under the ⓘ of its card.",
        )
    return About(
        title=f"Entropy after each sampler as temperature rises ({unit})",
        read="The dashed line is the distribution itself; the grey piece touches it at the "
        "chosen T with slope V/T.",
        formula=r"\frac{dH}{dT}=\frac{V(q_T)}{T}\qquad q_T\propto p^{1/T}",
        definition="$V$ is the varentropy of the heated distribution: the steeper, the more its "
        "tokens differ in probability. Each sampler is swept with its own parameters.",
        source="From the derivative of the log-partition function.",
    )


def sweep_data(
    shares: np.ndarray,
    labels: list[str],
    values: np.ndarray,
    temperatures: np.ndarray,
    temperature: float,
    unit: str,
    *,
    entropy: bool,
) -> dict[str, pd.DataFrame]:
    """Return ``points`` per sampler and temperature, the ``tangent`` and the chosen ``cursor``."""
    shown = series.to_unit(values, unit) if entropy else values
    frames = [
        pd.DataFrame({"temperature": temperatures, "sampler": label, "value": row})
        for label, row in zip(labels, shown, strict=True)
    ]
    model, tangent = _model_curve(shares, temperatures, temperature, unit)
    return {
        "points": pd.concat(frames, ignore_index=True),
        "model": model if entropy else model.head(0),
        "tangent": tangent if entropy else tangent.head(0),
        "cursor": pd.DataFrame({"temperature": [temperature]}),
    }


def _model_curve(
    shares: np.ndarray, temperatures: np.ndarray, temperature: float, unit: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return H(T) and its tangent at ``temperature``."""
    curve = np.array([figures(distribution(shares, each)).entropy for each in temperatures])
    here = figures(distribution(shares, temperature))
    reach = np.array([-0.45, 0.0, 0.45])
    slope = np.array(here.varentropy / temperature)
    line = here.entropy + reach * slope
    return (
        pd.DataFrame({"temperature": temperatures, "value": series.to_unit(curve, unit)}),
        pd.DataFrame(
            {
                "temperature": temperature + reach,
                "value": series.to_unit(line, unit),
                "slope": ["", "", f"slope V/T = {float(series.to_unit(slope, unit)):.2f}"],
            }
        ),
    )


def sweep_chart(labels: list[str], title: str) -> alt.TopLevelMixin:
    """Return the chart over ``sweep_data``."""
    x = alt.X(
        "temperature:Q",
        title="temperature T",
        scale=alt.Scale(domain=[0, 3], nice=False, clamp=True),
        axis=alt.Axis(grid=False),
    )
    y = alt.Y("value:Q", title=title.rpartition("(")[2].rstrip(")") if "(" in title else "tokens")
    lines = (
        alt.Chart(alt.NamedData("points"))
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=18))
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "sampler:N",
                scale=alt.Scale(domain=labels),
                legend=alt.Legend(title=None, orient="top", columns=4, labelLimit=200),
            ),
            strokeDash=sampler_dash(labels),
            tooltip=[
                alt.Tooltip("sampler:N"),
                alt.Tooltip("temperature:Q", format=".1f"),
                alt.Tooltip("value:Q", format=".3~f"),
            ],
        )
    )
    model = (
        alt.Chart(alt.NamedData("model"))
        .mark_line(color=GREY, strokeWidth=3, strokeDash=[7, 4], opacity=0.8)
        .encode(x=x, y=y)
    )
    touch = alt.Chart(alt.NamedData("tangent")).encode(x=x, y=y)
    tangent = touch.mark_line(color=GREY, strokeWidth=4)
    slope = (
        touch.transform_filter("datum.slope != ''")
        .mark_text(color=GREY, align="center", dy=-12, fontSize=12, fontWeight="bold")
        .encode(text="slope:N")
    )
    cursor = (
        alt.Chart(alt.NamedData("cursor"))
        .mark_rule(color=CURSOR_COLOUR, strokeWidth=1, opacity=0.6)
        .encode(x=x)
    )
    return alt.layer(cursor, model, tangent, lines, slope).properties(height=300)
