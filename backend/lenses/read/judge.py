"""Judge: two answers judged in both orders, and what is left when the order is taken out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ...derived.judge import BOTH, BPDE, bpde, conflict_rate
from ...runs.judge import PLAIN, SCORE, JudgeRun
from ..base import Example, Lens, Paper, declare
from ..panels.bars import Bars
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.parameters import one_of
from ..panels.picture import Choice
from ..panels.places import places
from ..panels.table import Column, Table, axis_columns

if TYPE_CHECKING:
    from ...charts.base import Spec

SHARES = {"20": "20 %", "10": "10 %", "40": "40 %", "60": "60 %"}
ITEMS = (
    "What is the capital of France? | It is Paris. | It is a kind of bread.",
    "Which animal says meow? | A table says meow. | A cat says meow.",
    "How many days has a week? | A week has seven days. | A week has two days.",
    "What is frozen water called? | It is called smoke. | It is called ice.",
    "Who wrote Romeo and Juliet? | William Shakespeare did. | Nobody knows what a play is.",
    "What do bees make? | Bees make shoes. | Bees make honey.",
    "Which organ pumps blood? | The heart pumps blood. | The nose pumps blood.",
    "What is 7 plus 5? | 7 plus 5 is 75. | 7 plus 5 is 12.",
)


def every_verdict(run: JudgeRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return a row a question and a column a verdict, those of the second order on the right."""
    from ...charts.map import map_chart
    from ...charts.places import Places

    if not run.score.size:
        return None
    count, orders, judgements = run.score.shape
    names = [
        f"{order[:1]} {'at once' if place == 0 else place}"
        for order in places(run, "W", orders).labels
        for place in range(judgements)
    ]
    columns = Places("verdict (a: as given, s: swapped)", names, "verdict", counted=False)
    values = run.score.reshape(count, orders * judgements)
    return map_chart(values, SCORE, places(run, "V", count), columns, unit)


def for_people(run: JudgeRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the diversity of verdicts by question, the most diverse first and in the accent."""
    import altair as alt

    from ...charts.bars import STEP, named_labels, named_rows
    from ...charts.base import POINTS, domain, finished, title, tooltip
    from ...charts.scales import label_text, shown, value_text

    values, share = bpde(run), int(one_of(parameters, "share", tuple(SHARES)))
    if not len(values):
        return None
    order = np.argsort(-values, kind="stable")
    people = math.ceil(share / 100 * len(values))
    labels = places(run, "V", len(values)).labels
    rows = {
        "row": np.arange(len(values)),
        "label": [labels[each] for each in order.tolist()],
        "value": values[order],
        "people": [place < people for place in range(len(values))],
    }
    base = (
        alt.Chart(POINTS)
        .transform_calculate(length=shown(BPDE, "value"), written=value_text(BPDE, "value"))
        .encode(y=named_rows("row"))
    )
    x = alt.X(
        "length:Q",
        axis=alt.Axis(title=title(label_text(BPDE)), tickCount=6),
        scale=alt.Scale(domain=domain(BPDE, BPDE.low, BPDE.high), nice=False),
    )
    tip = tooltip({"question": "datum.label", "diversity": "datum.written"})
    looks = {"cornerRadiusEnd": 2, "opacity": 0.85, "tooltip": tip}
    judged = base.transform_filter("!datum.people").mark_bar(style="main", **looks).encode(x=x)
    given = base.transform_filter("datum.people").mark_bar(style="came", **looks).encode(x=x)
    words = base.transform_calculate(
        text="datum.written + (datum.people ? ' · to people' : '')"
    ).mark_text(style="ink", align="left", dx=5, fontSize=12)
    chart = alt.layer(judged, given, words.encode(x=x, text="text:N"), named_labels("row"))
    return finished(chart, unit, {"points": rows}, height=alt.Step(STEP))


def before_and_after(run: JudgeRun, unit: str, parameters: Parameters) -> Spec:
    """Return scores in the given order against those over both orders and all reasons."""
    from ...charts.against import Of, against_chart
    from ...derived.judge import mec_bpc

    names = places(run, "V", len(run.plain))
    return against_chart(Of(run.plain, PLAIN), Of(mec_bpc(run), BOTH), names, unit, diagonal=True)


def _rows(run: JudgeRun, axes: tuple[str, ...], shape: tuple[int, ...]) -> list[Column]:
    """Return what every verdict is of, with the reason that it came after."""
    reasons = iter(run.reasons)
    written = [
        next(reasons, "") if judgement else ""
        for _, _, judgement in np.ndindex(shape[0], shape[1], shape[2])
    ]
    return [*axis_columns(run, axes, shape), Column(name="reason", label="reason", values=written)]


declare(
    Lens(
        kind="judge",
        title="Judge",
        summary="Two answers judged in both orders, and what is left without the order.",
        group="read",
        family="Order",
        icon="balance",
        place=72,
        figures=("conflict_rate", "first_place", "mean_bpde", "first_better"),
        panels=(
            Chart(
                key="every_verdict",
                title="Every verdict",
                read="Bright: the first answer is better, wherever it stood. A row that turns dark "
                "in its right half was decided by the place.",
                about="Exact probabilities of A, B and T for a tie; a tie counts half. "
                "Numbers stand for written reasons.",
                area="stage",
                draw=every_verdict,
                of=("score",),
            ),
            Chart(
                key="for_people",
                title="For people",
                read="The most diverse verdicts go to people: theirs is the largest gain.",
                draw=for_people,
                of=("bpde",),
                controls=(Choice("share", "To people", SHARES),),
            ),
            Chart(
                key="before_and_after",
                title="Before and after",
                read="Right: as given; up: over both orders and all reasons. The order pulled what "
                "is off the diagonal.",
                draw=before_and_after,
                of=("plain", "mec_bpc"),
            ),
            Bars(
                title="Both orders",
                read="Score of the first answer with the place taken out; 50 %: neither.",
                of="bpc",
                axis="V",
            ),
            Table(
                title="Questions",
                read="Scores of the first answer, by what was averaged.",
                table="questions",
                axes=("V",),
                of=("plain", "mec", "bpc", "mec_bpc", "bpde", "conflict"),
            ),
            Table(
                title="Verdicts",
                read="What was written before every verdict.",
                table="question_order_judgement",
                axes=("V", "W", "Y"),
                of=("score",),
                rows=_rows,
            ),
        ),
        examples=(
            Example(
                "judge_easy",
                "Eight easy questions",
                "At once, swapping the answers swaps every verdict; the first place wins 73 % "
                "of all.",
                {"items": ITEMS},
            ),
        ),
        papers=(
            Paper(
                43,
                "A judge's verdict flips with the order of the answers: 46 % of items for GPT-4, "
                "83 % for ChatGPT.",
                "",
                "judge_easy",
                0.825,
                conflict_rate,
                0.18,
                "Against ChatGPT's rate; this model is far smaller, and its questions are ours.",
            ),
        ),
        guide=(
            "Scores belong to an answer, not to a place: in the second order they are mapped back "
            "before anything is averaged. MEC averages over written reasons, BPC over both orders.",
            "BPDE is the entropy of win, tie and lose over all verdicts. It takes them as "
            "unordered: three wins and three losses, a pure flip, have 0.69 nats, a mix of all "
            "three 1.01.",
        ),
    )
)
