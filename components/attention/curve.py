"""The entropy of one head, or two, along the text, and the limits it lies between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import altair as alt
import numpy as np
import pandas as pd

from backend.derived.heads import entropy_ceiling, entropy_floor, without_first
from backend.runs import AttentionRun

from ..charts.common import BLUE, GREY, ORANGE, cursor_frame, cursor_rule, picking
from ..figure import About
from ..plain import numbered_label
from .numbers import Options, entropies, head_name

HIGHEST, FLOOR = "maximum", "least the scores allow"
SOLID, DASHED, DOTTED = (1, 0), (6, 4), (1.5, 3)
Head = tuple[int, int]

_ENTROPY = r"H_i=-\sum_{j\le i}p_{ij}\ln p_{ij}"
_BOUND = (
    r"H_i\ge\ln\bigl(1+(n-1)\beta\bigr)+\frac{\sigma_i\sqrt{n(n-1)}\,\beta}{1+(n-1)\beta}\\"
    r"\beta=e^{-\sigma_i\sqrt{n/(n-1)}},\quad\sigma_i=\lVert s_i-\bar s_i\rVert_2"
)
_ABOUT_BOUND = (
    "The dashed line is the lower bound of σReparam, taken from the spread $\\sigma_i$ of each "
    "row's own scores over its $n$ visible tokens: no distribution with scores of that spread has "
    "less entropy. It is close to the curve where one token stands out."
)
_SOURCE = "Entropy of attention: σReparam, arXiv 2303.06296"


@dataclass(frozen=True)
class Line:
    """One line of the chart.

    Attributes:
        name: in the legend, unique.
        values: [T], as the options want them.
        colour: CSS.
        dash: lengths of stroke and gap.
    """

    name: str
    values: np.ndarray = field(repr=False)
    colour: str
    dash: tuple[float, float] = SOLID


def curve_lines(run: AttentionRun, heads: Sequence[Head], options: Options) -> list[Line]:
    """Return the entropy of one or two heads and the limits that hold for them.

    The maximum differs between layers that see windows of different widths; then each head gets
    its own, in its colour. The bound is drawn for a single head, of all its weights.
    """
    colours = dict(zip(heads, (BLUE, ORANGE), strict=False))
    lines = [Line(head_name(*head), entropies(run, options, head), colours[head]) for head in heads]
    ceilings = {head: _ceiling(run, head, options) for head in heads}
    first, *others = ceilings.values()
    if all(np.array_equal(first, each, equal_nan=True) for each in others):
        lines.append(Line(HIGHEST, _scaled(first, first, options), GREY, DOTTED))
    else:
        lines += [
            Line(f"{HIGHEST} of {head_name(*head)}", _scaled(each, each, options), colours[head],
                 DOTTED)
            for head, each in ceilings.items()
        ]  # fmt: skip
    if len(heads) == 1 and not options.hide_first:
        floor = entropy_floor(run, heads[0])
        if not np.isnan(floor).all():
            lines.append(Line(FLOOR, _scaled(floor, first, options), GREY, DASHED))
    return lines


def _ceiling(run: AttentionRun, head: Head, options: Options) -> np.ndarray:
    return without_first(run, head)[1] if options.hide_first else entropy_ceiling(run, head)


def _scaled(values: np.ndarray, ceiling: np.ndarray, options: Options) -> np.ndarray:
    """Return nats as the options want them."""
    if not options.share:
        return values * options.factor
    return np.where(ceiling > 0, values / np.where(ceiling > 0, ceiling, 1), np.nan)


def curve_about(lines: Sequence[Line], options: Options) -> About:
    """Return the words around the lines that are drawn."""
    names = " and ".join(line.name for line in lines if line.dash == SOLID)
    bounded = any(line.name == FLOOR for line in lines)
    tokens = "tokens it sees, the first left out" if options.hide_first else "tokens it sees"
    definition = (
        f"Entropy of the weights over the {tokens}. The dotted line is the most it could be: "
        "$\\ln$ of their number, when all are looked at alike."
    )
    return About(
        title=f"Entropy of {names} along the text{options.rest} ({options.label})",
        read="Each token as a query: high where the head looks widely. Click to pin a token.",
        formula=rf"\begin{{gathered}}{_ENTROPY}\\{_BOUND}\end{{gathered}}" if bounded else _ENTROPY,
        definition=f"{definition} {_ABOUT_BOUND}" if bounded else definition,
        source=f"{_SOURCE}; bound: Theorem 3.1, whose σ is an upper bound of the one used here."
        if bounded
        else f"{_SOURCE}.",
    )


def curve_data(
    run: AttentionRun, lines: Sequence[Line], token: int | None
) -> dict[str, pd.DataFrame]:
    """Return one row per token and line, and the cursor."""
    place = np.arange(len(run))
    text = [numbered_label(i, each) for i, each in enumerate(run.tokens)]
    points = pd.concat(
        pd.DataFrame({"token": place, "text": text, "line": line.name, "value": line.values})
        for line in lines
    )
    return {"points": points, "cursor": cursor_frame(token)}


def curve_chart(run: AttentionRun, lines: Sequence[Line], options: Options) -> alt.TopLevelMixin:
    """Return the chart over ``curve_data``."""
    position = alt.X(
        "token:Q",
        title="token",
        scale=alt.Scale(domain=[-0.5, max(len(run), 2) - 0.5], nice=False),
        axis=alt.Axis(tickMinStep=1, grid=False),
    )
    names = [line.name for line in lines]
    colours = alt.Scale(domain=names, range=[line.colour for line in lines])
    dashes = alt.Scale(domain=names, range=[list(line.dash) for line in lines])
    legend = alt.Legend(
        title=None, orient="top", labelLimit=260, symbolType="stroke", symbolSize=400
    )
    base = alt.Chart(alt.NamedData("points")).encode(
        x=position, y=alt.Y("value:Q", title=options.label, scale=alt.Scale(domainMin=0))
    )
    thin = len(run) > 400
    tooltip = [
        alt.Tooltip("text:N", title="token"),
        alt.Tooltip("line:N", title="line"),
        alt.Tooltip("value:Q", title=f"entropy ({options.label})", format=".3f"),
    ]
    ours = [line.name for line in lines if line.dash == SOLID]
    return alt.layer(
        cursor_rule(position),
        base.mark_line(strokeWidth=0.8 if thin else 1.5).encode(
            color=alt.Color("line:N", scale=colours, legend=legend),
            strokeDash=alt.StrokeDash("line:N", scale=dashes, legend=legend),
        ),
        base.transform_filter(alt.FieldOneOfPredicate("line", ours))
        .mark_point(size=10 if thin else 36, filled=True, opacity=1)
        .encode(fill=alt.Fill("line:N", scale=colours, legend=None), tooltip=tooltip)
        .add_params(picking()),
    ).properties(height=260)
