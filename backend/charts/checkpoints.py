"""Numbers along checkpoints: a curve for each, of the text and of the pinned token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np

from ..quantities import Quantity
from .base import POINTS, WIDTH, Spec, finished, title, tooltip
from .places import Places
from .scales import label_text, shown, value_text

HEIGHT = 140
MOST_POINTS = 40_000
"""Checkpoints times tokens, up to which the pinned token has a curve."""
_NAME = 90  # pixels of a name
_TOKENS = alt.NamedData("tokens")
_PINNED = "token"


def checkpoint_curves(
    values: Mapping[str, np.ndarray],
    means: Mapping[str, np.ndarray],
    quantities: Mapping[str, Quantity],
    places: Places,
    tokens: Places,
    unit: str,
) -> Spec:
    """Return one curve beside the other, drawn through of the text and dashed of a token.

    Args:
        values: [V, T] by name, as stored.
        means: [V], by the same names.
        quantities: what they are.
        places: the checkpoints.
        tokens: of the text.
        unit: "nats" or "bits".
    """
    count = len(places)
    points = {"place": range(count), "name": places.labels, **means}
    # Without a pinned token the means stand in, unseen: of nothing there is no axis.
    own = {_PINNED: [-1] * count, "text": [""] * count, **points}
    note = ""
    if count * len(tokens) <= MOST_POINTS:
        rows, columns = np.indices((count, len(tokens))).reshape(2, -1).tolist()
        of_tokens = {
            _PINNED: columns,
            "text": [tokens.labels[each] for each in columns],
            "place": rows,
            "name": [places.labels[each] for each in rows],
            **{name: each.ravel().tolist() for name, each in values.items()},
        }
        own = {name: [*each, *of_tokens[name]] for name, each in own.items()}
    else:
        note = (
            f"Curves of single tokens are drawn up to {MOST_POINTS:,} points; the numbers of this "
            "one stand beside the picture."
        )
    x = alt.X(
        "place:Q",
        title=places.name,
        scale=alt.Scale(domain=[-0.5, count - 0.5], nice=False),
        axis=alt.Axis(
            values=list(range(count)),
            labelExpr="data('points')[datum.value].name",  # what people wrote is data only
            labelLimit=_NAME,
            labelOverlap="greedy",
            labelSeparation=8,
            grid=False,
        ),
    )
    chart = alt.hconcat(*(_curve(name, quantities[name], x) for name in values), spacing=16)
    sets = {"points": points, "tokens": own}
    return finished(chart, unit, sets, height=None, note=note, signals={_PINNED: -1})


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
        .transform_filter(f"datum.{_PINNED} === max({_PINNED}, -1) && isValid(datum.{name})")
        .transform_calculate(shown=shown(quantity, name))
    )
    seen = alt.ExprRef(f"{_PINNED} < 0 ? 0 : 1")
    of_text = tooltip({"checkpoint": "datum.name", "mean of the text": value})
    of_token = tooltip({"checkpoint": "datum.name", "token": "datum.text", "value": value})
    return alt.layer(
        mean.mark_line(style="main", strokeWidth=2).encode(x=x, y=y),
        mean.mark_circle(style="main", size=40, tooltip=of_text).encode(x=x, y=y),
        own.mark_line(style="here", strokeDash=[5, 3], opacity=seen).encode(x=x, y=y),
        own.mark_point(style="here", size=40, opacity=seen, tooltip=of_token).encode(x=x, y=y),
    ).properties(width=WIDTH // 3, height=HEIGHT)
