"""Samplers of two runs: A drawn through, B dashed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from ..quantities import Quantity
from .base import POINTS, Spec, finished, here, position, title, tooltip
from .places import Places
from .scales import label_text, shown, value_text

SIDES = ("A", "B")
_DASHES = ([1, 0], [5, 3])
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")


def paths_chart(
    a: np.ndarray, b: np.ndarray, labels: Sequence[str], quantity: Quantity, unit: str
) -> Spec:
    """Return a line for every sampler and run along the steps; a click tells the step.

    Args:
        a: [M, N] of run A, as stored; NaN after the end.
        b: of run B, likewise.
        labels: of the M samplers.
        quantity: what the numbers are.
        unit: "nats" or "bits".
    """
    steps = np.arange(a.shape[1])
    rows = [
        (label, side, step, value)
        for side, values in zip(SIDES, (a, b), strict=True)
        for label, line in zip(labels, values, strict=True)
        for step, value in zip(steps.tolist(), line.tolist(), strict=True)
    ]
    names = ["sampler", "run", "step", "value"]
    columns: dict[str, Any] = dict(zip(names, zip(*rows, strict=True), strict=True))
    places = Places("step", [str(step) for step in steps], "step")
    legend = alt.Legend(title=None, orient="top", columns=6, labelLimit=200)
    base = (
        alt.Chart(POINTS)
        .transform_calculate(stored="datum.value", value=shown(quantity, "value"))
        .encode(
            x=position(places),
            y=alt.Y("value:Q", axis=alt.Axis(title=title(label_text(quantity)))),
            color=alt.Color("sampler:N", sort=list(labels), legend=legend),
        )
    )
    dashes = alt.Scale(domain=list(SIDES), range=list(_DASHES))
    tips = {
        "sampler": "datum.sampler", "run": "datum.run", "step": "datum.step",
        quantity.name: value_text(quantity, "stored"),
    }  # fmt: skip
    lines = base.mark_line(strokeWidth=1.8).encode(
        strokeDash=alt.StrokeDash("run:N", scale=dashes, legend=legend),
    )
    # The shape is a second cue beside the colour.
    shapes = alt.Scale(range=list(_SHAPES))
    dots = base.mark_point(
        filled=True, size=26, opacity=0.9, tooltip=tooltip(tips), cursor="pointer"
    ).encode(shape=alt.Shape("sampler:N", sort=list(labels), scale=shapes, legend=None))
    return finished(alt.layer(here(places), lines, dots), unit, {"points": columns}, height=320)
