"""A text, every token on the colour of its number, as a picture."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import altair as alt
import numpy as np

from ..quantities import Quantity
from .base import POINTS, Spec, finished, tooltip
from .scales import share, value_text
from .shades import shade_of, shading

LINE_CELLS = 80
"""Width of a line in cells; a letter has one, a Chinese character two."""
ROW_HEIGHT, CELL_WIDTH = 24, 8
MOST_TOKENS = 2_000
"""More tokens than this are no picture: the first ones are drawn, which is said."""


def strip_chart(
    tokens: Sequence[str],
    values: np.ndarray,
    quantity: Quantity,
    unit: str,
    *,
    low: float | None = None,
    high: float | None = None,
) -> Spec:
    """Return the tokens in lines, each on its colour, underlined the thicker the higher it is.

    Args:
        tokens: their display texts.
        values: [T], as stored; a token with NaN has no colour.
        quantity: what they are.
        unit: "nats" or "bits".
        low: lower end of the colours, as stored; the quantity's own when left out.
        high: upper end, likewise.
    """
    low = quantity.low if low is None else low
    high = quantity.high if high is None else high
    count = min(len(tokens), MOST_TOKENS)
    shown = [_readable(each) for each in tokens[:count]]
    left, line = _layout(shown, [each.endswith("\n") for each in tokens[:count]])
    values = np.asarray(values[:count], np.float64)
    strength = np.nan_to_num(share(quantity, values, low, high))
    if quantity.scale == "diverging":
        strength = np.abs(2 * strength - 1)
    quarter = np.minimum(strength * 4, 3).astype(int)
    columns = {
        "token": np.arange(count),
        "text": shown,
        "left": left,
        # Pictures drop blanks at the beginning of a text: letters begin after them.
        "first": [
            start + len(each) - len(each.lstrip()) for start, each in zip(left, shown, strict=True)
        ],
        "right": [start + max(_cells(each), 1) for start, each in zip(left, shown, strict=True)],
        "line": line,
        "value": values,
        "quarter": quarter,
    }
    lines = max(line, default=0) + 1
    base = alt.Chart(POINTS).transform_calculate(
        below="datum.line + 0.86", foot="datum.line + 0.9", **shade_of(quantity)
    )
    x = alt.X("left:Q", axis=None, scale=alt.Scale(domain=[0, LINE_CELLS], nice=False))
    y = alt.Y("line:Q", axis=None, scale=alt.Scale(domain=[0, lines], nice=False, reverse=True))
    told = {"token": "datum.token + ' ' + datum.text", "value": value_text(quantity, "value")}
    tip = tooltip(told)
    box = base.mark_rect(tooltip=tip, cursor="pointer").encode(x=x, x2="right:Q", y=y, y2="below:Q")
    frame = base.transform_filter("datum.token === cursor").mark_rect(
        style="here", filled=False, strokeWidth=2
    )
    letters = base.mark_text(
        style="ink", align="left", baseline="top", font="monospace", fontSize=13, dy=3
    )
    chart = alt.layer(
        box.transform_filter("isValid(datum.shade)").encode(
            color=shading(
                quantity, low, high, behind_text=True, orient="top", gradientLength=240, tickCount=5
            )
        ),
        base.transform_filter("isValid(datum.shade) && datum.quarter > 0")
        .mark_rule(style="ink")
        .encode(
            x=x,
            x2="right:Q",
            y=alt.Y("foot:Q", axis=None),
            strokeWidth=alt.StrokeWidth("quarter:Q", scale=None, legend=None),
        ),
        frame.encode(x=x, x2="right:Q", y=y, y2="below:Q"),
        letters.encode(x=alt.X("first:Q", axis=None), y=y, text="text:N"),
    )
    note = ""
    if count < len(tokens):
        note = f"The first {count:,} of {len(tokens):,} tokens."
    return finished(chart, unit, {"points": columns}, height=ROW_HEIGHT * lines, note=note)


def _layout(texts: Sequence[str], breaks: Sequence[bool]) -> tuple[list[int], list[int]]:
    """Return the first cell and the line of every token; a line break ends its line."""
    left, lines = [], []
    at, line = 0, 0
    for text, ends in zip(texts, breaks, strict=True):
        width = max(_cells(text), 1)
        if at and at + width > LINE_CELLS:
            at, line = 0, line + 1
        left.append(at)
        lines.append(line)
        at += width
        if ends:
            at, line = 0, line + 1
    return left, lines


def _readable(text: str) -> str:
    """Return a token as it can stand in one line: breaks and tabs as signs, an empty one as ∅."""
    shown = text.replace("\r", "").replace("\n", "↵").replace("\t", "→")
    return "".join(each for each in shown if each.isprintable()) or "∅"


def _cells(text: str) -> int:
    """Return how many cells a text takes; a mark that combines with a letter takes none."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in text
    )
