"""Charts of retrieval: neighbours of a token, the mean by share, and entropy as one writes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...charts.words import one_line, visible
from ...derived import retrieval as of
from ...runs.retrieval import SHARES, START, RetrievalRun
from ...runs.token_numbers import ENTROPY
from ..panels.base import Parameters
from ..panels.parameters import one_of, whole
from ..panels.picture import Choice
from ..panels.places import places

if TYPE_CHECKING:
    from ...charts.base import Spec

_NAMES = [f"{each:.0%}" for each in SHARES]
SHARE = Choice(
    "share", "Share of retrieval",
    {each: f"{each} retrieval" for each in [_NAMES[START], *_NAMES[:START], *_NAMES[START + 1 :]]},
)  # fmt: skip
SHOWN = Choice(
    "of", "Show",
    {"both": "both entropies", "retrieval": "of the neighbours", "model": "of the model"},
)  # fmt: skip
BEFORE = 7
"""Tokens of the source that are shown before what a neighbour says."""
_LONGEST = 380
CAME, ELSE = "what came", "something else"
MOST = 0.3
"""Nats; what loses more would leave no room to see a gain."""
MEAN_GAIN = replace(of.GAIN, name="Mean gain", scale="linear", low=0, high=0.01)


def neighbours(run: RetrievalRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the nearest neighbours of a token: where they stand, what they say, their weight."""
    import altair as alt

    from ...charts.bars import STEP
    from ...charts.base import POINTS, finished, tooltip

    most = np.nan_to_num(of.gains(run, SHARES[START]), nan=-np.inf)
    token = whole(parameters, "token", 0, len(run) - 1, int(most.argmax()))
    if not np.isfinite(run.neighbour_weights[token]).all():
        return None
    came = visible(run.tokens[token], 18)
    rows: list[tuple[str, str, float]] = []
    for at, weight in zip(
        run.neighbour_places[token].tolist(), run.neighbour_weights[token].tolist(), strict=True
    ):
        said = run.source_tokens[at] if 0 <= at < len(run.source_tokens) else ""
        before = one_line("".join(run.source_tokens[max(0, at - BEFORE) : max(at, 0)]))
        kind = CAME if said == run.tokens[token] else ELSE
        rows.append((f"…{before} → {visible(said, 18)}", kind, weight))
    count = f"all {run.request.neighbours:,} neighbours" if len(rows) > 1 else "the neighbour"
    rows.append((f"{count} → {came}", CAME, float(run.retrieved[token])))
    rows.append((f"the model → {came}", CAME, float(np.exp(-run.surprisal[token]))))
    labels, kinds, weights = (list(each) for each in zip(*rows, strict=True))
    points = {"place": range(len(rows)), "label": labels, "kind": kinds, "weight": weights}
    y = alt.Y("place:O", axis=alt.Axis(labels=False, ticks=False, domain=False, title=None))
    x = alt.X(
        "percent:Q",
        title=None,
        scale=alt.Scale(domain=[0, max(20.0, 100 * float(np.nan_to_num(max(weights))))]),
        axis=alt.Axis(tickCount=5, labelExpr="datum.label + ' %'"),
    )
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=[CAME, ELSE], range="category"),
        legend=None,  # the names say it, and rows need the room
    )
    base = alt.Chart(POINTS).transform_calculate(percent="100 * datum.weight").encode(y=y)
    written = "format(datum.percent, '.1f') + ' %'"
    tip = tooltip({"source": "datum.label", "says": "datum.kind", "weight": written})
    bars = base.mark_bar(cornerRadiusEnd=2, tooltip=tip).encode(x=x, color=colour)
    names = base.mark_text(style="ink", align="right", fontSize=13, limit=_LONGEST).encode(
        x=alt.value(-8), text="label:N"
    )
    return finished(alt.layer(bars, names), unit, {"points": points}, height=alt.Step(STEP))


def by_share(run: RetrievalRun, unit: str, parameters: Parameters) -> Spec:
    """Return the mean gain at every share that does not cost more than ``MOST``."""
    from ...charts.along import Line, along_chart
    from ...charts.places import Places

    every = [0.0, *run.shares.tolist()]
    found = {each: of.surprisal_at(run, 0) - of.surprisal_at(run, each) for each in every}
    shares = [each for each in every if not found[each] < -MOST]
    gain = np.array([found[each] for each in shares])
    names = [f"{each:.0%}" for each in shares]
    along = Places("share of retrieval (%)", names, "share", True, [100 * each for each in shares])
    lines = [
        Line("mean gain", gain, MEAN_GAIN),
        Line("the model alone", np.zeros(len(shares)), MEAN_GAIN, "floor"),
    ]
    return along_chart(lines, along, unit, label="Mean gain")


def spread(run: RetrievalRun, unit: str, parameters: Parameters) -> Spec:
    """Return how many tokens gain or lose how much at a share."""
    from ...charts.spread import spread_chart

    share = SHARES[_NAMES.index(one_of(parameters, "share", tuple(SHARE.values)))]
    return spread_chart(of.gains(run, share), of.GAIN, places(run, "T", len(run)), unit)


def writing(run: RetrievalRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return running means of both entropies along what is written, beside the text's."""
    from ...charts.along import Line, along_chart

    shown = one_of(parameters, "of", tuple(SHOWN.values))
    found = {
        name: values
        for name, values in of.curves(run).items()
        if shown == "both" or name.endswith(shown)
    }
    along = places(run, "N", run.written_entropy.shape[1])
    lines = [Line(name, values, ENTROPY) for name, values in found.items()]
    return along_chart(lines, along, unit, label="Entropy")
