"""Entropy against varentropy: what kind of uncertainty each token met."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from backend.derived import series
from backend.runs import TextRun

from ..figure import About
from ..plain import whole_label
from .common import BLUE, CURSOR_COLOUR, cursor_frame, picking


def scatter_about(unit: str) -> About:
    """Return the words around the chart."""
    return About(
        title=f"Entropy and varentropy ({unit}, {unit}²)",
        read="Left: sure. Right and low: many equals. High: a favourite against a long tail. "
        "Click to pin a token.",
        formula=r"V_i=\sum_v p_i(v)\,\bigl(-\ln p_i(v)-H_i\bigr)^2",
        definition="Varentropy is the variance of the surprisal that the model's own distribution "
        "implies. It is 0 for a certain token and for a choice among equally likely ones.",
        source="Kontoyiannis and Verdú 2014 (varentropy); plane as in entropix.",
    )


def scatter_data(run: TextRun, unit: str, token: int | None) -> dict[str, pd.DataFrame]:
    """Return one row per scored token, in ``unit``, and the cursor."""
    known = np.flatnonzero(np.isfinite(run.entropy))
    points = pd.DataFrame(
        {
            "token": known,
            "text": [run.tokens[i] for i in known.tolist()],
            "label": [whole_label(i, run.tokens[i]) for i in known.tolist()],
            "entropy": series.to_unit(run.entropy, unit)[known],
            "varentropy": series.to_unit(run.varentropy, unit, power=2)[known],
            "surprisal": series.to_unit(run.surprisal, unit)[known],
        }
    )
    return {"points": points, "cursor": cursor_frame(token)}


def scatter_chart(unit: str, high: tuple[float, float, float]) -> alt.TopLevelMixin:
    """Return the chart over ``scatter_data``.

    Args:
        unit: of the values.
        high: ends of the fixed ranges of entropy, varentropy and surprisal, in ``unit``. The axes
            grow when values lie beyond.
    """
    entropy, varentropy, surprisal = high
    x = alt.X("entropy:Q", title=f"entropy ({unit})", scale=_from_zero("entropy", entropy))
    y = alt.Y(
        "varentropy:Q", title=f"varentropy ({unit}²)", scale=_from_zero("varentropy", varentropy)
    )
    points = (
        alt.Chart(alt.NamedData("points"))
        .mark_circle(size=60, opacity=0.8, color=BLUE)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "surprisal:Q",
                title=f"surprisal ({unit})",
                scale=alt.Scale(scheme="viridis", domain=[0, surprisal], clamp=True),
            ),
            tooltip=[
                alt.Tooltip("label:N", title="token"),
                alt.Tooltip("entropy:Q", title=f"entropy ({unit})", format=".3f"),
                alt.Tooltip("varentropy:Q", title=f"varentropy ({unit}²)", format=".3f"),
                alt.Tooltip("surprisal:Q", title=f"surprisal ({unit})", format=".3f"),
            ],
        )
        .add_params(picking())
    )
    ring = (
        alt.Chart(alt.NamedData("cursor"))
        .transform_lookup(
            "token",
            alt.LookupData(alt.NamedData("points"), "token", ["entropy", "varentropy"]),
        )
        .transform_filter("isValid(datum.entropy)")
        .mark_point(size=220, color=CURSOR_COLOUR, strokeWidth=2.5)
        .encode(x=x, y=y)
    )
    return alt.layer(points, ring).properties(height=340)


def _from_zero(name: str, end: float) -> alt.Scale:
    return alt.Scale(domain=alt.DomainUnionWith(unionWith=[0, end]), nice=False)
