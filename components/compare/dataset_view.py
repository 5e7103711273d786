"""Two data-set runs, text by text."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from backend.derived import series
from backend.derived.compare_rows import RowComparison, compare_rows
from backend.runs import DatasetRun

from .. import checks, state
from ..charts.common import BLUE, CURSOR_COLOUR
from ..controls import Control
from ..figure import About, figure
from .tables import difference_table

MEASURES = {
    "mean_entropy": "Mean entropy",
    "max_entropy": "Max entropy",
    "mean_surprisal": "Mean surprisal",
    "bits_per_byte": "Bits per byte",
}
FORMULAS = {
    "mean_entropy": r"\bar H=\frac1n\sum_i H_i",
    "max_entropy": r"\max_i H_i",
    "mean_surprisal": r"\bar s=\frac1n\sum_i -\ln p_i(x_i)",
    "bits_per_byte": r"\frac{1}{\text{bytes}}\sum_i -\log_2 p_i(x_i)",
}
MEASURE = Control("compare.row", "mean_entropy", checks.one_of(tuple(MEASURES)))


def compare_datasets(a: DatasetRun, b: DatasetRun) -> None:
    """Draw the texts that both runs measured.

    Raises:
        InputError: there are none.
    """
    comparison = compare_rows(a, b)
    st.segmented_control(
        "Difference of", list(MEASURES), format_func=MEASURES.__getitem__, required=True,
        **MEASURE.widget(),
    )  # fmt: skip
    measure = MEASURE.value
    unit = "bits" if measure == "bits_per_byte" else state.unit()
    frame = rows_frame(a, comparison, measure, unit)
    _figures(frame, unit)
    left_out = (comparison.unmatched_a, comparison.unmatched_b)
    if any(left_out):
        st.caption(f"{left_out[0]:,} texts of A and {left_out[1]:,} of B are not in the other.")
    values = frame[["A", "B"]].to_numpy()
    finite = values[np.isfinite(values)]
    ends = pd.DataFrame({"end": [0.0, float(finite.max()) if finite.size else 1.0]})
    figure(
        rows_chart(unit), rows_about(measure, unit), key="compare-rows",
        data={"rows": frame, "diagonal": ends},
    )  # fmt: skip
    difference_table(frame, "B − A", unit, key="compare-texts")


def rows_frame(a: DatasetRun, comparison: RowComparison, measure: str, unit: str) -> pd.DataFrame:
    """Return one row a common text: its place in A and in B, and both values in ``unit``."""

    def shown(nats: np.ndarray) -> np.ndarray:
        return nats if measure == "bits_per_byte" else series.to_unit(nats, unit)

    return pd.DataFrame(
        {
            "row of A": comparison.rows_a + 1,
            "row of B": comparison.rows_b + 1,
            "text": [a.request.texts[row] for row in comparison.rows_a],
            "A": shown(comparison.a[measure]),
            "B": shown(comparison.b[measure]),
            "B − A": shown(comparison.difference(measure)),
        }
    )


def rows_about(measure: str, unit: str) -> About:
    """Return the words around the scatter."""
    return About(
        title=f"{MEASURES[measure]} of each text: A against B ({unit})",
        read="Each dot is a text. On the diagonal the runs agree; above it, B has more.",
        definition="Rows are matched by their texts, letter by letter. Means are over the tokens "
        "each model cut the text into; bits per byte compares across tokenizers.",
        formula=FORMULAS[measure],
        source="Shannon 1948.",
    )


def rows_chart(unit: str) -> alt.TopLevelMixin:
    """Return the chart over ``rows`` and ``diagonal``."""
    line = (
        alt.Chart(alt.NamedData("diagonal"))
        .mark_line(color=CURSOR_COLOUR, strokeDash=[5, 3])
        .encode(x="end:Q", y="end:Q")
    )
    dots = (
        alt.Chart(alt.NamedData("rows"))
        .mark_circle(size=55, opacity=0.75, color=BLUE)
        .encode(
            x=alt.X("A:Q", title=f"A ({unit})"),
            y=alt.Y("B:Q", title=f"B ({unit})"),
            tooltip=[
                alt.Tooltip("row of A:Q"),
                alt.Tooltip("text:N"),
                alt.Tooltip("A:Q", format=".3f"),
                alt.Tooltip("B:Q", format=".3f"),
                alt.Tooltip("B − A:Q", format="+.3f"),
            ],
        )
    )
    return alt.layer(line, dots).properties(height=340)


def _figures(frame: pd.DataFrame, unit: str) -> None:
    both = frame[np.isfinite(frame["B − A"])]
    figures = {"Common texts": f"{len(frame):,}", "In both": f"{len(both):,}"}
    if len(both):
        figures |= {
            f"Mean A ({unit})": f"{both['A'].mean():.3f}",
            f"Mean B ({unit})": f"{both['B'].mean():.3f}",
            "Mean B − A": f"{both['B − A'].mean():+.3f}",
            "B above A": f"{(both['B − A'] > 0).mean():.0%}",
        }
    with st.container(horizontal=True, gap="medium", key="summary"):
        for label, value in figures.items():
            st.metric(label, value, width="content")
