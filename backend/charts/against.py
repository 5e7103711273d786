"""One number against another: a dot a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

from ..quantities import Quantity
from .base import POINTS, Spec, domain, finished, log_values, title, tooltip
from .colours import DASHES
from .places import Places
from .scales import label_text, shown, value_text
from .shades import shade_of, shading

_SHAPES = (
    "circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-left",
    "triangle-right",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Of:
    """A number of every place.

    Attributes:
        values: [n], as stored.
        quantity: what they are.
        label: where it differs from the quantity's name.
        low, high: ends of its axis, as stored, where they differ from the quantity's.
    """

    values: np.ndarray
    quantity: Quantity
    label: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def name(self) -> str:
        return self.label or self.quantity.name

    def domain(self) -> list[Any]:
        """Return the ends of the axis in the unit shown."""
        return domain(self.quantity, *self.ends())

    def ends(self) -> tuple[float, float]:
        """Return the fixed range, grown where values lie beyond, as stored."""
        known = self.values[np.isfinite(self.values)]
        if self.quantity.scale == "log":
            known = known[known > 0]
        low = self.quantity.low if self.low is None else self.low
        high = self.quantity.high if self.high is None else self.high
        found = [low, high, *known.tolist()]
        return min(found), max(found)


def against_chart(
    x: Of,
    y: Of,
    places: Places,
    unit: str,
    *,
    colour: Of | None = None,
    groups: Sequence[str] | None = None,
    diagonal: bool = False,
    height: int = 320,
) -> Spec:
    """Return a scatter of the places where both numbers are known.

    Args:
        x: the axis from the left.
        y: the axis upward.
        places: the dots; a click tells their field.
        unit: "nats" or "bits".
        colour: a third number, by the colours of maps.
        groups: of the places, such as their sampler: by colour and shape, with a large dot for
            the mean of each.
        diagonal: whether to draw where both are equal.
        height: of the picture in pixels.
    """
    columns: dict[str, Any] = {
        places.field: np.arange(len(places)),
        "text": list(places.labels),
        "x": x.values,
        "y": y.values,
    }
    tips = {places.name: "datum.text"}
    tips |= {x.name: value_text(x.quantity, "x"), y.name: value_text(y.quantity, "y")}
    if colour is not None:
        columns["colour"] = colour.values
        tips[colour.name] = value_text(colour.quantity, "colour")
    if groups is not None:
        columns["group"] = list(groups)
        tips = {"": "datum.group", **tips}
    base = (
        alt.Chart(POINTS)
        .transform_filter("isValid(datum.x) && isValid(datum.y)")
        .transform_calculate(
            across=_on_axis(x.quantity, "x"),
            upward=_on_axis(y.quantity, "y"),
            **({"value": "datum.colour"} if colour else {}),
        )
    )
    if colour is not None:
        base = base.transform_calculate(**shade_of(colour.quantity))
    axes = {"x": _axis(alt.X, "across", x), "y": _axis(alt.Y, "upward", y)}
    dots = base.mark_point(
        filled=True, size=55, opacity=0.8, tooltip=tooltip(tips), cursor="pointer"
    ).encode(**axes)
    layers: list[alt.Chart] = []
    sets: dict[str, Any] = {"points": columns}
    if diagonal:
        sets["diagonal"] = _ends(x, y)
        layers.append(_diagonal(x, y, axes))
    if groups is not None:
        layers += _by_group(base, dots, axes, len(set(groups)))
    else:
        layers.append(dots if colour is None else dots.encode(color=_colour(colour)))
    layers.append(
        base.transform_filter(f"datum[{places.field!r}] === cursor")
        .mark_point(style="here", filled=False, size=220, strokeWidth=2.5, opacity=1)
        .encode(**axes)
    )
    return finished(alt.layer(*layers), unit, sets, height=height)


def _on_axis(quantity: Quantity, field: str) -> str:
    """Return the expression of a field on its axis; a logarithmic one holds nothing up to 0."""
    if quantity.scale == "log":
        return f"datum.{field} > 0 ? datum.{field} : null"
    return shown(quantity, field)


def _axis(channel: Any, field: str, of: Of) -> Any:
    return channel(
        f"{field}:Q",
        axis=alt.Axis(
            title=title(label_text(of.quantity, of.label or None)),
            tickCount=6,
            values=log_values(*of.ends()) if of.quantity.scale == "log" else alt.Undefined,
        ),
        scale=alt.Scale(
            type="log" if of.quantity.scale == "log" else "linear", domain=of.domain(), nice=False
        ),
    )


def _colour(of: Of) -> alt.Color:
    low = of.quantity.low if of.low is None else of.low
    high = of.quantity.high if of.high is None else of.high
    return shading(of.quantity, low, high, label=of.label, gradientLength=120)


def _by_group(
    base: alt.Chart, dots: alt.Chart, axes: dict[str, Any], groups: int
) -> list[alt.Chart]:
    """Return small dots for the places and a large one for the mean of every group."""
    shapes = [_SHAPES[place % len(_SHAPES)] for place in range(groups)]
    legend = alt.Legend(title=None, orient="top", columns=4, labelLimit=220)
    marks: dict[str, Any] = {
        "color": alt.Color("group:N", sort=None, scale=alt.Scale(range="category"), legend=legend),
        "shape": alt.Shape("group:N", sort=None, scale=alt.Scale(range=shapes), legend=legend),
    }
    means = base.transform_aggregate(
        across="mean(across)", upward="mean(upward)", groupby=["group"]
    ).mark_point(filled=True, size=220, opacity=1)
    return [dots.encode(**marks), means.encode(**axes, **marks)]


def _ends(x: Of, y: Of) -> dict[str, list[float]]:
    """Return both ends of the diagonal through all points."""
    known = np.concatenate([x.values, y.values])
    known = known[np.isfinite(known)]
    ends = [min(0.0, float(known.min())), float(known.max())] if known.size else [0.0, 1.0]
    return {"x": ends, "y": ends}


def _diagonal(x: Of, y: Of, axes: dict[str, Any]) -> alt.Chart:
    return (
        alt.Chart(alt.NamedData("diagonal"))
        .transform_calculate(across=shown(x.quantity, "x"), upward=shown(y.quantity, "y"))
        .mark_line(style="quiet", strokeDash=list(DASHES[1]))
        .encode(**axes)
    )
