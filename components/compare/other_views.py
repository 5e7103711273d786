"""Two attention runs by head, and two trajectory runs by sampler."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from backend.derived import series
from backend.derived.compare import compare_heads
from backend.derived.compare_paths import PathComparison, compare_paths
from backend.runs import AttentionRun, TrajectoryRun

from .. import checks, state
from ..controls import Control
from ..figure import figure
from ..table_downloads import table_downloads
from .charts import (
    PATHS,
    heads_about,
    heads_chart,
    paths_about,
    paths_chart,
)

# Nats at which the colours of the difference of heads end.
HEADS_END = 1.0
AUTOMATIC = Control("compare.automatic", False, checks.switch)
PATH = Control("compare.path", "entropy", checks.one_of(tuple(PATHS)))


def compare_attention(a: AttentionRun, b: AttentionRun) -> None:
    """Draw layers × heads of B − A."""
    comparison, unit = compare_heads(a, b), state.unit()
    if not comparison.paired:
        st.caption("The runs read different tokens: the means are over each run's own text.")
    layers, heads = np.indices(comparison.a.shape)
    frame = pd.DataFrame(
        {
            "layer": layers.ravel(),
            "head": heads.ravel(),
            "a": series.to_unit(comparison.a.ravel(), unit),
            "b": series.to_unit(comparison.b.ravel(), unit),
            "difference": series.to_unit(comparison.difference.ravel(), unit),
        }
    )
    frame["name"] = [
        f"L{layer}.H{head}" for layer, head in zip(frame["layer"], frame["head"], strict=True)
    ]
    size = np.abs(frame["difference"].to_numpy())
    known = bool(np.isfinite(size).any())
    st.toggle(
        "Colours span these runs", **AUTOMATIC.widget(),
        help="Off: a fixed range, so that comparisons can be compared.",
    )  # fmt: skip
    end = float(series.to_unit(np.array(HEADS_END), unit))
    if AUTOMATIC.value and known:
        end = float(np.nanmax(size)) or end
    with st.container(horizontal=True, gap="medium", key="summary"):
        st.metric(f"Mean A ({unit})", f"{frame['a'].mean():.3f}", width="content")
        st.metric(f"Mean B ({unit})", f"{frame['b'].mean():.3f}", width="content")
        st.metric("Mean B − A", f"{frame['difference'].mean():+.3f}", width="content")
        if known:
            head = frame.iloc[int(np.nanargmax(size))]
            st.metric("Largest", f"{head['name']} {head['difference']:+.3f}", width="content")
    figure(heads_chart(end, unit), heads_about(unit), key="compare-heads", data={"heads": frame})


def compare_trajectories(a: TrajectoryRun, b: TrajectoryRun) -> None:
    """Draw the samplers that both runs have, step by step, and a table of means."""
    comparison, unit = compare_paths(a, b), state.unit()
    if a.request.prompt != b.request.prompt:
        st.caption("The runs begin with different prompts.")
    _means(comparison, unit)
    st.segmented_control(
        "Along the steps", list(PATHS), format_func=PATHS.__getitem__, required=True,
        **PATH.widget(),
    )  # fmt: skip
    measure = PATH.value
    rows = [
        pd.DataFrame(
            {
                "sampler": label,
                "run": side,
                "step": np.arange(values.shape[1]),
                "value": series.to_unit(values[row], unit),
            }
        )
        for side, values in (("A", comparison.a[measure]), ("B", comparison.b[measure]))
        for row, label in enumerate(comparison.labels)
    ]
    figure(
        paths_chart(unit),
        paths_about(measure, unit),
        key="compare-paths",
        data={"paths": pd.concat(rows, ignore_index=True)},
    )


def _means(comparison: PathComparison, unit: str) -> None:
    columns: dict[str, object] = {"sampler": comparison.labels}
    for measure, label in PATHS.items():
        difference = series.to_unit(comparison.difference(measure), unit)
        columns[f"{label}, B − A ({unit})"] = difference
    columns["same tokens (%)"] = 100 * comparison.agreement
    frame = pd.DataFrame(columns)
    st.dataframe(
        frame,
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(name, format="%.3f") for name in frame.columns[1:]
        },
    )
    with st.container(horizontal=True):
        st.caption(
            "Each number is a mean over the steps of the means over the seeds still running.",
            width="stretch",
        )
        table_downloads(frame, "compare-means")
