"""Earth mover: near misses and far ones, beside surprisal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...charts.words import visible
from ...derived.earth_mover import cost_against_chance, near_over_far, nearest, swapped
from ...runs.earth_mover import MISS, EarthMoverRun
from ..base import Example, Lens, Paper, declare
from ..panels.against import Against
from ..panels.along import Along
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.facts import Facts
from ..panels.parameters import one_of, whole
from ..panels.picture import Choice
from ..panels.strip import Strip
from ..panels.table import Column, Table, axis_columns
from ._texts import ARITHMETIC, FACT, GARDEN_PATH

if TYPE_CHECKING:
    from ...charts.base import Spec

NUMBERS = ("against_chance", "cost", "surprisal", "miss", "almost", "chance")
WAYS = {"as it is": "as predicted", "swapped": "nearest and farthest swapped"}
_LABEL = 18


def misses(run: EarthMoverRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the kept misses of one token by their distance; None where nothing predicts it."""
    import altair as alt

    from ...charts.bars import STEP, named_labels, named_rows
    from ...charts.base import POINTS, finished, tooltip
    from ...charts.candidates import percent
    from ...charts.scales import value_text

    way = one_of(parameters, "way", tuple(WAYS))
    far = np.nan_to_num(run.cost * (run.miss > run.chance), nan=-1)
    token = whole(parameters, "token", 0, len(run) - 1, int(far.argmax()))
    if not np.isfinite(run.cost[token]):
        return None
    costs, p = run.other_costs[token], np.exp(run.other_logprobs[token].astype(np.float64))
    note = f"{visible(run.tokens[token], _LABEL)} came."
    if way == "swapped":
        one, other, cost = swapped(run, token)
        p[[one, other]] = p[[other, one]]
        note = f"Cost {run.cost[token]:.3f} → {cost:.3f}; surprisal stays."
    order = np.argsort(costs, kind="stable")
    names = [run.vocabulary.get(str(each), "") for each in run.other_ids[token, order].tolist()]
    columns = {
        "place": np.arange(len(order)),
        "label": [visible(each, _LABEL) for each in names],
        "distance": costs[order],
        "share": p[order],
        "written": [percent(each) for each in p[order].tolist()],
    }
    x = alt.X(
        "distance:Q",
        title="distance from what came",
        scale=alt.Scale(domain=[0, max(1.5, float(costs.max(initial=0)))], nice=False),
        axis=alt.Axis(tickCount=4),
    )
    base = alt.Chart(POINTS).encode(y=named_rows("place"))
    tip = tooltip(
        {
            "token": "datum.label",
            "distance": value_text(MISS, "distance"),
            "probability": "datum.written",
        }
    )
    size = alt.Size("share:Q", scale=alt.Scale(domain=[0, 1], range=[24, 1400]), legend=None)
    dots = base.mark_circle(style="main", opacity=0.75, tooltip=tip).encode(x=x, size=size)
    stems = base.mark_rule(style="quiet", opacity=0.4).encode(x=x, x2=alt.datum(0))
    chance = (
        alt.Chart(alt.NamedData("chance"))
        .mark_rule(style="here", strokeDash=[4, 3])
        .encode(x=alt.X("distance:Q", title="distance from what came"))
    )
    layers = alt.layer(chance, stems, dots, named_labels("place"))
    sets = {"points": columns, "chance": {"distance": [float(run.chance[token])]}}
    return finished(layers, unit, sets, height=alt.Step(STEP), note=note)


def _rows(run: EarthMoverRun, axes: tuple[str, ...], shape: tuple[int, ...]) -> list[Column]:
    had = Column(name="had", label="almost had", values=[_shown(each) for each in nearest(run)])
    return [*axis_columns(run, axes, shape), had]


def _shown(text: str) -> str:
    """Return a token as people read it, "–" for none."""
    return visible(text, _LABEL) if text else "–"


