"""The entropy of one head, or two, along the text."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from backend.runs import AttentionRun
from backend.runs.heads import entropy_floor
from components.attention.numbers import Options, entropies, head_name
from components.charts.common import BLUE, GREY, ORANGE, cursor_frame, cursor_rule, picking
from components.figure import About
from components.plain import numbered_label

HIGHEST, FLOOR = "maximum: ln(visible tokens)", "least the scores allow"
Head = tuple[int, int]


def curve_about(heads: list[Head], options: Options) -> About:
    """Return the words around the curve."""
    names = " and ".join(head_name(*head) for head in heads)
    return About(
        title=f"Entropy of {names} along the text ({options.label})",
        read="Each token as a query: high where the head looks widely. Click to pin a token.",
        formula=r"H_i\ge\ln\bigl(1+(n-1)\beta\bigr)+\frac{\sigma_i\sqrt{n(n-1)}\,\beta}{1+(n-1)"
        r"\beta},\quad\beta=e^{-\sigma_i\sqrt{n/(n-1)}},\quad\sigma_i=\lVert s_i-\bar s_i\rVert_2",
        definition="The dashed line is the lower bound of σReparam, taken from the spread "
        "$\\sigma_i$ of each row's own scores over its $n$ visible tokens: no distribution with "
        "scores of that spread has less entropy. It is close to the curve where one token stands "
        "out.",
        source="σReparam, Theorem 3.1, arXiv 2303.06296; its σ is an upper bound of ours.",
    )


def curve_data(
    run: AttentionRun, heads: list[Head], options: Options, token: int | None
) -> dict[str, pd.DataFrame]:
    """Return one row per token and line, and the cursor."""
    values = entropies(run, options)
    place = np.arange(len(run))
    text = [numbered_label(i, each) for i, each in enumerate(run.tokens)]
    lines = {head_name(*head): values[head] for head in heads}
    if not options.hide_first:
        highest = run.max_entropy[heads[0][0]].astype(np.float64)
        floor = entropy_floor(run)[heads[0]] if len(heads) == 1 else None
        scale = 1 / np.maximum(highest, 1e-9) if options.share else options.factor
        lines[HIGHEST] = highest * scale
        if floor is not None and not np.isnan(floor).all():
            lines[FLOOR] = floor * scale
    points = pd.concat(
        pd.DataFrame({"token": place, "text": text, "line": name, "value": line})
        for name, line in lines.items()
    )
    return {"points": points, "cursor": cursor_frame(token)}


def curve_chart(run: AttentionRun, heads: list[Head], options: Options) -> alt.TopLevelMixin:
    """Return the chart over ``curve_data``."""
    position = alt.X(
        "token:Q",
        title="token",
        scale=alt.Scale(domain=[-0.5, max(len(run), 2) - 0.5], nice=False),
        axis=alt.Axis(tickMinStep=1, grid=False),
    )
    names = [head_name(*head) for head in heads]
    order = [*names, HIGHEST, FLOOR]
    colours = [*[BLUE, ORANGE][: len(names)], GREY, GREY]
    base = alt.Chart(alt.NamedData("points")).encode(
        x=position,
        y=alt.Y("value:Q", title=options.label, scale=alt.Scale(domainMin=0)),
        color=alt.Color(
            "line:N",
            scale=alt.Scale(domain=order, range=colours),
            legend=alt.Legend(title=None, orient="top", labelLimit=260),
        ),
    )
    tooltip = [
        alt.Tooltip("text:N", title="token"),
        alt.Tooltip("line:N", title="line"),
        alt.Tooltip("value:Q", title=f"entropy ({options.label})", format=".3f"),
    ]
    thin = len(run) > 400
    ours = base.transform_filter(alt.FieldOneOfPredicate("line", names))
    return alt.layer(
        cursor_rule(position),
        base.transform_filter(f"datum.line === '{HIGHEST}'").mark_line(strokeWidth=1),
        base.transform_filter(f"datum.line === '{FLOOR}'").mark_line(
            strokeWidth=1, strokeDash=[4, 3]
        ),
        ours.mark_line(strokeWidth=0.8 if thin else 1.6),
        ours.mark_circle(size=10 if thin else 36).encode(tooltip=tooltip).add_params(picking()),
    ).properties(height=260)
