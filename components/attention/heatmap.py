"""Layers × heads as a clickable map."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from backend.derived.heads import Flags
from backend.runs import AttentionRun

from ..charts.common import CURSOR_COLOUR, GREY, PICK
from ..figure import About
from ..palette import hex_colours, lookup, wants_black
from .numbers import Options, head_name

INKS = ("#000000", "#ffffff")  # on light fields, on dark ones
OVERLOAD, COLLAPSE = "▲", "▼"
ROW_HEIGHT, LEAST_HEIGHT = 17, 160
_DEFINITION = (
    "A head's weights $p_{ij}$ say how much token $i$ looks at each token $j$ it may see. Their "
    "entropy is 0 for a head that looks at one token and $\\ln$(visible tokens) for one that "
    "looks at all alike. It is computed exactly, for every head at every token, without keeping "
    "the weights. ▲ marks heads in the upper range of mean entropies, ▼ heads near zero."
)
_SOURCE = "Flags: Entropy-Guided Attention, arXiv 2501.03489. Entropy: σReparam, arXiv 2303.06296."


def heads_about(options: Options, values: np.ndarray) -> About:
    """Return the words around the map of means, [L, H]."""
    return About(
        title=f"Mean attention entropy{options.rest} ({options.label})",
        read="Each field is a head; bright heads look widely, dark ones at few tokens. "
        f"Click one to see what it does. {_colours(options, values)}",
        formula=r"H^{(l,h)}=\frac1{|I|}\sum_{i\in I}\Bigl(-\sum_{j\le i}p^{(l,h)}_{ij}"
        r"\ln p^{(l,h)}_{ij}\Bigr)",
        definition=_DEFINITION,
        source=_SOURCE,
    )


def token_about(options: Options, token: int, values: np.ndarray) -> About:
    """Return the words around the map at one token, [L, H]."""
    return About(
        title=f"Every head at token {token}: entropy{options.rest} ({options.label})",
        read="How widely each head looked from this one token. Click one to choose it. "
        f"{_colours(options, values)}",
        formula=r"H^{(l,h)}_i=-\sum_{j\le i}p^{(l,h)}_{ij}\ln p^{(l,h)}_{ij}",
        definition=_DEFINITION,
        source=_SOURCE,
    )


def _colours(options: Options, values: np.ndarray) -> str:
    """Say what range the colours have, and what does not fit into it."""
    if options.automatic:
        return "Colours span the values shown."
    high = options.high(values)
    above = int((values > high).sum())
    clipped = f"; {above} of {values.size} heads lie above and look alike" if above else ""
    return f"Colours: 0 to {high:.3g} ({options.label}), the same for every text{clipped}."


def heads_data(
    run: AttentionRun,
    values: np.ndarray,
    options: Options,
    chosen: tuple[int, int],
    flagged: Flags | None = None,
) -> dict[str, pd.DataFrame]:
    """Return one row per head, and the chosen head.

    Args:
        run: the run.
        values: [L, H], what colours.
        options: of the page.
        chosen: layer and head.
        flagged: which heads carry a mark.
    """
    layers, heads = values.shape
    place = np.tile(np.arange(heads), (layers, 1))
    if options.ordered:
        place = np.argsort(np.argsort(np.nan_to_num(values, nan=np.inf), 1, kind="stable"), 1)
    share = np.clip(np.nan_to_num(values) / options.high(values), 0, 1)
    colours = lookup("viridis")[np.rint(share * 255).astype(int)]
    mark = np.full(values.shape, "", dtype=object)
    if flagged is not None:
        mark[flagged.overload], mark[flagged.collapse] = OVERLOAD, COLLAPSE
    layer, head = np.indices(values.shape)
    cells = pd.DataFrame(
        {
            "layer": layer.ravel(),
            "head": head.ravel(),
            "place": place.ravel(),
            "name": [head_name(*each) for each in np.ndindex(values.shape)],
            "value": values.ravel(),
            "mark": mark.ravel(),
            "ink": np.where(wants_black(colours), *INKS).ravel(),
            "why": [run.reasons.get(str(each), "") for each in layer.ravel()],
        }
    )
    at = pd.DataFrame({"layer": [chosen[0]], "place": [place[chosen]]})
    return {"cells": cells, "chosen": at}


def heads_chart(run: AttentionRun, values: np.ndarray, options: Options) -> alt.TopLevelMixin:
    """Return the map over ``heads_data``; a click is heard as layer and head."""
    layers, heads, high = run.model.layers, run.model.heads, options.high(values)
    x = alt.X(
        "place:O",
        title="heads by entropy, lowest first" if options.ordered else "head",
        scale=alt.Scale(domain=list(range(heads)), padding=0),
        axis=alt.Axis(labelAngle=0, ticks=False, domain=False),
    )
    y = alt.Y(
        "layer:O",
        title="layer",
        scale=alt.Scale(domain=list(range(layers)), padding=0),
        axis=alt.Axis(ticks=False, domain=False, labelOverlap=True),
    )
    base = alt.Chart(alt.NamedData("cells")).encode(x=x, y=y)
    colour = alt.Color(
        "value:Q",
        title=options.label,
        scale=alt.Scale(domain=[0, high], range=hex_colours("viridis", 32), clamp=True),
        legend=_legend(high, bool((values > high).any())),
    )
    tooltip = [
        alt.Tooltip("name:N", title="head"),
        alt.Tooltip("value:Q", title=f"entropy ({options.label})", format=".3f"),
        alt.Tooltip("mark:N", title="flag"),
        alt.Tooltip("why:N", title="why empty"),
    ]
    pick = alt.selection_point(
        name=PICK, fields=["layer", "head"], on="click", toggle="true", clear=False
    )
    fields = (
        base.mark_rect(stroke="transparent", cursor="pointer")
        .encode(
            color=alt.condition("isValid(datum.value)", colour, alt.value(GREY)), tooltip=tooltip
        )
        .add_params(pick)
    )
    marks = [
        base.transform_filter(f"datum.ink === '{ink}'")
        .mark_text(fontSize=13, color=ink)
        .encode(text="mark:N")
        for ink in INKS
    ]
    outline = (
        alt.Chart(alt.NamedData("chosen"))
        .mark_rect(filled=False, stroke=CURSOR_COLOUR, strokeWidth=3)
        .encode(x=x, y=y)
    )
    return alt.layer(fields, *marks, outline).properties(
        height=max(LEAST_HEIGHT, ROW_HEIGHT * layers)
    )


def _legend(high: float, clipped: bool) -> alt.Legend:
    """Return the scale of colours, its end marked where it stands for more than its number."""
    end = f"{'≥ ' if clipped else ''}{high:.3g}"
    return alt.Legend(
        orient="right",
        gradientLength=140,
        values=[0, high / 2, high],
        labelExpr=f"datum.value >= {high} ? '{end}' : format(datum.value, '.2~f')",
    )
