"""Summaries: what each sentence takes from its source, from where, and what is not in there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...charts.words import one_line
from ...derived import number
from ...derived.summaries import OWED, of_length, of_run
from ...runs.summaries import LENGTHS, SummariesRun
from ..base import Example, Lens, Paper, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.parameters import one_of
from ..panels.picture import Choice
from ..panels.places import places
from ..panels.table import Table
from ..write._millbrook import DOCUMENT, SUMMARY

if TYPE_CHECKING:
    from ...charts.base import Spec

LENGTH = Choice(
    "length", "Summary",
    {"short": "Short summary", "tiny": "Tiny summary", "long": "Long summary", "check": "To check"},
)  # fmt: skip
COLOUR = Choice("colour", "Colour", dict.fromkeys(("gained", "with_source", "alone"), ""))
ROW, LINE, LONGEST, NAME = 26, 14, 90, 44
LEAST = 0.5
"""Nats that a ribbon is for at least; sums of rounding errors are none."""
SHORT = (
    "In 2011 four tenants sued the Millbrook housing office because their heating had been broken "
    "for two winters. Judge Osei refused to dismiss the case. In a settlement the city bought a "
    "new boiler and paid each family 1,500 dollars. The case was closed in December 2014."
)


def ribbons(run: SummariesRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the document on the left, a summary on the right, and what it owes between them."""
    import altair as alt

    from ...charts.base import POINTS, finished, tooltip
    from ...charts.scales import value_text

    wanted = LENGTHS.index(one_of(parameters, "length", tuple(LENGTH.values)))
    owed = np.nan_to_num(of_run(run).owed, posinf=0, neginf=0)
    own = np.flatnonzero(run.length_of == wanted)
    note = "" if own.size else "There is none of this length in the run."
    parts = places(run, "I", len(owed)).labels
    sentences = places(run, "J", len(run.length_of)).labels
    rows = max(len(owed), len(own), 1)
    left = [(each + 0.5) * rows / max(len(owed), 1) for each in range(len(owed))]
    right = [(each + 0.5) * rows / max(len(own), 1) for each in range(len(own))]
    best = owed.argmax(0) if owed.size else np.zeros(len(sentences), int)
    lines = [
        {
            "x": 0, "y": left[i], "to": 1, "below": right[place], "best": bool(i == best[j]),
            "from": one_line(parts[i], LONGEST), "sentence": one_line(sentences[j], LONGEST),
            "owed": float(owed[i, j]),
        }
        for place, j in enumerate(own.tolist())
        for i in range(len(owed))
        if owed[i, j] > LEAST
    ]  # fmt: skip
    columns = ("x", "y", "to", "below", "best", "from", "sentence", "owed")
    names = [
        *(("left", left[i], one_line(text, LONGEST), i) for i, text in enumerate(parts)),
        *(
            ("right", right[place], one_line(sentences[j], LONGEST), place)
            for place, j in enumerate(own.tolist())
        ),
    ]
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, rows], reverse=True, nice=False))
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-1, 2], nice=False))
    widest = max((each["owed"] for each in lines), default=1.0)
    base = alt.Chart(POINTS).encode(
        x=x, x2="to:Q", y=y, y2="below:Q",
        strokeWidth=alt.StrokeWidth(
            "owed:Q", legend=None, scale=alt.Scale(domain=[0, widest], range=[0, 18])
        ),
    )  # fmt: skip
    tip = tooltip(
        {
            "document": "datum.from",
            "summary": "datum.sentence",
            "owed": value_text(OWED, "owed"),
        }
    )
    drawn = {"tooltip": tip, "strokeCap": "butt"}
    others = base.transform_filter("!datum.best").mark_rule(style="quiet", opacity=0.3, **drawn)
    most = base.transform_filter("datum.best").mark_rule(style="main", opacity=0.65, **drawn)
    limit = alt.ExprRef("width / 3 - 14")
    # Where names would lie over one another, only every second, third, ... is written.
    text = (
        alt.Chart(alt.NamedData("names"))
        .transform_calculate(x="datum.side === 'left' ? 0 : 1")
        .transform_filter(f"datum.place % ceil({LINE} * {rows} / height) === 0")
    )
    sides: tuple[tuple[str, Any, int], ...] = (("left", "right", -8), ("right", "left", 8))
    written = [
        text.transform_filter(f"datum.side === '{side}'")
        .mark_text(style="ink", align=align, dx=dx, fontSize=12, limit=limit,
                   tooltip=tooltip({"": "datum.text"}))
        .encode(x=x, y=y, text="text:N")
        for side, align, dx in sides
    ]  # fmt: skip
    sets = {
        "points": {name: [each[name] for each in lines] for name in columns},
        "names": {
            name: [each[place] for each in names]
            for place, name in enumerate(("side", "y", "text", "place"))
        },
    }
    chart = alt.layer(others, most, *written)
    return finished(chart, unit, sets, height=ROW * rows, note=note)


