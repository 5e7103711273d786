"""What was expected in one place, likeliest first, with what came marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from .bars import STEP, named_labels, named_rows
from .base import POINTS, Spec, finished, tooltip

LEAST_SHOWN = 1e-4


@dataclass(frozen=True)
class Candidate:
    """One token that could have come.

    Attributes:
        text: as people read it.
        share: its probability, 0 to 1.
        rank: its place among all; None for all others together.
        came: whether it is the one that came.
        after: its probability after the sampler, where there is one.
    """

    text: str
    share: float
    rank: int | None = None
    came: bool = False
    after: float | None = None


def candidates_chart(rows: Sequence[Candidate], unit: str = "nats") -> Spec:
    """Return one bar a candidate in the order given; the axis always runs from 0 to 100 %.

    The one that came has another colour and a mark in front; where there is a sampler, a second,
    thinner bar is what it drew from.
    """
    columns = {
        "place": list(range(len(rows))),
        "label": [_label(each) for each in rows],
        "share": [float(each.share) for each in rows],
        "after": [None if each.after is None else float(each.after) for each in rows],
        "kind": [_kind(each) for each in rows],
        "written": [percent(each.share) for each in rows],
        "drawn": ["" if each.after is None else percent(each.after) for each in rows],
    }
    base = (
        alt.Chart(POINTS)
        .transform_calculate(percent="100 * datum.share", final="100 * datum.after")
        .encode(y=named_rows("place"))
    )
    x = alt.X(
        "percent:Q",
        title="probability (%)",
        scale=alt.Scale(domain=[0, 100], nice=False),
        axis=alt.Axis(tickCount=5),
    )
    told = {"token": "datum.label", "what": "datum.kind", "probability": "datum.written"}
    if any(each.after is not None for each in rows):
        told["after the sampler"] = "datum.drawn"
    tip = tooltip(told)
    bars = [
        base.transform_filter(f"datum.kind === {kind!r}")
        .mark_bar(style=style, cornerRadiusEnd=2, tooltip=tip, opacity=opacity)
        .encode(x=x)
        for kind, style, opacity in (
            (EXPECTED, "main", 0.85),
            (CAME, "came", 1),
            (REST, "quiet", 0.5),
        )
    ]
    after = (
        base.transform_filter("isValid(datum.after)")
        .mark_bar(style="ink", height={"band": 0.25}, tooltip=tip)
        .encode(x=alt.X("final:Q"))
    )
    # Beside short bars, inside long ones, so that the number always has room.
    top = base.transform_calculate(end="max(datum.percent, datum.final)")
    end = alt.X("end:Q")
    short = top.transform_filter("datum.end < 80").mark_text(
        style="ink", align="left", dx=5, fontSize=12
    )
    long = top.transform_filter("datum.end >= 80").mark_text(
        style="page", align="right", dx=-5, fontSize=12
    )
    numbers = [each.encode(x=end, text="written:N") for each in (short, long)]
    chart = alt.layer(*bars, after, *numbers, named_labels("place"))
    return finished(chart, unit, {"points": columns}, height=alt.Step(STEP))


CAME, EXPECTED, REST = "the token that came", "expected", "all other tokens"


def percent(share: float) -> str:
    """Return a share for people: two decimals, and never 0 for what is not 0."""
    return "<0.01%" if 0 < share < LEAST_SHOWN else f"{100 * share:.2f}%"


def _kind(each: Candidate) -> str:
    return CAME if each.came else EXPECTED if each.rank is not None else REST


def _label(each: Candidate) -> str:
    """Return rank and text, with a mark before what came."""
    if each.rank is None:
        return each.text
    return f"{'▸ ' if each.came else ''}{each.rank:,} {each.text}"
