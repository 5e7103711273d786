"""Drawing the pattern of one head: the whole, some rows, or an overview of a long text."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from backend.runs import AttentionRun

from ..charts.common import CURSOR_COLOUR
from ..figure import About
from ..palette import hex_colours
from ..plain import numbered_label
from .numbers import head_name
from .pattern import ROWS, Wanted


def pattern_about(run: AttentionRun, part: Wanted, hide_first: bool) -> About:
    """Return the words around a pattern."""
    name = head_name(part.layer, part.head)
    title = f"Pattern of {name}"
    read = "Rows look, columns are looked at. Drag to zoom, double-click to see all."
    hidden = "The first token is hidden." if hide_first else ""
    if part.cells is not None:
        width = part.width(len(run))
        title = f"Overview of {name}: fields of {width} × {width} tokens"
        read = f"Each field shows its largest weight, so single bright tokens stay visible. {read}"
        hidden = "The fields that hold the first token are hidden." if hide_first else ""
    elif part.rows is not None:
        title = f"Pattern of {name}, tokens {part.rows[0]:,} to {part.rows[1] - 1:,}"
        read = (
            "Rows look, columns are looked at. The nearest columns are shown first: double-click "
            "to see all, drag to zoom."
        )
    return About(
        title=title,
        read=f"{read} {hidden}".strip(),
        formula=r"p_{ij}=\mathrm{softmax}_{j\le i}\bigl(q_i\cdot k_j\cdot\mathrm{scale}\bigr)",
        definition="Computed by the model when asked for, exact. Grey: what a token does not see. "
        "Colours follow the square root of the weight, so that small weights show; numbers are "
        "weights.",
        source="Scaled dot-product attention: Vaswani and others, 2017, arXiv 1706.03762.",
    )


def pattern_data(run: AttentionRun, part: Wanted, weights: np.ndarray) -> dict[str, pd.DataFrame]:
    """Return the weights as a table: one row per query, one column per key; empty where unseen."""
    rows, columns = labels(run, part, weights.shape)
    shown = np.where(seen(run, part), weights, np.nan)
    return {"weights": pd.DataFrame(shown, index=rows, columns=columns).reset_index()}


def labels(run: AttentionRun, part: Wanted, shape: tuple[int, ...]) -> tuple[list[str], list[str]]:
    """Return what to call rows and columns."""
    if part.cells is not None:
        width = part.width(len(run))
        names = [f"{at}–{min(at + width, len(run)) - 1}" for at in range(0, len(run), width)]
        return names[: shape[0]], names[: shape[1]]
    tokens = [numbered_label(i, each, 14) for i, each in enumerate(run.tokens)]
    return tokens[slice(*part.rows)] if part.rows else tokens, tokens


def seen(run: AttentionRun, part: Wanted) -> np.ndarray:
    """Return bool, in the shape of the part: where there is a key that a query sees.

    A query sees the last tokens up to itself, as many as its maximum entropy says: all of them,
    or a window.
    """
    width = part.width(len(run))
    start, stop = part.rows or (0, len(run))
    query = np.arange(start, stop)
    count = np.rint(np.exp(np.nan_to_num(run.max_entropy[part.layer, start:stop], nan=-np.inf)))
    first, last = query - count.astype(int) + 1, query
    if width > 1:
        fields = np.arange(0, len(query), width)
        first, last = np.minimum.reduceat(first, fields), np.maximum.reduceat(last, fields)
    key = np.arange(0, len(run), width)
    return (key <= last[:, None]) & (key + width - 1 >= first[:, None])


def pattern_chart(
    run: AttentionRun, part: Wanted, weights: np.ndarray, token: int | None, hide_first: bool
) -> go.Figure:
    """Return the map of a pattern; colours go with the square root of the weight."""
    shown = np.where(seen(run, part), weights, np.float32(np.nan))
    if hide_first:
        shown[:, 0] = np.nan
    # Plotly reads some HTML in its labels.
    rows, columns = (
        [html.escape(each, quote=False) for each in names]
        for names in labels(run, part, weights.shape)
    )
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
    # Plotly leaves out labels that would overlap, and brings them back when zoomed in.
    axis: dict[str, Any] = {"type": "category", "showgrid": False, "ticks": "", "automargin": True}
    figure.update_xaxes(title="looked at (key)", tickangle=-90, **axis)
    figure.update_yaxes(title="looks (query)", autorange="reversed", **axis)
    figure.update_layout(
        height=620 if part.rows is None else 420,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        plot_bgcolor="rgba(138,148,160,0.25)",
    )
    if part.rows is not None:  # all columns at once would be narrower than pixels, and vanish
        near = max(0, part.rows[0] - ROWS)
        figure.update_xaxes(range=[near - 0.5, part.rows[1] - 0.5])
    start = part.rows[0] if part.rows else 0
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