def words(run: SummariesRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the tokens of one summary, coloured by what they take, or how they surprise."""
    from ...charts.strip import strip_chart

    wanted = LENGTHS.index(one_of(parameters, "length", tuple(LENGTH.values)))
    found = number(run, one_of(parameters, "colour", tuple(COLOUR.values)))
    inside = run.sentence_of >= 0
    own = np.flatnonzero(inside & (run.length_of[run.sentence_of * inside] == wanted))
    if not own.size:
        return None
    tokens = [run.tokens[each] for each in own.tolist()]
    spec = strip_chart(tokens, found.values[own], found.quantity, unit)
    # A part of a picture keeps its height: many lines are scrolled, not squeezed.
    part = {name: spec.pop(name) for name in ("layer", "width", "height")}
    return {**spec, "vconcat": [part]}


def fields(run: SummariesRun, unit: str, parameters: Parameters) -> Spec:
    """Return what every sentence of a summary owes to every one of the document, as fields."""
    from ...charts.map import map_chart

    owed = number(run, "owed").values
    known = np.abs(owed[np.isfinite(owed)])
    reach = max(float(known.max(initial=0)), 1.0)
    rows, columns = (
        replace(each, labels=[one_line(text, NAME) for text in each.labels])
        for each in (places(run, "I", owed.shape[0]), places(run, "J", owed.shape[1]))
    )
    return map_chart(owed, OWED, rows, columns, unit, low=-reach, high=reach)


def taken(run: SummariesRun, unit: str, parameters: Parameters) -> Spec:
    """Return a bar a sentence of one summary, and of what is to be checked."""
    from ...charts.bars import bars_chart
    from ...charts.places import Places

    wanted = LENGTHS.index(one_of(parameters, "length", tuple(LENGTH.values)))
    found = number(run, "per_token")
    own = np.flatnonzero(np.isin(run.length_of, (wanted, LENGTHS.index("check"))))
    labels = places(run, "J", len(run.length_of)).labels
    named = Places("summary sentence", [labels[each] for each in own.tolist()], "sentence", False)
    return bars_chart(found.values[own], found.quantity, named, unit)


def _bits(name: str) -> Callable[[SummariesRun], float]:
    return lambda run: of_length(run, name) / math.log(2)


def _paper(claim: str, length: str, expected: float, remark: str, look: str = "") -> Paper:
    return Paper(48, claim, look, "summaries_millbrook", expected, _bits(length), 0.25, remark)


OURS = (
    "Bits a token on our own case; expected is our first measurement. The paper's own figures, "
    "ROUGE on cases that may not be shipped, are no bits."
)

declare(
    Lens(
        kind="summaries",
        title="Summaries",
        summary="How many bits each sentence of a summary takes from its source, and from where.",
        group="read",
        family="Information",
        icon="summarize",
        place=62,
        figures=("per_token_tiny", "per_token_short", "per_token_long", "per_token_check"),
        panels=(
            Chart(
                key="ribbons",
                title="Who owes what to whom",
                read="A ribbon is as wide as what a sentence on the right loses without the one on "
                "the left; in colour, what it needs most. Under half a nat there is none.",
                about="The document is read again without each of its sentences. What it says "
                "twice costs nothing to leave out, so ribbons need not add up.",
                area="stage",
                draw=ribbons,
                of=("owed",),
                controls=(LENGTH,),
            ),
            Chart(
                key="words",
                title="Word by word",
                read="What the document makes easier to expect, and what it makes harder.",
                about="A token is scored behind the document and behind none, each time after the "
                "sentences before it; the difference is what it takes from the document.",
                draw=words,
                of=("gained", "with_source", "alone"),
                controls=(LENGTH, COLOUR),
            ),
            Chart(
                key="fields",
                title="Sentence by sentence",
                read="A row is a sentence of the document, a column one of a summary; a column "
                "without a bright field owes nothing to any single one.",
                draw=fields,
                of=("owed",),
            ),
            Chart(
                key="taken",
                title="Taken a token",
                read="Near 0, or below: not in the document. What is to be checked stands below "
                "the summary; a false sentence stands out so.",
                draw=taken,
                of=("per_token",),
                controls=(LENGTH,),
            ),
            Table(
                title="Sentences",
                read="Below 0 in the last column: the document says it more than once.",
                table="summary_sentences",
                axes=("J",),
                of=(
                    "taken",
                    "per_token",
                    "beyond_unrelated",
                    "per_characters",
                    "spread",
                    "synergy",
                ),
            ),
        ),
        examples=(
            Example(
                "summaries_millbrook",
                "A case about a broken boiler",
                "Three true summaries take 1.5 to 2.5 nats a token from the case; two false "
                "sentences take .65.",
                {
                    "document": DOCUMENT,
                    "tiny": "Tenants sued a city over a broken boiler and won a new one in a "
                    "settlement.",
                    "short": SHORT,
                    "long": SUMMARY,
                    "check": "The tenants lost and were ordered to pay the city 9,000 dollars. "
                    "Judge Petrov closed the case in 1998 after a fire.",
                },
            ),
        ),
        papers=(
            _paper(
                "A document is summarised at several lengths, and each summary has to be told by "
                "it: one of a few sentences takes over three bits a token.",
                "short",
                3.3,
                OURS,
                'choices={"ribbons":{"length":"short"}}',
            ),
            _paper(
                "One of a single sentence is worded more freely, and takes less a token.",
                "tiny",
                2.2,
                OURS,
                'choices={"ribbons":{"length":"tiny"}}',
            ),
            _paper(
                "A whole story takes most, a token as altogether.",
                "long",
                3.6,
                OURS,
                'choices={"ribbons":{"length":"long"}}',
            ),
            _paper(
                "What the document does not say takes little from it.",
                "check",
                0.9,
                "Bits a token of two false sentences, .9 at our first measurement: far below what "
                "true ones take, but not 0, for they are about the same people and things.",
                "panel=taken",
            ),
        ),
        guide=(
            "Compare sentences by what they take a token. Names and numbers that only the document "
            "can tell take most; a false sentence takes little, whatever it sounds like.",
            "Order matters: a name that was copied once is cheap to say again. What is owed to "
            "single sentences is no sum; the table says how far it is from what is taken.",
            "An unrelated document is the fairer zero than none: any text makes the next one "
            "easier. Both are in the table.",
        ),
    )
)
