"""Numbers along checkpoints: a curve for each, of the text and of the pinned token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np

from ..quantities import Quantity
from .base import CURSOR, POINTS, WIDTH, Spec, finished, title, tooltip
from .places import Places
from .scales import label_text, shown, value_text

HEIGHT, NAMES_HEIGHT = 92, 26
MOST_POINTS = 40_000
"""Checkpoints times tokens, up to which the pinned token has a curve."""
_NAME_WIDTH = 84
_TOKENS = alt.NamedData("tokens")


def checkpoint_curves(
    values: Mapping[str, np.ndarray],
    means: Mapping[str, np.ndarray],
    quantities: Mapping[str, Quantity],
    places: Places,
    tokens: Places,
    unit: str,
) -> Spec:
    """Return one curve above the other.

    Args:
        values: [V, T] by name, as stored.
        means: [V], by the same names.
        quantities: what they are.
        places: the checkpoints.
        tokens: of the text.
        unit: "nats" or "bits".
    """
    count = len(places)
    names = list(values)
    sets: dict[str, dict[str, Any]] = {
        "points": {"place": range(count), "name": places.labels, **means},
        "tokens": {
            "place": [],
            "name": [],
            "token": [],
            "text": [],
            **{each: [] for each in names},
        },
    }
    note = ""
    if count * len(tokens) <= MOST_POINTS:
        at = np.indices((count, len(tokens)))
        sets["tokens"] = {
            "place": at[0].ravel(),
            "name": [places.labels[each] for each in at[0].ravel()],
            "token": at[1].ravel(),
            "text": [tokens.labels[each] for each in at[1].ravel()],
            **{name: each.ravel() for name, each in values.items()},
        }
    else:
        note = (
            f"Curves of single tokens are drawn up to {MOST_POINTS:,} points; the numbers of this "
            "one stand beside the picture."
        )
    x = alt.X("place:Q", title=None, axis=None, scale=_scale(count))
    rows = [_curve(name, quantities[name], x) for name in names]
    chart = alt.vconcat(*rows, _names(places, x), spacing=8)
    return finished(chart, unit, sets, height=None, note=note)


def _scale(count: int) -> alt.Scale:
    return alt.Scale(domain=[-0.5, count - 0.5], nice=False)


def _curve(name: str, quantity: Quantity, x: alt.X) -> Any:
    y = alt.Y(
        "shown:Q",
        axis=alt.Axis(title=title(label_text(quantity)), tickCount=4),
        scale=alt.Scale(zero=True),
    )
    value = value_text(quantity, name)
    mean = alt.Chart(POINTS).transform_calculate(shown=shown(quantity, name))
    own = (
        alt.Chart(_TOKENS)
        .transform_filter(f"datum.token === {CURSOR}")
        .transform_filter(f"isValid(datum.{name})")
        .transform_calculate(shown=shown(quantity, name))
    )
    of_text = tooltip({"checkpoint": "datum.name", "mean of the text": value})
    of_token = tooltip({"checkpoint": "datum.name", "token": "datum.text", "value": value})
    return alt.layer(
        mean.mark_line(style="main", strokeWidth=2).encode(x=x, y=y),
        mean.mark_circle(style="main", size=40, tooltip=of_text).encode(x=x, y=y),
        own.mark_line(style="here", strokeDash=[5, 3]).encode(x=x, y=y),
        own.mark_point(style="here", size=40, tooltip=of_token).encode(x=x, y=y),
    ).properties(width=WIDTH, height=HEIGHT)


def _names(places: Places, x: alt.X) -> alt.Chart:
    """Return the names of the checkpoints, as many as have room; as marks, for they are data."""
    count = len(places)
    return (
        alt.Chart(POINTS)
        .transform_filter(f"datum.place % ceil({_NAME_WIDTH} * {count} / width) === 0")
        .mark_text(style="quiet", fontSize=12, limit=_NAME_WIDTH - 6)
        .encode(x=x, text="name:N")
        .properties(width=WIDTH, height=NAMES_HEIGHT)
    )
