"""The figures of one head."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from backend.derived.heads import Flags, entropy_floor, mean_over, repeats
from backend.runs import AttentionRun

from ..figure import About, explain
from ..plain import escape_markdown
from .numbers import Options, head_name, means, written

SPECTRAL = "σ = ‖W_K W_Qᵀ‖₂ · scale"
_NO_SPECTRAL = (
    "σ is not defined here: the scores are no fixed product of two weight matrices. Qwen3 and "
    "Gemma 3, for example, normalise queries and keys after the projection."
)


def head_panel(
    run: AttentionRun, head: tuple[int, int], options: Options, flagged: Flags, key: str
) -> None:
    """Draw name, flags and figures of ``head`` over the chosen queries; ``key`` of the panel."""
    name = head_name(*head)
    about = panel_about(name, run, options)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{name}**", width="content")
        for label, flag in (("▲ overload", flagged.overload), ("▼ collapse", flagged.collapse)):
            if flag[head]:
                st.badge(label, color="gray")
        st.space("stretch")
        with st.popover("", icon=":material/info:", type="tertiary", key=f"about:{key}"):
            explain(about)
    if str(head[0]) in run.reasons:
        st.info(escape_markdown(run.reasons[str(head[0])]), icon=":material/info:")
        return
    st.caption(about.read)
    frame = pd.DataFrame(head_figures(run, head, options), columns=["number", "value"])
    st.table(frame, border="horizontal", hide_index=True, hide_header=True)
    if np.isnan(run.spectral_norm[head]):
        st.caption(_NO_SPECTRAL)


def panel_about(name: str, run: AttentionRun, options: Options) -> About:
    """Return the words around the figures of a head."""
    return About(
        title=f"The figures of {name}",
        read=_over(run, options),
        formula=r"\begin{gathered}H_i=-\sum_{j\le i}p_{ij}\ln p_{ij}\\"
        r"d_i=i-\sum_j p_{ij}\,j\\\sigma=\lVert W_K W_Q^\top\rVert_2\cdot\mathrm{scale}"
        r"\end{gathered}",
        definition="Weights and distances are means over the chosen tokens. *What followed last "
        "time* is the token after the last earlier occurrence of the same token, over the tokens "
        "that have one.\n\n"
        "**Least its scores allow** is the entropy bound of σReparam for the row with the lowest "
        "entropy, from the spread of that row's own scores (formula: ⓘ of the curve).\n\n"
        "**σ** says how strongly the weights alone can score: the largest singular value of the "
        "product of key and query weights, times the scale of the scores. Biases are left out. "
        "Rotary positions turn the product by the distance of the two tokens; σ is then that of "
        "distance 0.",
        source="Entropy, bound and σ: σReparam, arXiv 2303.06296. What followed last time: "
        "induction heads, arXiv 2209.11895.",
    )


def _over(run: AttentionRun, options: Options) -> str:
    """Say which tokens the figures are about."""
    if options.stop - options.start == len(run):
        return "Means over all tokens as queries."
    return f"Means over the tokens {options.start:,} to {options.stop - 1:,} as queries."


def head_figures(
    run: AttentionRun, head: tuple[int, int], options: Options
) -> list[tuple[str, str]]:
    """Return the rows of the panel."""
    chosen = slice(options.start, options.stop)

    def percent(values: np.ndarray) -> str:
        return written(100 * float(mean_over(values[head][chosen])), 1, "%")

    induction = np.where(repeats(run), run.induction_mass[head], np.nan)[chosen]
    rows = [
        (
            f"Mean entropy{options.rest} ({options.label})",
            written(float(means(run, options)[head]), 3),
        ),
        ("On the first token", percent(run.first_mass)),
        ("On itself", percent(run.self_mass)),
        ("On the token before", percent(run.previous_mass)),
        ("On what followed last time", written(100 * float(mean_over(induction)), 1, "%")),
        (
            "Mean distance looked back (tokens)",
            written(float(mean_over(run.distance[head][chosen])), 1),
        ),
        *_lowest(run, head, options),
        (SPECTRAL, written(float(run.spectral_norm[head]), 3)),
    ]
    if run.outside_mass is not None:
        rows.insert(1, ("On the learned sink", percent(run.outside_mass)))
    return rows


def _lowest(run: AttentionRun, head: tuple[int, int], options: Options) -> list[tuple[str, str]]:
    """Return the lowest entropy, of all weights, and what that row's scores allow at least."""
    chosen = slice(options.start, options.stop)
    whole = ", first token included" if options.hide_first else ""
    # A query that sees one token has entropy 0 whatever the head does.
    free = run.max_entropy[head[0]][chosen] > 0
    entropy = np.where(free, run.entropy[head][chosen], np.nan)
    if np.isnan(entropy).all():
        return [(f"Lowest entropy ({options.unit})", "–")]
    query = options.start + int(np.nanargmin(entropy))
    floor = float(entropy_floor(run, (*head, query)))
    lowest = float(run.entropy[(*head, query)])
    return [
        (f"Lowest entropy{whole} ({options.unit})", written(lowest * options.factor, 3)),
        (
            f"… at token {query:,}, whose scores allow at least",
            written(floor * options.factor, 3),
        ),
    ]
