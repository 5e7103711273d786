"""One hand-made distribution under every sampler: what survives, and what temperature does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import pandas as pd
import streamlit as st

from backend.derived import series
from backend.errors import EntroscopeError
from backend.runs.sampler_info import Filtered
from backend.runs.trajectories import Plan

from ..figure import figure
from ..plain import escape_markdown
from ..playground_math import distribution
from .bench_charts import (
    SURVIVE_ABOUT,
    survive_chart,
    survive_data,
    sweep_about,
    sweep_chart,
    sweep_data,
)
from .cards import Catalogue, chosen_plans, sampler_cards
from .kept import kept

TOKENS = ("mat", "sofa", "roof", "moon", "piano", "table", "stairs", "theorem")
SHAPES = {
    "Sure": (92, 3, 2, 1, 0.8, 0.6, 0.4, 0.2),
    "Two ways": (46, 44, 4, 2, 1.5, 1, 1, 0.5),
    "Long tail": (42, 23, 12, 8, 6, 4, 3, 2),
    "No idea": (14, 13.5, 13, 12.5, 12, 12, 11.5, 11.5),
    "All equal": (12.5,) * 8,
}
START = "Long tail"
TEMPERATURES = np.round(np.arange(0.1, 3.01, 0.1), 2)

_EDITOR = "trajectories:weights"


class Bench(Protocol):
    """What the bench needs of ``backend.cached``."""

    def apply_samplers(
        self, probs: np.ndarray, plans: Sequence[Plan], states: Sequence[Mapping[str, float]] = ()
    ) -> list[Filtered]: ...
    def temperature_sweep(
        self, probs: np.ndarray, plans: Sequence[Plan], temperatures: Sequence[float]
    ) -> tuple[np.ndarray, np.ndarray]: ...
    def sampler_labels(self, plans: Sequence[Plan]) -> list[str]: ...


@st.fragment
def bench(backend: Bench, catalogue: Catalogue, unit: str) -> None:
    """Draw cards, distribution, matrix and sweep; moving a control reruns nothing else."""
    st.markdown("**Samplers**")
    sampler_cards(catalogue)
    with st.container(key="stack-bench"):
        controls, picture = st.columns([1, 2.4], gap="large")
    with controls:
        tokens, shares = _distribution()
        temperature, order = _temperature()
    plans = _common(chosen_plans(catalogue), temperature, order, catalogue)
    with picture:
        if not plans:
            st.info("Choose at least one sampler above.")
            return
        try:
            _pictures(backend, plans, tokens, shares, temperature, unit)
        except EntroscopeError as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")


def _distribution() -> tuple[list[str], np.ndarray]:
    st.markdown("**A distribution: “The cat sat on the …”**")
    shape = st.selectbox("Shape", list(SHAPES), **kept("shape", START))
    frame = pd.DataFrame({"token": TOKENS, "weight": np.array(SHAPES[shape], dtype=np.float64)})
    edited = st.data_editor(
        frame,
        hide_index=True,
        key=f"{_EDITOR}:{shape}",
        column_config={
            "token": st.column_config.TextColumn(width="small", required=True, max_chars=20),
            "weight": st.column_config.NumberColumn(min_value=0.0, max_value=1000.0, required=True),
        },
    )
    weights = edited["weight"].fillna(0).to_numpy(dtype=np.float64)
    shares = distribution(weights, 1.0)
    order = np.argsort(-shares, kind="stable")
    st.caption("Double-click a weight to change it; shares are made to sum to 100%.")
    return [str(edited["token"].iloc[each]) for each in order], shares[order]


def _temperature() -> tuple[float, str]:
    temperature = st.slider(
        "Temperature of all samplers", 0.1, 3.0, step=0.1, **kept("bench-temperature", 1.0)
    )
    order = st.segmented_control(
        "Temperature comes",
        ["first", "last"],
        required=True,
        help="First: the rule judges the heated distribution (transformers). Last: it judges the "
        "model's own, and what it keeps is heated (llama.cpp).",
        **kept("bench-order", "first"),
    )
    return float(temperature), str(order or "first")


def _common(
    plans: Sequence[Plan], temperature: float, order: str, catalogue: Catalogue
) -> list[Plan]:
    """Return the plans with one temperature for all; in a chain it comes with the first link."""
    found = []
    for plan in plans:
        links = []
        for place, spec in enumerate(plan):
            names = {each.name for each in catalogue[spec.name].parameters}
            values = {"temperature": 1.0 if place else temperature, "temperature_order": order}
            ours = {name: value for name, value in values.items() if name in names}
            links.append(replace(spec, parameters={**spec.parameters, **ours}))
        found.append(tuple(links))
    return found


def _pictures(
    backend: Bench,
    plans: Sequence[Plan],
    tokens: list[str],
    shares: np.ndarray,
    temperature: float,
    unit: str,
) -> None:
    labels = backend.sampler_labels(plans)
    filtered = backend.apply_samplers(shares, plans)
    figure(
        survive_chart(len(labels)),
        SURVIVE_ABOUT,
        key="trajectories-survive",
        data=survive_data(tokens, shares, labels, filtered),
    )
    st.dataframe(
        _after(labels, filtered, unit), hide_index=True, key="trajectories:after",
        column_config={
            "kept mass": st.column_config.NumberColumn(format="%.1f%%"),
            f"entropy after ({unit})": st.column_config.NumberColumn(format="%.3f"),
            f"KL to the model ({unit})": st.column_config.NumberColumn(format="%.3f"),
            "effective choices": st.column_config.NumberColumn(format="%.2f"),
        },
    )  # fmt: skip
    what = st.segmented_control(
        "Sweep",
        ["entropy", "kept tokens"],
        required=True,
        label_visibility="collapsed",
        **kept("sweep", "entropy"),
    )
    entropy, count = backend.temperature_sweep(shares, plans, TEMPERATURES.tolist())
    data = sweep_data(
        shares, labels, entropy if what == "entropy" else count, TEMPERATURES, temperature, unit,
        entropy=what == "entropy",
    )  # fmt: skip
    about = sweep_about(unit, entropy=what == "entropy")
    figure(sweep_chart(labels, about.title), about, key=f"trajectories-sweep-{what}", data=data)


def _after(labels: list[str], filtered: list[Filtered], unit: str) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "sampler": label,
                "kept": int(each.kept.sum()),
                "kept mass": 100 * each.kept_mass,
                f"entropy after ({unit})": float(series.to_unit(np.array(each.entropy), unit)),
                "effective choices": float(np.exp(each.entropy)),
                f"KL to the model ({unit})": float(series.to_unit(np.array(each.divergence), unit)),
            }
            for label, each in zip(labels, filtered, strict=True)
        ]
    )
