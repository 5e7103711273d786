"""Threads: needles in a haystack and threads through one, by depth and by length."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ...charts.words import one_line
from ...derived import number
from ...derived.threads import EXACT, accuracy, cost, effective_limit, exact_by_row, mean_retrieved
from ...quantities import Quantity
from ...runs.threads import MASS, ThreadsRun
from ..base import Example, Lens, Paper, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.map import Map
from ..panels.parameters import one_of, whole
from ..panels.picture import Choice
from ..panels.places import places
from ..panels.table import Column, Table, axis_columns

if TYPE_CHECKING:
    from ...charts.base import Spec

SHOWN = Choice(
    "shown",
    "Show",
    dict.fromkeys(("retrieved_share", "cost", "exact", "right", "gained", "first_entropy"), ""),
)
THRESHOLD = Choice(
    "threshold",
    "Limit",
    {"0.75": "reach 75 %", "0.5": "reach 50 %", "0.9": "reach 90 %", "1": "reach 100 %"},
)
ROW = 46
WRITTEN = 54
"""Pixels that a number needs in a field."""
LONGEST = 110


def every_question(run: ThreadsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return a field a question: rows are lengths or ways, columns depths or hops."""
    import altair as alt

    from ...charts.base import CURSOR, POINTS, finished, tooltip
    from ...charts.scales import value_text
    from ...charts.shades import shade_of, shading

    found = number(run, one_of(parameters, "shown", tuple(SHOWN.values)))
    of, (rows, columns) = found.quantity, run.cells()
    low, high = of.low, of.high
    if of.scale == "diverging":
        known = np.abs(found.values[np.isfinite(found.values)])
        high = max(float(known.max(initial=0)), 1.0)
        low = -high
    count = len(rows) * len(columns)
    places_of = np.arange(count)
    data = {
        "row": places_of,
        "left": places_of % len(columns),
        "above": places_of // len(columns),
        "value": found.values,
        "name": [run.label(each) for each in range(count)],
        "gold": [run.text_of(run.gold, each) for each in range(count)],
        "said": [run.text_of(run.said, each) for each in range(count)],
    }
    x = alt.X("left:Q", axis=None, scale=alt.Scale(domain=[0, len(columns)], nice=False))
    y = alt.Y("above:Q", axis=None, scale=alt.Scale(domain=[0, len(rows)], reverse=True))
    base = alt.Chart(POINTS).transform_calculate(
        right="datum.left + 1", below="datum.above + 1", middle="datum.left + 0.5",
        centre="datum.above + 0.5", **shade_of(of),
    )  # fmt: skip
    place = base.encode(x=x, x2="right:Q", y=y, y2="below:Q")
    tip = tooltip(
        {
            "where": "datum.name",
            "value": value_text(of, "value"),
            "right answer": "datum.gold",
            "first choices": "datum.said",
        }
    )
    known = place.transform_filter("isValid(datum.shade)").mark_rect(tooltip=tip, cursor="pointer")
    empty = place.transform_filter("!isValid(datum.shade)").mark_rect(style="quiet", opacity=0.2)
    here = place.transform_filter(f"datum.row === {CURSOR}").mark_rect(
        style="here", filled=False, strokeWidth=2.5
    )
    names = [
        alt.Chart(alt.NamedData(data_of))
        .transform_calculate(at="datum.place + 0.5", start="0")
        .mark_text(style="quiet", fontSize=12, **mark)
        .encode(text="label:N", **encoding)
        for data_of, mark, encoding in (
            ("rows", {"align": "right", "dx": -6}, {"x": _at("start:Q"), "y": _at("at:Q", "y")}),
            ("columns", {"baseline": "bottom", "dy": -5}, {"x": _at("at:Q"), "y": alt.value(0)}),
        )
    ]
    sets: dict[str, Any] = {
        "points": data,
        "rows": {"label": rows, "place": range(len(rows))},
        "columns": {"label": columns, "place": range(len(columns))},
    }
    note = "Down: tokens of the haystack. Across: depth of the needle, from its beginning."
    if run.request.threads:
        note = "Down: threads. Across: hops; right answers before a hop are written out."
    return finished(
        alt.layer(
            known.encode(color=shading(of, low, high, orient="right", gradientLength=120)),
            _numbers(base, found.quantity, len(columns), tip).encode(
                x=_at("middle:Q"), y=_at("centre:Q", "y")
            ),
            empty,
            here,
            *names,
        ),
        unit,
        sets,
        height=ROW * len(rows),
        note=note,
    )


def _numbers(base: Any, quantity: Quantity, columns: int, tip: Any) -> Any:
    """Return the numbers of fields, written on them where they have room."""
    import altair as alt

    from ...charts.scales import value_text

    known = base.transform_filter(f"isValid(datum.shade) && width >= {WRITTEN * columns}")
    texts = known.transform_calculate(written=value_text(quantity, "value", quantity.digits))
    if quantity.scale == "diverging":
        return texts.mark_text(style="ink", fontSize=12, tooltip=tip).encode(text="written:N")
    # The lower half of the colours is dark, in both themes.
    dark = f"datum.value < {(quantity.low + quantity.high) / 2}"
    colour = alt.condition(dark, alt.value("white"), alt.value("black"))
    return texts.mark_text(fontSize=12, tooltip=tip).encode(text="written:N", color=colour)