declare(
    Lens(
        kind="earth_mover",
        title="Earth mover",
        summary="Whether what the model expected instead was a near miss or a far one.",
        group="read",
        family="Tokens",
        icon="moving",
        place=11,
        figures=("cost_against_chance", "mean_cost", "near_over_far", "agreement"),
        panels=(
            Strip(
                title="The text, by how far off",
                read="Strong: what was expected instead is no nearer to what came than any token.",
                colours=NUMBERS,
            ),
            Chart(
                key="misses",
                title="Misses of this token",
                read="Left: alike; the larger a dot, the likelier. Dashed: any token of the "
                "vocabulary.",
                about="Distance is 1 − cosine of the rows of the model's head. Swapped, the "
                "nearest and the farthest exchange their probabilities: the surprisal of what came "
                "cannot tell, the cost can.",
                area="inspector",
                missing="Nothing predicts this token.",
                draw=misses,
                of=("cost", "miss"),
                state=("token",),
                controls=(Choice("way", "Probabilities", WAYS),),
            ),
            Facts(title="This token", read="All of its numbers.", of=NUMBERS, at=""),
            Against(
                title="Cost against surprisal",
                read="A column of dots is the same surprise; low in it: near misses, high: far "
                "ones. Click to pin a token.",
                x="surprisal",
                y="cost",
                colour="against_chance",
            ),
            Along(
                title="Near or far",
                read="Line under dots: the misses are nearer than any token by chance.",
                of=("miss", "chance"),
                dots=("chance",),
            ),
            Table(
                title="Almost had",
                read="The likeliest token within half the distance of chance; – where none of the "
                "kept ones is so near.",
                table="tokens",
                axes=("T",),
                of=NUMBERS,
                rows=_rows,
                empty="No token contains this.",
            ),
        ),
        guide=(
            "Surprisal asks how much probability what came had, not who had the rest. Moving the "
            "rest to what came costs 1 − cosine a token: little where alike tokens held it.",
            "Distance is by use, not by meaning alone: for “.” the comma is near, for “Paris” "
            "London and, nearer still, other spellings. Vectors of a model all lean one way, so "
            "compare with chance, not with 1.",
        ),
        examples=(
            Example(
                "earth_mover_arithmetic",
                "Does it nearly get the sums?",
                "The digits of 123 + 456 surprise it, but what it expected are digits as well: "
                "near misses. The sign × is a far one.",
                {"text": ARITHMETIC},
                20,
            ),
            Example(
                "earth_mover_garden_path",
                "Where the reading breaks",
                "Spat and raced are as far off as it gets: a verb came where the sentence seemed "
                "to go on or to end.",
                {"text": GARDEN_PATH},
                19,
            ),
            Example(
                "earth_mover_fact",
                "Which capitals it almost had",
                "It nearly said sun for Sun and Germany for Italy; goes and capital, where "
                "something else was due, are further off than chance.",
                {"text": FACT},
                11,
            ),
        ),
        papers=(
            Paper(
                8,
                "Of two predictions that find a token as surprising, the one whose misses are near "
                "costs less, which cross-entropy cannot tell.",
                "metric=cost&panel=against_surprisal_cost",
                "earth_mover_fact",
                0.79,
                near_over_far,
                0.05,
                "Found is the cost of near over far misses, tokens paired by surprisal; expected "
                "is the mean of twelve texts, which run from 0.53 (sums) to 0.85. The paper trains "
                "with this cost and reports better text after 25,000 sentences: not shown here.",
            ),
            Paper(
                8,
                "A model's misses lie nearer to what came than tokens do by chance.",
                "panel=along_miss",
                "earth_mover_arithmetic",
                0.47,
                cost_against_chance,
                0.03,
                "Expected is our first measurement; 1 is chance. Of prose it is 0.70 to 0.90, and "
                "0.99 of German, which this model hardly knows.",
            ),
        ),
    )
)
