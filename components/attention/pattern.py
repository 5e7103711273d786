"""The pattern of one head: asked of the model when somebody wants it, kept, and drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from backend.runs import AttentionRequest, AttentionRun, ModelFacts, ModelSpec
from components import job
from components.attention.numbers import head_name
from components.charts.common import CURSOR_COLOUR
from components.figure import About
from components.palette import hex_colours
from components.plain import numbered_label
from components.token_strip import Links

SLOT = "attention"
WHOLE_TOKENS = 1024  # up to here a pattern is drawn whole: 4 MB, and one pixel a token
CELLS = 256
ROWS = 64
_PATTERNS, _FAILED = "attention:patterns", "attention:failed"
_KEPT = 6


class PatternSource(Protocol):
    """What is needed of ``backend.cached``."""

    def submit_pattern(
        self,
        request: AttentionRequest,
        layer: int,
        head: int,
        rows: tuple[int, int] | None = None,
        cells: int | None = None,
    ) -> job.Watchable: ...
    def model_facts(self, spec: ModelSpec) -> ModelFacts | None: ...


@dataclass(frozen=True)
class Wanted:
    """A pattern, or a part of it, of one run."""

    run: str
    layer: int
    head: int
    rows: tuple[int, int] | None = None
    cells: int | None = None


def wanted_parts(run: AttentionRun, layer: int, head: int, token: int | None) -> list[Wanted]:
    """Return the parts the page draws: the whole, or an overview and the rows about the pin."""
    key = run.request.key
    if len(run) <= WHOLE_TOKENS:
        return [Wanted(key, layer, head)]
    parts = [Wanted(key, layer, head, cells=CELLS)]
    if token is not None:
        start = token // ROWS * ROWS
        parts.append(Wanted(key, layer, head, rows=(start, min(start + ROWS, len(run)))))
    return parts


def find(wanted: Wanted) -> np.ndarray | None:
    """Return a pattern that has been computed in this session."""
    return st.session_state.get(_PATTERNS, {}).get(wanted)


def ask(source: PatternSource, run: AttentionRun, parts: list[Wanted]) -> bool:
    """Start computing the first missing part; return whether something was started."""
    missing = [each for each in parts if find(each) is None]
    if not missing or job.running(SLOT) or st.session_state.get(_FAILED) == missing[0]:
        return False
    part = missing[0]
    # If it fails, it is not asked for again by itself.
    st.session_state[_FAILED] = part
    job.start(
        SLOT,
        lambda: source.submit_pattern(run.request, part.layer, part.head, part.rows, part.cells),
    )
    return True


def take(weights: np.ndarray) -> None:
    """Keep what was asked for last."""
    part = st.session_state.pop(_FAILED)
    kept = {**st.session_state.get(_PATTERNS, {}), part: weights}
    st.session_state[_PATTERNS] = dict(list(kept.items())[-_KEPT:])


def retry() -> None:
    """Allow a part that failed to be asked for again."""
    st.session_state.pop(_FAILED, None)


def links(parts: list[Wanted], hide_first: bool) -> Links | None:
    """Return what the head looked at, for the strip; None while no rows are known."""
    for part in parts:
        weights = find(part) if part.cells is None else None
        if weights is None:
            continue
        if hide_first:
            weights = weights.copy()
            weights[:, 0] = 0
        rows = None if part.rows is None else np.arange(*part.rows)
        return Links(weights, rows, f"weight of {head_name(part.layer, part.head)}")
    return None


def pattern_about(run: AttentionRun, part: Wanted) -> About:
    """Return the words around a pattern."""
    name = head_name(part.layer, part.head)
    width = -(-len(run) // CELLS)
    title, read = f"Pattern of {name}", "Rows look, columns are looked at; drag to zoom."
    if part.cells is not None:
        title = f"Overview of {name}: fields of {width} × {width} tokens"
        read = "Each field shows its largest weight, so single bright tokens stay visible."
    elif part.rows is not None:
        title = f"Pattern of {name}, tokens {part.rows[0]} to {part.rows[1] - 1}"
    return About(
        title=title,
        read=read,
        formula=r"p_{ij}=\mathrm{softmax}_{j\le i}\bigl(q_i\cdot k_j\cdot\mathrm{scale}\bigr)",
        definition="Computed by the model when asked for, exact. Grey: what a token does not see. "
        "Colours follow the square root of the weight, so that small weights show; numbers are "
        "weights.",
        source="Vaswani et al. 2017, arXiv 1706.03762.",
    )


def pattern_data(run: AttentionRun, part: Wanted, weights: np.ndarray) -> dict[str, pd.DataFrame]:
    """Return the weights as a table: one row per query, one column per key."""
    rows, columns = labels(run, part, weights.shape)
    return {"weights": pd.DataFrame(weights, index=rows, columns=columns).reset_index()}


def labels(run: AttentionRun, part: Wanted, shape: tuple[int, ...]) -> tuple[list[str], list[str]]:
    """Return what to call rows and columns."""
    if part.cells is not None:
        width = -(-len(run) // CELLS)
        names = [f"{at}–{min(at + width, len(run)) - 1}" for at in range(0, len(run), width)]
        return names[: shape[0]], names[: shape[1]]
    tokens = [numbered_label(i, each, 14) for i, each in enumerate(run.tokens)]
    return tokens[slice(*part.rows)] if part.rows else tokens, tokens


def pattern_chart(
    run: AttentionRun, part: Wanted, weights: np.ndarray, token: int | None, hide_first: bool
) -> go.Figure:
    """Return the map of a pattern; colours go with the square root of the weight."""
    start = part.rows[0] if part.rows else 0
    shown = weights.astype(np.float32, copy=True)
    query = np.arange(len(shown))[:, None] + start
    shown[np.arange(shown.shape[1]) > query] = np.nan
    if hide_first and part.cells is None:
        shown[:, 0] = np.nan
    rows, columns = labels(run, part, weights.shape)
    many = len(columns) > 90
    figure = go.Figure(
        go.Heatmap(
            z=shown,
            x=columns,
            y=rows,
            zmin=0,
            zmax=1,
            colorscale=_square_root_scale(),
            colorbar={"title": {"text": "weight"}, "thickness": 12},
            hovertemplate="%{y} looks at %{x}: %{z:.4f}<extra></extra>",
            hoverongaps=False,
        )
    )
    axis = {"type": "category", "showgrid": False, "showticklabels": not many, "ticks": ""}
    figure.update_xaxes(title="looked at (key)", tickangle=-90, **axis)
    figure.update_yaxes(title="looks (query)", autorange="reversed", **axis)
    figure.update_layout(
        height=620 if part.rows is None else 420,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        plot_bgcolor="rgba(138,148,160,0.25)",
    )
    if token is not None and part.cells is None and start <= token < start + len(rows):
        line = {"color": CURSOR_COLOUR, "width": 1.5}
        figure.add_shape(
            type="rect", xref="paper", x0=0, x1=1, y0=token - start - 0.5,
            y1=token - start + 0.5, line=line, fillcolor="rgba(0,0,0,0)",
        )  # fmt: skip
    return figure


def _square_root_scale() -> list[list[object]]:
    colours = hex_colours("viridis", 33)
    return [[(number / 32) ** 2, colour] for number, colour in enumerate(colours)]
