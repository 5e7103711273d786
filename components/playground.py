"""A distribution over six tokens to play with; no model takes part."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from backend.derived import series

from .charts.common import BLUE
from .figure import About, figure
from .playground_math import distribution
from .playground_math import figures as figures_of

TOKENS = ("mat", "sofa", "roof", "moon", "piano", "theorem")
PRESETS = {
    "Sure": (100, 1, 1, 1, 1, 1),
    "Two ways": (100, 100, 1, 1, 1, 1),
    "Long tail": (100, 20, 15, 12, 10, 8),
    "No idea": (50, 50, 50, 50, 50, 50),
}
START = "Long tail"

ABOUT = About(
    title="The cat sat on the … (probability, %)",
    read="Each bar is one token the model might say next; together they are always 100%.",
    formula=r"p_i=\frac{w_i^{1/T}}{\sum_j w_j^{1/T}}\qquad H=-\sum_i p_i\ln p_i\qquad "
    r"V=\sum_i p_i(-\ln p_i-H)^2",
    definition="The sliders set weights $w$; the temperature $T$ sharpens (below 1) or flattens "
    "(above 1) the distribution they make. exp(H) is the number of equally likely tokens "
    "that would be as uncertain. KL to uniform is ln 6 − H, how far the distribution is from "
    "having no idea.",
    source="Shannon 1948.",
)


@st.fragment
def playground(unit: str) -> None:
    """Draw sliders, bars and figures; moving a slider reruns nothing else."""
    for token, weight in zip(TOKENS, PRESETS[START], strict=True):
        st.session_state.setdefault(f"play:{token}", weight)
    with st.container(key="stack-playground"):
        controls, picture = st.columns([1, 1.5], gap="large")
    with controls:
        with st.container(horizontal=True, gap="xsmall"):
            for name in PRESETS:
                st.button(name, key=f"play:preset:{name}", on_click=_set, args=(name,))
        columns = st.columns(2, gap="medium")
        weights = [
            columns[place % 2].slider(token, 0, 100, key=f"play:{token}", persist_state="session")
            for place, token in enumerate(TOKENS)
        ]
        temperature = st.slider(
            "Temperature T", 0.1, 3.0, 1.0, 0.1, key="play:temperature", persist_state="session"
        )
    shares = distribution(np.array(weights), temperature)
    with picture:
        frame = pd.DataFrame({"token": TOKENS, "percent": 100 * shares})
        figure(_bars(), ABOUT, key="playground", data={"bars": frame})
        _figures(shares, unit)


def _set(preset: str) -> None:
    for token, weight in zip(TOKENS, PRESETS[preset], strict=True):
        st.session_state[f"play:{token}"] = weight


def _bars() -> alt.TopLevelMixin:
    x = alt.X("percent:Q", title="probability (%)", scale=alt.Scale(domain=[0, 100]))
    y = alt.Y("token:N", sort=None, title=None, axis=alt.Axis(labelFontSize=14, ticks=False))
    base = alt.Chart(alt.NamedData("bars")).encode(y=y)
    bars = base.mark_bar(color=BLUE, cornerRadiusEnd=2, height={"band": 0.7}).encode(
        x=x, tooltip=["token:N", alt.Tooltip("percent:Q", title="probability (%)", format=".2f")]
    )
    return bars.properties(height=260)


def _figures(shares: np.ndarray, unit: str) -> None:
    found = figures_of(shares)
    entropy, divergence = series.to_unit(
        np.array([found.entropy, found.divergence_from_uniform]), unit
    )
    varentropy = series.to_unit(np.array([found.varentropy]), unit, power=2)[0]
    with st.container(horizontal=True, gap="small", key="summary-playground"):
        for label, value, help_text in (
            (f"Entropy ({unit})", entropy, "H: how undecided."),
            (f"Varentropy ({unit}²)", varentropy, "Variance of the surprisal under p itself."),
            ("Effective choices", found.effective_choices, "exp(H): perplexity of p itself."),
            (f"KL to uniform ({unit})", divergence, "ln 6 − H, in the unit shown."),
        ):
            st.metric(label, f"{value:.3f}", help=help_text, width="content")
