"""Two models: the small one writes where it is sure, the large one where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...derived import number
from ...derived.two_models import CAUGHT, COST, MEAN_LOST, ROLLING, SAME, WATCHED, aimed
from ...runs.two_models import THRESHOLD, TwoModelsRun
from ..base import Example, Lens, Paper, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.parameters import one_of
from ..panels.picture import Choice
from ..panels.places import places
from ..panels.table import Table
from ._relay import Relay, row_of

if TYPE_CHECKING:
    from ...charts.base import Spec

KINDS = ["small model", "large model"]
COSTS = Choice(
    "cost", "Cost", {"cost": "as the paper counts", "caught": "with catching up"}
)  # fmt: skip
QUALITY = Choice("quality", "Quality", {"lost": "KL to the large model", "same": "same choice"})


def first(run: TwoModelsRun) -> int:
    """Return the text in the middle, where both models write."""
    return len(run.names) // 2


def kinds(run: TwoModelsRun) -> tuple[list[str], np.ndarray]:
    """Return who wrote each token."""
    return KINDS, (run.writer > 0).astype(np.int32)


def text(run: TwoModelsRun) -> list[list[str]]:
    """Return the tokens of every text."""
    counts = (run.token_ids >= 0).sum(1).tolist()
    return [[run.token(row, step) for step in range(many)] for row, many in enumerate(counts)]


def entropy_along(run: TwoModelsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the entropy of every token by who wrote it, its rolling mean and the threshold."""
    import altair as alt

    from ...charts.base import POINTS, finished, here, position, title, tooltip
    from ...charts.scales import label_text, shown, value_text
    from ...charts.words import visible

    row = row_of(run, parameters, first(run))
    tokens = text(run)[row]
    if not tokens:
        return None
    many = len(tokens)
    own, mean = (number(run, each).values[row, :many] for each in ("watched", "rolling"))
    large = run.writer[row, :many]
    bound = float(run.bounds[row])
    switched = np.diff(large > 0, prepend=large[:1] > 0)
    # What decided a switch is the mean before it.
    decided = np.concatenate([[np.nan], mean[:-1]])
    columns = {
        "step": range(many),
        "text": [visible(each) for each in tokens],
        "writer": [KINDS[int(each > 0)] for each in large],
        "own": own.astype(np.float64),
        "mean": mean.astype(np.float64),
        "decided": decided.astype(np.float64),
        "switched": switched.tolist(),
    }
    along = places(run, "N", many)
    x = position(along)
    y = alt.Y("own_shown:Q", axis=alt.Axis(title=title(label_text(WATCHED, "Entropy"))))
    base = alt.Chart(POINTS).transform_calculate(
        own_shown=shown(WATCHED, "own"), mean_shown=shown(ROLLING, "mean"),
        decided_shown=shown(ROLLING, "decided"),
    )  # fmt: skip
    colour = alt.Color(
        "writer:N",
        scale=alt.Scale(range="category", domain=KINDS),
        legend=alt.Legend(title=None, orient="top"),
    )
    tip = tooltip(
        {
            "token": "datum.step + ' ' + datum.text",
            "written by": "datum.writer",
            "entropy": value_text(WATCHED, "own"),
            "rolling entropy": value_text(ROLLING, "mean"),
        }
    )
    bars = base.mark_bar(opacity=0.55, tooltip=tip, width={"band": 0.9}, size=9).encode(
        x=x, y=y, color=colour
    )
    line = base.mark_line(style="ink", strokeWidth=2).encode(x=x, y="mean_shown:Q")
    marks = base.transform_filter("datum.switched")
    dots = marks.mark_point(style="ink", filled=True, size=60, opacity=1, tooltip=tip).encode(
        x=x, y="decided_shown:Q"
    )
    # The line leaves a dot up or down; the number stands on the other side.
    names = [
        marks.transform_filter(side)
        .mark_text(style="ink", dy=dy, fontSize=11)
        .encode(x=x, y="decided_shown:Q", text=alt.Text("decided_shown:Q", format=".1f"))
        for side, dy in (("datum.decided >= datum.mean", -11), ("datum.decided < datum.mean", 13))
    ]
    layers: list[Any] = [bars, line, dots, *names, here(along)]
    sets = {"points": columns}
    if np.isfinite(bound):
        rule = alt.Chart(alt.NamedData("bound")).transform_calculate(at=shown(THRESHOLD, "bound"))
        layers.insert(
            1, rule.mark_rule(style="quiet", strokeDash=[6, 4], strokeWidth=2).encode(y="at:Q")
        )
        sets["bound"] = {"bound": [bound]}
    note = f"{run.names[row]}. Line: rolling entropy; numbers: what it was before each switch."
    return finished(alt.layer(*layers), unit, sets, note=note)


