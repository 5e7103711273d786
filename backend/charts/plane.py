"""Places in a plane, and the way of the pinned one through depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np

from ..quantities import Quantity
from .base import POINTS, Spec, finished, tooltip
from .places import Places
from .scales import value_text
from .shades import shade_of, shading

MOST = 20_000
"""Rows of the ways of all tokens together; with more, only every second, third … depth is drawn."""


@dataclass(frozen=True, eq=False)
class Plane:
    """Places of tokens at every depth, in one plane.

    Attributes:
        places: [D, T, 2].
        depth: whose places are the dots.
        titles: of the two axes.
    """

    places: np.ndarray
    depth: int
    titles: Sequence[str]


def plane_chart(
    plane: Plane, values: np.ndarray, quantity: Quantity, tokens: Places, unit: str
) -> Spec:
    """Return a dot a token, coloured by ``values`` [T], and the pinned token's way through depth.

    The first token is left out of the dots: it lies far from all others.
    """
    depths, count, _ = plane.places.shape
    step = -(-depths * count // MOST)
    shown = np.unique([*range(0, depths, step), plane.depth, depths - 1])
    dots = {
        tokens.field: np.arange(1, count),
        "label": list(tokens.labels[1:]),
        "x": plane.places[plane.depth, 1:, 0],
        "y": plane.places[plane.depth, 1:, 1],
        "value": values[1:],
    }
    way = {
        tokens.field: np.tile(np.arange(count), len(shown)),
        "depth": np.repeat(shown, count),
        "x": plane.places[shown, :, 0].ravel(),
        "y": plane.places[shown, :, 1].ravel(),
    }
    x, y = (alt.Axis(title=each, grid=False, tickCount=5) for each in plane.titles)
    across, upward = alt.X("x:Q", axis=x), alt.Y("y:Q", axis=y)
    base = alt.Chart(POINTS).transform_calculate(**shade_of(quantity))
    tip = tooltip({tokens.name: "datum.label", quantity.name: value_text(quantity, "value")})
    points = base.mark_circle(size=55, opacity=0.9, cursor="pointer", tooltip=tip).encode(
        x=across, y=upward, color=shading(quantity, quantity.low, quantity.high, orient="right")
    )
    own = alt.Chart(alt.NamedData("way")).transform_filter(f"datum[{tokens.field!r}] === cursor")
    line = own.mark_line(style="here", strokeWidth=1.5, opacity=0.8).encode(
        x=across, y=upward, order="depth:Q", detail=f"{tokens.field}:N"
    )
    stops = own.mark_circle(
        style="here", size=18, tooltip=tooltip({"depth": "datum.depth"})
    ).encode(x=across, y=upward)
    ends = (
        own.transform_filter(f"datum.depth === 0 || datum.depth === {depths - 1}")
        .transform_calculate(name="datum.depth === 0 ? 'embedding' : 'end'")
        .mark_text(style="ink", dy=-9, fontSize=12)
        .encode(x=across, y=upward, text="name:N")
    )
    pin = (
        base.transform_filter(f"datum[{tokens.field!r}] === cursor")
        .mark_point(style="here", size=170, strokeWidth=2.5, filled=False, opacity=1)
        .encode(x=across, y=upward)
    )
    chart = alt.layer(points, line, stops, ends, pin)
    return finished(chart, unit, {"points": dots, "way": way}, height=380)