def _at(field: str, axis: str = "x") -> Any:
    import altair as alt

    return alt.X(field, axis=None) if axis == "x" else alt.Y(field, axis=None)


def _chosen(run: ThreadsRun, parameters: Parameters) -> int:
    """Return the pinned question; at first the one in the middle of the last row that is there."""
    rows, columns = run.cells()
    last = int(np.flatnonzero(np.isfinite(run.length)).max(initial=0))
    middle = last // len(columns) * len(columns) + (len(columns) - 1) // 2
    # A pin may be left from a larger run.
    pinned = whole(parameters, "row", 0, 999_999, min(middle, last))
    return min(pinned, len(rows) * len(columns) - 1)


def answer(run: ThreadsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the pinned question, the tokens of its right answer by surprisal, and what is said."""
    import altair as alt

    from ...charts.base import rows_of
    from ...charts.strip import strip_chart

    at = _chosen(run, parameters)
    tokens = run.text_of(run.answer_tokens, at, [])
    if not tokens:
        return None
    found = number(run, "surprisal")
    spec = strip_chart(tokens, found.values[at, : len(tokens)], found.quantity, unit)
    part = {name: spec.pop(name) for name in ("layer", "width", "height")}
    lines = [
        f"{run.label(at)}: {run.text_of(run.asked, at)} …",
        f"First choices: {run.text_of(run.said, at)}",
    ]
    texts = alt.Chart(alt.NamedData("lines")).mark_text(style="ink", align="left", fontSize=13)
    above = texts.encode(x=alt.value(0), y=_at("place:O", "y"), text="text:N")
    above = above.properties(width=part["width"], height=20 * len(lines))
    rows = {"text": [one_line(each, LONGEST) for each in lines], "place": range(len(lines))}
    sets = {**spec["datasets"], "lines": rows_of(rows)}
    made = above.to_dict(validate=False)
    head = {name: made[name] for name in made if name not in ("$schema", "config", "datasets")}
    return {**spec, "datasets": sets, "vconcat": [head, part]}


def heads(run: ThreadsRun, unit: str, parameters: Parameters) -> Spec:
    """Return how much every head attends from the pinned question to its answer."""
    from ...charts.map import map_chart

    mass = run.mass[_chosen(run, parameters)].T
    rows, columns = places(run, "H", mass.shape[0]), places(run, "L", mass.shape[1])
    return map_chart(mass, MASS, rows, columns, unit)


def by_row(run: ThreadsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return exact answers by length or way, with Wilson's interval, and what is to be reached."""
    from ...charts.along import Line, along_chart
    from ...charts.bars import bars_chart
    from ...charts.places import Places

    rows, columns = run.cells()
    share, low, high = exact_by_row(run)
    if run.request.threads:
        ends = zip(rows, low, high, strict=True)
        ways = Places("way", [f"{each}, {a:.0%} to {b:.0%}" for each, a, b in ends], "at", False)
        return bars_chart(share, EXACT, ways, unit)
    threshold = float(one_of(parameters, "threshold", tuple(THRESHOLD.values)))
    lengths = run.length.reshape(len(rows), len(columns))[:, 0]
    asked = np.flatnonzero(np.isfinite(lengths))  # a running search has not come to all
    if not asked.size or (np.diff(lengths[asked]) <= 0).any():
        return None
    numbers = lengths[asked].tolist()
    along = Places("tokens of the haystack", [rows[i] for i in asked], "at", False, numbers)
    line = Line("exact", share[asked], EXACT, low=low[asked], high=high[asked])
    wanted = Line("to reach", np.full(len(asked), threshold), EXACT, "floor")
    spec = along_chart([line, wanted], along, unit, label="Exact answers")
    limit = effective_limit(lengths[asked].astype(int).tolist(), share[asked].tolist(), threshold)
    said = f"All lengths up to {limit:,} tokens reach it." if limit else "The shortest does not."
    spec["title"] = {"text": " ", "fontSize": 1, "subtitle": said}
    return spec


def _rows(run: ThreadsRun, axes: tuple[str, ...], shape: tuple[int, ...]) -> list[Column]:
    count = shape[0]
    return [
        *axis_columns(run, axes, shape),
        *(
            Column(name=name, label=label, values=[run.text_of(of, i) for i in range(count)])
            for name, label, of in (
                ("gold", "right answer", run.gold),
                ("said", "first choices", run.said),
            )
        ),
    ]


def _bits(nats: float) -> float:
    return nats / math.log(2)


def _cells(run: ThreadsRun) -> np.ndarray:
    rows, columns = run.cells()
    return cost(run).reshape(len(rows), len(columns)).astype(np.float64) / math.log(2)


def forward_cost(run: ThreadsRun) -> float:
    """Return what a hop of the forward thread costs, bits."""
    return float(_cells(run)[0].mean())


def backward_cost(run: ThreadsRun) -> float:
    """Return what a hop of the backward thread costs, bits."""
    return float(_cells(run)[1].mean())


def middle_cost(run: ThreadsRun) -> float:
    """Return what answers in the middle third cost beyond those at both ends, bits."""
    last = _cells(run)[-1]
    third = len(last) // 3
    return float(last[third:-third].mean() - last[[0, -1]].mean())


declare(
    Lens(
        kind="threads",
        title="Threads",
        summary="Needles in a haystack and threads through one: what is found, how deep, how far.",
        group="read",
        family="Information",
        icon="search",
        place=63,
        figures=("accuracy", "mean_retrieved", "mean_cost", "mean_alone"),
        panels=(
            Chart(
                key="every_question",
                title="Every question",
                read="A row is a length of the haystack, a column a depth; or a thread and its "
                "hops. Click a field to see its answer and the heads that fetch it.",
                about="The haystack is read once; at every length all questions are asked behind a "
                "copy. The right answer is scored token by token, so that near misses count.",
                area="stage",
                draw=every_question,
                of=tuple(SHOWN.values),
                controls=(SHOWN,),
                moves="row",
                grows=True,
            ),
            Chart(
                key="answer",
                title="The answer",
                read="The right answer to the chosen question. Finding the record costs at its "
                "first tokens; what follows is copied.",
                draw=answer,
                of=("surprisal",),
                state=("row",),
                missing="Nothing was asked there.",
            ),
            Chart(
                key="heads",
                title="Heads that fetch",
                read="Attention from where the answer is predicted to the answer in the haystack.",
                draw=heads,
                of=("mass",),
                state=("row",),
            ),
            Map(
                title="Attention lift",
                read="The mean over all questions; 1 is a head that looks everywhere alike.",
                of="mean_lift",
                axes=("H", "L"),
                area="timeline",
            ),
            Chart(
                key="by_row",
                title="Exact answers",
                read="With Wilson's interval: nine questions a length are few.",
                draw=by_row,
                of=("exact",),
                missing="There are no lengths to compare.",
                controls=(THRESHOLD,),
            ),
            Table(
                title="Questions",
                read="Locating: the part of the cost that falls on the first three tokens.",
                table="questions",
                axes=("C",),
                of=("length", "depth", "cost", "alone", "retrieved", "exact", "locating"),
                rows=_rows,
            ),
        ),
        examples=(
            Example(
                "threads_facts",
                "Facts in prose",
                "Unlike facts are found at every depth and length: an answer costs little with "
                "the haystack and much without.",
                {"task": "facts in prose"},
            ),
            Example(
                "threads_uuid",
                "Pairs of identifiers",
                "Half of the answers are exact, yet 118 of their 128 bits are found on average.",
                {"task": "UUID pairs"},
            ),
            Example(
                "threads_ways",
                "Threads through pairs",
                "Each value is the next key: forward, backward and at random, hop by hop.",
                {"task": "UUID threads", "length": 1024},
            ),
        ),
        papers=(
            Paper(
                28,
                "Models find single needles in long haystacks: of the bits of an identifier, most.",
                "",
                "threads_uuid",
                121.2,
                lambda run: _bits(mean_retrieved(run)),
                4,
                "Bits of 128; expected is our first measurement at three lengths and with other "
                "pairs. The paper counts exact answers of large models up to 900,000 tokens.",
            ),
            Paper(
                28,
                "Where the hay is unlike the needle, length alone does not hide it.",
                'choices={"every_question":{"shown":"exact"}}',
                "threads_facts",
                1.0,
                accuracy,
                0.0,
                "Exact answers at nine depths and five lengths; expected is our first measurement.",
            ),
            Paper(
                28,
                "Threads are followed forward more easily than backward.",
                'choices={"every_question":{"shown":"cost"}}',
                "threads_ways",
                0.6,
                lambda run: backward_cost(run) - forward_cost(run),
                3,
                "Bits a hop that backward costs more, unrolled, one thread each; expected is our "
                "first measurement over three. Four hops are few: the sign is all they tell.",
            ),
            Paper(
                28,
                "In long haystacks, needles are missed most in the middle.",
                'choices={"every_question":{"shown":"cost"}}',
                "threads_uuid",
                None,
                middle_cost,
                remark="Found is what the middle costs beyond both ends at the greatest length, in "
                "bits: it is below 0. On this model the beginning is hardest and the end easiest, "
                "so that the claim does not show here.",
            ),
        ),
        guide=(
            "Look at the bits before the exact answers: one wrong digit of 32 makes an answer "
            "wrong, and most of it was found all the same.",
            "Chance is 128 bits for an identifier, and the number of values for words; the same "
            "question without a haystack is the control. Lengths are those of one haystack, read "
            "on from one to the next.",
            "Threads are unrolled: the right key is written out before each hop, so that every hop "
            "is one retrieval. To answer all hops in one step is for larger models.",
        ),
    )
)
