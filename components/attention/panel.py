"""The figures of one head."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from backend.runs import AttentionRun
from backend.runs.heads import Flags, entropy_floor, mean_over, repeats
from components.attention.numbers import Options, head_name, means, written


def head_panel(run: AttentionRun, head: tuple[int, int], options: Options, flagged: Flags) -> None:
    """Draw name, flags and figures of ``head`` over the chosen queries."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{head_name(*head)}**", width="content")
        for name, flag in (("▲ overload", flagged.overload), ("▼ collapse", flagged.collapse)):
            if flag[head]:
                st.badge(name, color="gray")
    if str(head[0]) in run.reasons:
        st.info(run.reasons[str(head[0])], icon=":material/info:")
        return
    frame = pd.DataFrame(head_figures(run, head, options), columns=["number", "value"])
    st.table(frame, border="horizontal", hide_index=True, hide_header=True)


def head_figures(
    run: AttentionRun, head: tuple[int, int], options: Options
) -> list[tuple[str, str]]:
    """Return the rows of the panel."""
    chosen = slice(options.start, options.stop)

    def percent(values: np.ndarray) -> str:
        return written(100 * float(mean_over(values[head][chosen])), 1, "%")

    entropy = run.entropy[head][chosen] * options.factor
    floor = entropy_floor(run)[head][chosen] * options.factor
    # A query that sees one token has entropy 0 whatever the head does.
    free = run.max_entropy[head[0]][chosen] > 0
    lowest = float(np.min(entropy[free])) if free.any() else np.nan
    bound = float(np.min(floor[free])) if free.any() else np.nan
    induction = np.where(repeats(run), run.induction_mass, np.nan)
    rows = [
        (f"Mean entropy ({options.label})", written(float(means(run, options)[head]), 3)),
        ("On the first token", percent(run.first_mass)),
        ("On itself", percent(run.self_mass)),
        ("On the token before", percent(run.previous_mass)),
        ("On what followed last time", percent(induction)),
        (
            "Mean distance looked back",
            written(float(mean_over(run.distance[head][chosen])), 1, "tokens"),
        ),
        (f"Lowest entropy ({options.unit})", written(lowest, 3)),
        (f"Least its scores allow ({options.unit})", written(bound, 3)),
        ("σ = ‖W_K W_Qᵀ‖₂ · scale", written(float(run.spectral_norm[head]), 3)),
    ]
    if run.outside_mass is not None:
        rows.insert(1, ("On the learned sink", percent(run.outside_mass)))
    return rows