def pareto(run: TwoModelsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return what is lost over what is paid, a dot a text."""
    import altair as alt

    from ...charts.base import POINTS, finished, title, tooltip
    from ...charts.scales import label_text, shown, value_text

    paid = one_of(parameters, "cost", list(COSTS.values))
    quality = one_of(parameters, "quality", list(QUALITY.values))
    of = {"cost": COST, "caught": CAUGHT}[paid], {"lost": MEAN_LOST, "same": SAME}[quality]
    cost, value = (number(run, each).values for each in (paid, quality))
    if not np.isfinite(cost).any():
        return None
    columns = {
        "row": range(len(run.names)),
        "name": run.names,
        "cost": cost,
        "value": value,
        "share": number(run, "share").values,
    }
    base = alt.Chart(POINTS).transform_filter("isValid(datum.cost)").transform_calculate(
        x=shown(of[0], "cost"), y=shown(of[1], "value")
    )  # fmt: skip
    low, high = (float(each) * 100 for each in (np.nanmin(cost), np.nanmax(cost)))
    free = max(0.12 * (high - low), 1)
    x = alt.X(
        "x:Q",
        axis=alt.Axis(title=title(label_text(of[0])), grid=False, tickCount=8),
        scale=alt.Scale(domain=[low - free, high + free], nice=False),
    )
    # Room for the names of the outermost dots, where no value can be.
    within = f"datum.value < 0 || datum.value > {100 if quality == 'same' else 1e9}"
    y = alt.Y(
        "y:Q",
        axis=alt.Axis(
            title=title(label_text(of[1])),
            tickCount=6,
            labelExpr=f"{within} ? '' : datum.label",
            gridOpacity=alt.condition(within, alt.value(0), alt.value(1)),
        ),
        scale=alt.Scale(zero=quality == "lost", nice=False, padding=20),
    )
    tip = tooltip(
        {
            "text": "datum.name",
            "on the large model": "format(datum.share, '.0%')",
            "cost": value_text(of[0], "cost"),
            of[1].name.lower(): value_text(of[1], "value"),
        }
    )
    line = base.mark_line(style="quiet", strokeWidth=1).encode(x=x, y=y, order="row:Q")
    dots = base.mark_point(style="main", filled=True, size=110, opacity=1, tooltip=tip).encode(
        x=x, y=y
    )
    pin = base.transform_filter("datum.row === cursor").mark_point(
        style="here", size=260, strokeWidth=2
    ).encode(x=x, y=y)  # fmt: skip
    turn = base.transform_window(
        place="row_number()", sort=[alt.SortField("cost", order="ascending")]
    )
    names = [
        turn.transform_filter(f"datum.place % 2 === {odd}")
        .mark_text(style="ink", dy=dy, fontSize=11)
        .encode(x=x, y=y, text="name:N")
        for odd, dy in ((1, -13), (0, 16))
    ]
    note = f"The small model: {run.small_name}, {run.ratio:.0%} of the parameters a token passes."
    return finished(alt.layer(line, dots, pin, *names), unit, {"points": columns}, note=note)


def traded(run: TwoModelsRun) -> float:
    """Return how cost and what is lost go together over the texts."""
    return float(np.corrcoef(number(run, "cost").values, number(run, "lost").values)[0, 1])


def _example(name: str, title: str, note: str, prompt: str) -> Example:
    return Example(f"two_models_{name}", title, note, {"prompt": prompt})


declare(
    Lens(
        kind="two_models",
        title="Two models",
        summary="A small model writes where it is sure, a large one where it is not.",
        group="write",
        family="Two models",
        icon="group",
        place=40,
        panels=(
            Relay(
                title="Who wrote it",
                read="Colour: who wrote the token. Move the threshold: each is a text of its own.",
                about="All thresholds write at the same time, from the same prompt and with the "
                "same luck. Both models read every token, so that entropy and divergence are known "
                "for both; a system that saves work would run only one. The rule sees the entropy "
                "of the model that wrote, before any temperature, averaged over a window; what it "
                "decides holds for the next token. The paper leaves open which model begins, what "
                "counts before the window is full and at equality: here the small one begins, the "
                "window averages what there is, and a mean at the threshold goes to the large one.",
                of=("writer", "small_entropy", "large_entropy", "kl"),
                kinds=kinds,
                text=text,
                slider="Threshold",
                first=first,
            ),
            Chart(
                key="switching",
                title="Entropy and switches",
                read="Bars: entropy of who wrote. Dashed: the threshold, from which on the large "
                "model is next.",
                draw=entropy_along,
                of=("watched", "rolling", "bounds"),
                state=("row",),
                moves="step",
            ),
            Chart(
                key="pareto",
                title="Cost and quality",
                read="Left is cheap; with KL, low is good. Click a dot to read its text.",
                about="With catching up, a model also reads what the other wrote, as it has to: "
                "then nearly nothing is left to save, because the large model reads all but the "
                "end. It reads that at once, which takes less time than writing it; how much less "
                "depends on the machine and is not claimed here.",
                draw=pareto,
                of=("cost", "caught", "lost", "same"),
                controls=(COSTS, QUALITY),
                moves="row",
            ),
            Table(
                title="Thresholds",
                read="Divergence avoided is no more than the share on the large model: aimed no "
                "better than chance. Each token's own entropy would aim better.",
                table="thresholds",
                axes=("Q",),
                of=("share", "cost", "caught", "lost", "same", "switches", "removed", "by_own"),
            ),
        ),
        examples=(
            _example(
                "fox",
                "A little fox, by a model and its cut",
                "Alone, the cut model turns in circles: “The fox is not a fox.” The lower the "
                "threshold, the more of the text the whole model writes.",
                "Once upon a time there was a little fox who",
            ),
            _example(
                "water",
                "Why does water boil earlier on a mountain?",
                "“Of the lack of gravity” says the small model alone. Where the large one may "
                "help it becomes the pressure.",
                "Water boils at a lower temperature on a mountain because",
            ),
        ),
        papers=(
            Paper(
                6,
                "Handing uncertain stretches to the large model trades cost for quality.",
                "panel=pareto",
                "two_models_fox",
                -1.0,
                traded,
                0.1,
                "Found is the correlation of cost and KL over the thresholds; −1 is a straight "
                "line. The paper's own figures are of mathematics by models of 0.5 to 14 billion "
                "parameters, which are not read here.",
            ),
            Paper(
                6,
                "Rolling entropy finds the tokens at which the large model matters.",
                "panel=table_thresholds",
                "two_models_fox",
                None,
                lambda run: aimed(run, "removed"),
                0.0,
                "It fails here. Found is the share of divergence avoided, less the share of tokens "
                "on the large model, a mean over the thresholds: chance gives 0. A mean over 5 "
                "tokens that holds for the next one comes too late; the entropy of the token "
                "itself, which is known before it is written, would avoid a tenth more.",
            ),
        ),
        guide=(
            "Follow one word: where the bars rise the line follows some tokens later, and only "
            "then does the writer change. The paper waits 10 tokens between switches; Least is 3 "
            "here, so that a short text has some.",
            "No time is saved here, and none is promised: the layers left out are still computed, "
            "and both models read everything. Cost counts parameters.",
            "Name a small model of your own under Small model; it needs the same tokenizer.",
        ),
    )
)
