"""Charts of authorship: evidence over length, running means, and all verdicts at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ...derived import number
from ...derived.which_model_wrote_it import GAP_OF_TOKEN, PEAK
from ...runs.which_model_wrote_it import EVIDENCE, EXPECTED, MODELS, WARPS, WRITERS
from ...runs.which_model_wrote_it import WhichModelWroteItRun as Run
from ..panels.base import Parameters
from ..panels.parameters import one_of
from ..panels.picture import Choice
from ..panels.places import places

if TYPE_CHECKING:
    from ...charts.base import Spec

TEXT = Choice(
    "text",
    "Text",
    {
        "plain": "drawn at T = 1",
        "warm": "drawn at another T",
        "top": "drawn with top-k",
        "greedy": "greedy",
        "other": "by the other model",
        "given": "text to test",
    },
)
MODEL = Choice("model", "Had", {"this": "this model", "other": "the other model"})
WARP = Choice(
    "warp",
    "drawn it",
    {"plain": "at T = 1", "warm": "at the other T", "top": "with top-k"},
)
BET = Choice(
    "bet", "by", {"log_e": "its own entropy", "ratio": "the odds of the other model"}
)  # fmt: skip
REJECTED = math.log(20)
"""Nats of evidence from which a hypothesis is rejected at 5 %."""
MOST = math.log(1e6)
"""Nats of evidence, against or for, at which a line ends."""
IN, OUT = "not rejected", "rejected at 5 %"
LABEL = 190
"""Pixels of the name of a text."""


def _hypothesis(run: Run, parameters: Parameters) -> tuple[int, int]:
    """Return the model and the hypothesis that are asked for."""
    model = MODELS.index(one_of(parameters, "model", MODELS))
    place = 3 * model + WARPS.index(one_of(parameters, "warp", WARPS))
    return model, min(place, run.log_e.shape[1] - 1)


def _text(run: Run, parameters: Parameters) -> int | None:
    """Return the text that is asked for; None where the run has none such."""
    row = WRITERS.index(one_of(parameters, "text", WRITERS))
    return row if row < len(run.token_ids) and (run.token_ids[row] >= 0).any() else None


def gauge(run: Run, unit: str, parameters: Parameters) -> Spec | None:
    """Return the evidence against one hypothesis along every text, with the limits."""
    from ...charts.along import Line, along_chart

    _, place = _hypothesis(run, parameters)
    along = places(run, "N", run.log_e.shape[2])
    lines, gone = [], []
    found = number(run, one_of(parameters, "bet", tuple(BET.values))).values
    for name, values in zip(places(run, "W", len(found)).labels, found, strict=True):
        own = values[place].astype(np.float64)
        past = np.maximum.accumulate(np.nan_to_num(np.abs(own))) > MOST
        gone += [name] * bool(past.any())
        lines.append(Line(name, np.where(past, np.nan, own), EVIDENCE))
    for name, odds in ((OUT, 20), ("rejected at 0.1 %", 1000)):
        limit = np.full(len(along), math.log(odds))
        lines.append(Line(name, limit, EVIDENCE, style="ceiling"))
    spec = along_chart(lines, along, unit, label="Evidence against")
    note = f"Hypothesis: written by {places(run, 'Q', run.log_e.shape[1]).labels[place]}."
    if gone:
        note += f" A line ends at a million to one, against or for: {'; '.join(gone)}."
    return {**spec, "title": {"text": " ", "fontSize": 1, "subtitle": note}}


def means(run: Run, unit: str, parameters: Parameters) -> Spec | None:
    """Return running means of surprisal, entropy with its band, and cross-entropy."""
    from ...charts.along import Line, along_chart

    row = _text(run, parameters)
    if row is None:
        return None
    model, place = _hypothesis(run, parameters)
    many = int((run.token_ids[row] >= 0).sum())
    counts = np.arange(1, many + 1)

    def so_far(values: np.ndarray) -> np.ndarray:
        return values[:many].cumsum(dtype=np.float64) / counts

    entropy = so_far(run.entropy[row, place])
    band = 2 * np.sqrt(np.maximum(so_far(run.varentropy[row, place]), 0) / counts)
    lines = [
        # The first: a band has the colour of the first line.
        Line("entropy: had it written this", entropy, EXPECTED, low=entropy - band,
             high=entropy + band),
        Line("surprisal", so_far(run.surprisal[row, place]), EXPECTED),
    ]  # fmt: skip
    if place % 3 == 0 and model < run.cross.shape[1]:
        lines.append(
            Line("cross-entropy: had the other one", so_far(run.cross[row, model]), EXPECTED)
        )
    spec = along_chart(lines, places(run, "N", many), unit, label="Mean so far")
    names = places(run, "W", len(run.log_e)).labels, places(run, "Q", run.log_e.shape[1]).labels
    note = f"Text: {names[0][row]}. Hypothesis: {names[1][place]}. Band: 19 of 20 such texts."
    return {**spec, "title": {"text": " ", "fontSize": 1, "subtitle": note}}


def words(run: Run, unit: str, parameters: Parameters) -> Spec | None:
    """Return the tokens of one text, coloured by surprisal − entropy."""
    from ...charts.strip import strip_chart

    row = _text(run, parameters)
    if row is None:
        return None
    _, place = _hypothesis(run, parameters)
    many = int((run.token_ids[row] >= 0).sum())
    tokens = [run.token(row, step) for step in range(many)]
    gaps = number(run, "gap").values[row, place, :many]
    spec = strip_chart(tokens, gaps, GAP_OF_TOKEN, unit)
    # A part of a picture keeps its height: many lines are scrolled, not squeezed.
    part = {name: spec.pop(name) for name in ("layer", "width", "height")}
    return {**spec, "vconcat": [part]}


def verdicts(run: Run, unit: str, parameters: Parameters) -> Spec:
    """Return the evidence at its peak of every text against every hypothesis."""
    import altair as alt

    from ...charts.base import POINTS, finished, tooltip
    from ...charts.scales import value_text

    peak, z = (number(run, name).values for name in ("peak", "z"))
    texts, hypotheses = (
        places(run, letter, size).labels for letter, size in zip("WQ", peak.shape, strict=True)
    )
    rows, columns = np.indices(peak.shape).reshape(2, -1)
    sets = {
        "points": {
            "row": rows,
            "column": columns,
            "text": [texts[each] for each in rows],
            "hypothesis": [hypotheses[each] for each in columns],
            "peak": peak.ravel(),
            "never": np.isposinf(peak).ravel().tolist(),
            "rejected": (peak >= REJECTED).ravel().tolist(),
            "z": np.where(np.isfinite(z), z, np.nan).ravel(),
        },
        "texts": {"row": range(len(texts)), "name": texts},
        "hypotheses": {"column": range(len(hypotheses)), "name": hypotheses},
    }
    x = alt.X("column:O", sort="ascending", axis=None)
    y = alt.Y("row:O", sort="ascending", axis=None)
    value = f"datum.never ? 'impossible' : ({value_text(PEAK, 'peak', 1)})"
    tip = tooltip(
        {
            "text": "datum.text", "hypothesis": "datum.hypothesis", "evidence": value,
            "z": "isValid(datum.z) ? format(datum.z, '.1f') : '–'",
        }
    )  # fmt: skip
    base = alt.Chart(POINTS).transform_calculate(
        kind=f"datum.rejected ? {OUT!r} : {IN!r}", label=value
    )
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=[IN, OUT], range="category"),
        legend=alt.Legend(title=None, orient="bottom"),
    )
    cells = base.mark_rect(opacity=0.35, tooltip=tip).encode(x=x, y=y, color=colour)
    numbers = base.mark_text(style="ink", fontSize=12, tooltip=tip).encode(x=x, y=y, text="label:N")
    left = (
        alt.Chart(alt.NamedData("texts"))
        .mark_text(style="ink", align="right", fontSize=12, limit=LABEL)
        .encode(y=y, x=alt.value(-8), text="name:N")
    )
    above = (
        alt.Chart(alt.NamedData("hypotheses"))
        .mark_text(
            style="ink",
            fontSize=12,
            baseline="bottom",
            limit=alt.ExprRef(f"width / {len(hypotheses)} - 6"),
        )
        .encode(x=x, y=alt.value(-6), text="name:N")
    )
    return finished(alt.layer(cells, numbers, left, above), unit, sets, height=200)
