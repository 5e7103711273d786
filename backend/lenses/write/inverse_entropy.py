"""Inverse entropy: whether answers lie to each other as the ways to ask do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...charts.words import one_line
from ...derived import number, quantity_of
from ...runs.inverse_entropy import BACK, RULES, STEP, InverseEntropyRun
from ..base import Example, Lens, Paper, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.map import Map
from ..panels.parameters import one_of, whole
from ..panels.picture import Choice
from ..panels.places import places
from ..panels.table import Column, Table

if TYPE_CHECKING:
    from ...charts.base import Spec

SIMILAR = Choice(
    "similarity",
    "Similarity",
    {RULES[0]: "|cos|, as in the code", RULES[1]: "(1 + cos) / 2, as in the paper"},
)
WALKS = ("between the questions", "between the answers", "an answer, then a question")
GAP = 0.18
"""Between two walks, as a share of one."""


PART = replace(
    BACK,
    name="Adds beyond equal answers",
    unit="nats",
    low=-0.004,
    high=0.004,
    digits=4,
    formula=r"-d_i\ln d_i-\tfrac1n\ln n",
)
SAME = (
    "Name the capital of {0}.",
    "Which city is the capital of {0}?",
    "{0}'s capital is which city?",
    "What city is {0}'s capital?",
    "Which city is the seat of government of {0}?",
    "Can you tell me the capital of {0}?",
    "In which city is the government of {0}?",
    "What do you call the capital city of {0}?",
    "Tell me what the capital of {0} is.",
)
"""Nine ways to ask what the capital of a country is."""


def _capital(name: str, country: str, title: str, note: str) -> Example:
    fields = {
        "question": f"What is the capital of {country}?",
        "paraphrases": tuple(each.format(country) for each in SAME),
        "others": ("1.4",),
    }
    return Example(f"inverse_entropy_{name}", title, note, fields)


def _chosen(run: InverseEntropyRun, parameters: Parameters) -> tuple[int, int]:
    rule = RULES.index(one_of(parameters, "similarity", RULES))
    return rule, min(whole(parameters, "step", 0, 999, 0), run.py.shape[1] - 1)


def walks(run: InverseEntropyRun, unit: str, parameters: Parameters) -> Spec:
    """Return both walks and their product beside each other; its diagonal is framed."""
    import altair as alt

    from ...charts.base import POINTS, finished, tooltip
    from ...charts.scales import value_text
    from ...charts.shades import shade_of, shading

    rule, draw = _chosen(run, parameters)
    px, py = run.px[rule].astype(np.float64), run.py[rule, draw].astype(np.float64)
    three, n = (px, py, py @ px), len(px)
    labels = places(run, "X", n).labels
    cells = [(walk, i, j) for walk in range(3) for i in range(n) for j in range(n)]
    start = [walk * n * (1 + GAP) for walk in range(3)]
    answers = [one_line(run.drawn(draw, place)) for place in range(n)]
    rows = {
        "left": [start[walk] + j for walk, _, j in cells],
        "right": [start[walk] + j + 1 for walk, _, j in cells],
        "row": [i for _, i, _ in cells],
        "below": [i + 1 for _, i, _ in cells],
        "value": [float(three[walk][i, j]) for walk, i, j in cells],
        "from": [(answers if walk else labels)[i] for walk, i, _ in cells],
        "to": [(answers if walk == 1 else labels)[j] for walk, _, j in cells],
        "framed": [walk == 2 and i == j for walk, i, j in cells],
    }
    high = max(float(max(np.nanmax(each) for each in three)), 1e-3)
    x = alt.X("left:Q", axis=None, scale=alt.Scale(domain=[0, start[2] + n], nice=False))
    y = alt.Y(
        "row:Q",
        axis=alt.Axis(
            title=None,
            values=[i + 0.5 for i in range(n)],
            labelExpr="format(datum.value - 0.5, 'd')",
            grid=False,
            ticks=False,
            domain=False,
        ),
        scale=alt.Scale(domain=[0, n], reverse=True, nice=False),
    )
    base = (
        alt.Chart(POINTS)
        .transform_calculate(**shade_of(STEP))
        .encode(x=x, x2="right:Q", y=y, y2="below:Q")
    )
    tip = tooltip(
        {"from": "datum.from", "to": "datum.to", "probability": value_text(STEP, "value", 1)}
    )
    fields = base.mark_rect(tooltip=tip, cursor="pointer").encode(
        color=shading(STEP, 0, high, orient="right", gradientLength=120)
    )
    framed = base.transform_filter("datum.framed").mark_rect(
        style="came", filled=False, strokeWidth=2
    )
    pin = (
        alt.Chart(alt.InlineData(values=[{}]))
        .transform_calculate(left="0", right=str(start[2] + n), row="cursor", below="cursor + 1")
        .transform_filter("cursor >= 0")
        .mark_rect(style="here", filled=False, strokeWidth=2)
        .encode(x=x, x2="right:Q", y=y, y2="below:Q")
    )
    heads = (
        alt.Chart(alt.NamedData("heads"))
        .mark_text(style="ink", align="left", fontSize=12)
        .encode(x=x, y=alt.value(-9), text="label:N")
    )
    sets = {"points": rows, "heads": {"left": start, "label": list(WALKS)}}
    return finished(alt.layer(fields, framed, pin, heads), unit, sets, height=300)


def parts(run: InverseEntropyRun, unit: str, parameters: Parameters) -> Spec:
    """Return what each way to ask adds to the inverse entropy of a draw, beyond equal answers."""
    from ...charts.bars import bars_chart

    rule, draw = _chosen(run, parameters)
    back = run.back[rule, draw].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        adds = np.where(back > 0, -back * np.log(back), 0)
    beyond = adds - np.log(len(back)) / len(back)
    ways = replace(places(run, "X", len(back)), field="row")
    return bars_chart(beyond, PART, ways, unit)


def by_draw(run: InverseEntropyRun, unit: str, parameters: Parameters) -> Spec:
    """Return how far every draw lies above equal answers, and the mean so far."""
    from ...charts.along import Line, along_chart

    rule, _ = _chosen(run, parameters)
    values = run.entropy[rule, 0].astype(np.float64) - float(number(run, "floor").values)
    running = np.cumsum(values) / np.arange(1, len(values) + 1)
    of = quantity_of(run, "above")
    lines = [Line("mean so far", running, of), Line("of a draw", values, of, "dots")]
    return along_chart(lines, places(run, "B", len(values)), unit)


def by_temperature(run: InverseEntropyRun, unit: str, parameters: Parameters) -> Spec:
    """Return the mean above equal answers at every temperature, from the lowest, and its spread."""
    from ...charts.bars import bars_chart
    from ...charts.places import Places

    rule = RULES.index(one_of(parameters, "similarity", RULES))
    means = run.entropy[rule].mean(1, dtype=np.float64) - float(number(run, "floor").values)
    known = [*run.temperatures, *[np.inf] * len(means)][: len(means)]
    order = sorted(range(len(means)), key=lambda i: known[i])
    names = [f"T = {known[i]:g}" for i in order]
    of = quantity_of(run, "above")
    return bars_chart(means[order], of, Places("temperature", names, "place"), unit)


def rows(run: Any, axes: tuple[str, ...], sizes: tuple[int, ...]) -> list[Column]:
    """Return every way to ask and what was answered in the first draw."""
    count = sizes[0]
    return [
        Column(name="way", label="way", values=range(count)),
        Column(
            name="text",
            label="question",
            values=[
                one_line(run.variants[i]) if i < len(run.variants) else "–" for i in range(count)
            ],
        ),
        Column(
            name="answer",
            label="answers",
            values=[one_line(" · ".join(_answers(run, i))) for i in range(count)],
        ),
    ]


def _answers(run: InverseEntropyRun, variant: int) -> list[str]:
    count = run.cosine_answers.shape[0] // max(run.px.shape[1], 1)
    return run.texts[variant * count : (variant + 1) * count]


def rises(run: InverseEntropyRun) -> float:
    """Return 1 where the measure rises at every step of the temperature, else 0."""
    order = np.argsort(run.temperatures)
    return float((np.diff(run.entropy[0].mean(1, dtype=np.float64)[order]) > 0).all())


declare(
    Lens(
        kind="inverse_entropy",
        title="Inverse entropy",
        summary="One question asked in several ways: whether the answers lie to each other as the "
        "questions do.",
        group="write",
        family="Answers",
        icon="sync_alt",
        place=22,
        figures=("mean", "floor", "ceiling"),
        panels=(
            Chart(
                key="walks",
                title="Two walks",
                read="How likely a step leads from a row to a column. Framed: both steps come back "
                "to where they began; these make the measure.",
                about="Left, between the ways to ask; in the middle, between their answers, one "
                "drawn for each; right, a step between answers and one between questions. Equal "
                "answers make the middle flat: then all come back alike, and H is ln n.",
                formula=r"H=-\sum_id_i\ln d_i\qquad d_i=(P_yP_x)_{ii}",
                source="arXiv 2506.09684; steps from the code that the authors publish.",
                area="stage",
                draw=walks,
                of=("px", "py"),
                state=("step",),
                controls=(SIMILAR,),
                moves="row",
            ),
            Chart(
                key="parts",
                title="By way to ask",
                read="What each way to ask adds in this draw, −d ln d, beyond equal answers.",
                draw=parts,
                of=("back",),
                state=("step",),
                controls=(SIMILAR,),
                moves="row",
            ),
            Chart(
                key="by_draw",
                title="Draws",
                read="How far H lies above equal answers: a dot a draw of one answer a question, a "
                "line for the mean so far. Click to see its walk.",
                draw=by_draw,
                of=("above",),
                controls=(SIMILAR,),
                moves="step",
            ),
            Chart(
                key="by_temperature",
                title="By temperature",
                read="H above equal answers; it should rise: the paper's TSU is the share of "
                "questions where it does.",
                draw=by_temperature,
                of=("above",),
                controls=(SIMILAR,),
            ),
            Table(
                title="Ways to ask",
                read="Every way to ask, the question first, and all answers to it.",
                table="ways",
                axes=("X",),
                of=("near",),
                rows=rows,
            ),
            Map(
                key="map_answers",
                title="All answers",
                read="Cosine of any two answers, those to one question behind each other.",
                of="cosine_answers",
                axes=("Z", "W"),
                area="timeline",
            ),
        ),
        examples=(
            _capital(
                "burkina_faso",
                "Burkina Faso",
                "Does it know this capital?",
                "No: Mali, Bokassa or Nigeria, by the way it is asked. The answers do not lie to "
                "each other as the questions do.",
            ),
            _capital(
                "france",
                "France",
                "Asked what it knows",
                "Paris, however it is asked: the walk between answers is flat but for a few slips, "
                "and the measure stays where equal answers have it.",
            ),
        ),
        papers=(
            Paper(
                4,
                "The measure rises where the model does not know the answer: for the capital of "
                "Burkina Faso, not for that of France.",
                "",
                "inverse_entropy_burkina_faso",
                None,
                lambda run: float(number(run, "above").values),
                0.0,
                "Found is how far the mean lies above ln n: .015 nats here, none for France. The "
                "paper's figure is an area under a curve over many questions.",
            ),
            Paper(
                4,
                "Where the model knows, the ways to ask all come back alike, and the measure is "
                "that of equal answers.",
                "",
                "inverse_entropy_france",
                0.0,
                lambda run: float(number(run, "above").values),
                0.005,
            ),
            Paper(
                4,
                "It rises from T = 0.7 to T = 1.4 for most questions: TSU is 88.8 %.",
                "",
                "inverse_entropy_burkina_faso",
                0.888,
                rises,
                0.12,
                "Found on one question, where it is 0 or 1; on France it rises too.",
            ),
        ),
        guide=(
            "The measure looks at answers from outside: no probability of the model is read. Only "
            "runs with equally many ways to ask can be compared: for equal answers it is about "
            "ln n, at most n / e.",
            "Cosines of MiniLM see topics: Paris and France are near, 7 and 7 days are not. With "
            "fewer than four paraphrases the measure turns round, so that fewer are refused.",
            "Paraphrases of your own stand under Options, one a row. Left empty, the model writes "
            "them; a small one often asks another question by mistake: read them in the table.",
        ),
    )
)
