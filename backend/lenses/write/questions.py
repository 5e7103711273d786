"""Questions: twenty questions over a list, the next one by conformal set size or by entropy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...charts.words import one_line
from ...runs.questions import (
    EXPECTED_ENTROPY,
    EXPECTED_SIZE,
    RULES,
    TRUE,
    QuestionsRun,
)
from ..base import Example, Lens, Paper, declare
from ..panels.along import AlongAxis
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.map import Map
from ..panels.parameters import one_of, whole
from ..panels.picture import Choice
from ..panels.places import places
from ..panels.table import Column, Table, axis_columns

if TYPE_CHECKING:
    from ...charts.base import Spec

RULE = Choice("rule", "Chosen by", {each: each for each in RULES})
MISS = Choice(
    "miss", "May miss", {"asked": "as asked for", "0.05": "5 %", "0.2": "20 %", "0.4": "40 %"}
)
BINS = 25
SECOND = 1.6
"""Where the second game begins, in widths of the longest bar."""
_QUESTIONS = (
    "Does it have fur?",
    "Does it have wings?",
    "Can it fly?",
    "Does it live in water?",
    "Does it eat meat?",
    "Does it lay eggs?",
    "Does it have four legs?",
    "Is it bigger than a person?",
    "Does it live on farms?",
    "Is it dangerous to people?",
    "Does it have feathers?",
    "Is it an insect?",
    "Does it have horns?",
    "Is it a pet?",
    "Can it swim?",
    "Does it have a long neck?",
)
_ANIMALS = """
penguin 0101110000100010
lion 1000101101000000
eagle 0110110000100000
shark 0001100101000010
frog 0001111000000010
elephant 0000001101000010
snake 0000110001000000
horse 1000001110000011
dolphin 0001100100000010
bee 1110010011010000
cow 1000001110001000
owl 0110110000100000
crocodile 0001111101000010
rabbit 1000001010000100
giraffe 1000001100001001
goat 1000001010001000
duck 0111010010100010
cat 1000101010000100
goldfish 0001010000000110
butterfly 0110010000010000
"""


def animals() -> str:
    """Return the list as CSV."""
    said = {"1": "yes", "0": "no"}
    rows = [line.split() for line in _ANIMALS.strip().splitlines()]
    lines = [",".join([name, *map(said.__getitem__, bits)]) for name, bits in rows]
    return "\n".join([",".join(["animal", *_QUESTIONS]), *lines]) + "\n"


def state_of(run: QuestionsRun, parameters: Parameters, last: int) -> int:
    """Return after how many answers the stage stands; at first where both games part."""
    parts = np.flatnonzero(run.place[0] != run.place[1]).tolist()
    return min(whole(parameters, "step", 0, 99, min([*parts, last])), last)


def next_question(run: QuestionsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return what every question would leave: names as bars, entropy as dots."""
    import altair as alt

    from ...charts.bars import named_labels, named_rows
    from ...charts.base import POINTS, finished, title, tooltip
    from ...charts.scales import label_text, shown, value_text

    rule = RULES.index(one_of(parameters, "rule", RULES))
    state = state_of(run, parameters, run.place.shape[1] - 1)
    size, entropy = run.expected_size[rule, state], run.expected_entropy[rule, state]
    if not np.isfinite(size).any():
        return None
    rows = {
        "question": np.arange(len(size)),
        "label": places(run, "Q", len(size)).labels,
        "size": size,
        "entropy": entropy,
        "next": (np.arange(len(size)) == run.place[rule, state]).tolist(),
    }
    tip = tooltip({
        "question": "datum.label",
        "leaves": value_text(EXPECTED_SIZE, "size"),
        "entropy": value_text(EXPECTED_ENTROPY, "entropy"),
    })  # fmt: skip
    base = alt.Chart(POINTS).transform_calculate(undecided=shown(EXPECTED_ENTROPY, "entropy"))
    base = base.encode(y=named_rows("question"))
    x = alt.X(
        "size:Q",
        axis=alt.Axis(title=title(label_text(EXPECTED_SIZE)), orient="bottom", tickCount=6),
    )
    bars = base.mark_bar(style="main", opacity=0.55, cornerRadiusEnd=2, tooltip=tip).encode(x=x)
    chosen = base.transform_filter("datum.next").mark_bar(style="here", opacity=0.85, tooltip=tip)
    before = base.transform_filter("!isValid(datum.size)").mark_text(
        style="quiet", align="left", dx=5, fontSize=12, text="asked before"
    )
    dots = base.mark_point(
        style="ink", filled=True, shape="diamond", size=70, opacity=1, tooltip=tip
    ).encode(
        x=alt.X(
            "undecided:Q",
            scale=alt.Scale(zero=False, padding=12),
            axis=alt.Axis(
                title=title(label_text(EXPECTED_ENTROPY, "◆ Expected entropy")),
                orient="top", grid=False, tickCount=6,
            ),
        )
    )  # fmt: skip
    sizes = alt.layer(bars, chosen.encode(x=x), before.encode(x=alt.value(0)))
    chart = alt.layer(sizes, dots, named_labels("question")).resolve_scale(x="independent")
    return finished(chart, unit, {"points": rows}, height=alt.Step(22))


def names_left(run: QuestionsRun, unit: str, parameters: Parameters) -> Spec:
    """Return the belief in every name in both games, side by side; solid where it is in the set."""
    import altair as alt

    from ...charts.bars import named_labels, named_rows
    from ...charts.base import POINTS, finished, tooltip

    state = state_of(run, parameters, run.place.shape[1] - 1)
    belief, count = run.belief[:, state].astype(np.float64), run.belief.shape[2]
    widest = max(float(np.nanmax(belief, initial=0)), 1e-3)
    labels = places(run, "Y", count).labels
    grid = [(rule, name) for rule in range(len(RULES)) for name in range(count)]
    rows = {
        "name": [name for _, name in grid],
        "label": [labels[name] for _, name in grid],
        "start": [SECOND * rule for rule, _ in grid],
        "end": [SECOND * rule + belief[rule, name] / widest for rule, name in grid],
        "written": [f"{belief[rule, name]:.0%}" for rule, name in grid],
        "inside": run.inside[:, state].ravel().tolist(),
    }
    heads = {"start": [0.0, SECOND], "label": [f"by {each}" for each in RULES]}
    secret = {"name": [run.secret], "label": [labels[run.secret]]}
    y = named_rows("name")
    x = alt.X(
        "start:Q", axis=None, scale=alt.Scale(domain=[0, SECOND + 1.45], nice=False, zero=False)
    )
    tip = tooltip({"name": "datum.label", "belief": "datum.written",
                   "in the set": "datum.inside ? 'yes' : 'no'"})  # fmt: skip
    base = alt.Chart(POINTS).encode(x=x, y=y)
    bars = base.mark_bar(style="main", cornerRadiusEnd=2, tooltip=tip).encode(
        x2="end:Q", opacity=alt.condition("datum.inside", alt.value(0.85), alt.value(0.2))
    )
    ends = x.copy()
    ends.shorthand = "end:Q"
    written = base.mark_text(style="ink", align="left", dx=4, fontSize=11).encode(
        x=ends, text="written:N"
    )
    above = (
        alt.Chart(alt.NamedData("heads"))
        .mark_text(style="quiet", align="left", fontSize=12)
        .encode(x=x, y=alt.value(-10), text="label:N")
    )
    sought = (
        alt.Chart(alt.NamedData("secret"))
        .mark_text(style="came", align="right", fontSize=13, fontWeight="bold")
        .encode(y=y, x=alt.value(-6), text="label:N")
    )
    layers = (bars, written, above, named_labels("name"), sought)
    return finished(
        alt.layer(*layers), unit, {"points": rows, "heads": heads, "secret": secret},
        height=alt.Step(19),
    )  # fmt: skip


def calibration(run: QuestionsRun, unit: str, parameters: Parameters) -> Spec:
    """Return how much belief the right name got in the calibration, and the threshold."""
    import altair as alt

    from ...charts.base import finished, tooltip

    level, state = _level(run, parameters), state_of(run, parameters, run.tau.shape[1] - 1)
    values = run.calibration[state].astype(np.float64)
    last = min(max(float(values.max(initial=0)), float(run.printed[level, state]), 0.1) * 1.1, 1.0)
    edges = np.linspace(0, last, BINS + 1)
    counts, _ = np.histogram(np.clip(values, 0, last), edges)
    bars = {"left": edges[:-1], "right": edges[1:], "count": counts}
    marks = {
        "at": [float(run.tau[level, state]), float(run.printed[level, state])],
        "label": ["τ", "τ as printed"],
        "right": [True, False],
    }
    x = alt.X(
        "left:Q",
        title=f"{TRUE.name}, after {state} answer{'s' * (state != 1)}",
        scale=alt.Scale(domain=[0, last], nice=False),
        axis=alt.Axis(format="%", grid=False),
    )
    y = alt.Y("count:Q", title="histories", axis=alt.Axis(tickMinStep=1))
    boxes = (
        alt.Chart(alt.NamedData("bars"))
        .mark_rect(
            style="main",
            opacity=0.7,
            stroke="transparent",
            tooltip=tooltip({"histories": "datum.count"}),
        )
        .encode(x=x, x2="right:Q", y=y, y2=alt.datum(0))
    )
    rules = alt.Chart(alt.NamedData("marks"))
    drawn = []
    for right, style, dash in (("true", "here", [1, 0]), ("false", "quiet", [5, 3])):
        own = rules.transform_filter(f"datum.right === {right}").encode(x=alt.X("at:Q"))
        drawn.append(own.mark_rule(style=style, strokeWidth=2, strokeDash=dash))
        drawn.append(
            own.mark_text(style=style, align="left", dx=5, baseline="top", fontSize=12).encode(
                y=alt.value(2 if right == "true" else 18), text="label:N"
            )
        )
    return finished(alt.layer(boxes, *drawn), unit, {"bars": bars, "marks": marks})


def _level(run: QuestionsRun, parameters: Parameters) -> int:
    chosen = one_of(parameters, "miss", list(MISS.values))
    alpha = run.request.alpha if chosen == "asked" else float(chosen)
    return int(np.argmin(np.abs(np.array(run.levels) - alpha)))


def coverage(run: QuestionsRun, unit: str, parameters: Parameters) -> Spec:
    """Return realised against asked coverage by three thresholds; the diagonal is what is right."""
    import altair as alt

    from ...charts.base import LEGEND_COLUMNS, POINTS, finished, tooltip

    asked = 1 - np.array(run.levels)
    lines = {
        "right quantile": run.covered,
        "as in the authors' code": run.covered_coded,
        "as printed in the paper": run.covered_printed,
    }
    rows: dict[str, list[Any]] = {name: [] for name in ("asked", "covered", "line")}
    for name, values in lines.items():
        rows["asked"] += asked.tolist()
        rows["covered"] += values.mean(1, dtype=np.float64).tolist()
        rows["line"] += [name] * len(asked)
    x = alt.X(
        "asked:Q",
        title="Asked coverage",
        scale=alt.Scale(domain=[0.5, 1], nice=False),
        axis=alt.Axis(format="%", grid=False),
    )
    y = alt.Y(
        "covered:Q",
        title="Realised coverage",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%"),
    )
    tip = tooltip(
        {
            "threshold": "datum.line",
            "asked": "format(datum.asked, '.0%')",
            "realised": "format(datum.covered, '.1%')",
        }
    )
    legend = alt.Legend(title=None, orient="top", columns=LEGEND_COLUMNS, labelLimit=260)
    colour = alt.Color("line:N", sort=None, scale=alt.Scale(range="category"), legend=legend)
    base = alt.Chart(POINTS).encode(x=x, y=y, color=colour)
    even = (
        alt.Chart(alt.NamedData("even"))
        .mark_line(style="quiet", strokeDash=[6, 4])
        .encode(x="asked:Q", y="covered:Q")
    )
    chart = alt.layer(
        even, base.mark_line(strokeWidth=1.8), base.mark_point(filled=True, size=50, tooltip=tip)
    )
    return finished(
        chart, unit, {"points": rows, "even": {"asked": [0.5, 1.0], "covered": [0.5, 1.0]}}
    )


def bound(run: QuestionsRun, unit: str, parameters: Parameters) -> Spec:
    """Return the bound by the set size, the entropy of the beliefs, and ln |Y|."""
    from ...charts.along import Line, along_chart
    from ...derived import quantity_of

    level = run.levels.index(run.request.alpha)
    of, own = quantity_of(run, "bound"), quantity_of(run, "entropy")
    labels = np.full(len(run.entropy), np.log(max(run.belief.shape[2], 1)))
    lines = [
        Line("bound by the set size", run.bound[level], of),
        Line("entropy of the beliefs", run.entropy, own),
        Line("ln |Y|: above it the bound says nothing", labels, of, "ceiling"),
    ]
    return along_chart(lines, places(run, "J", len(labels)), unit, label="Entropy")


def moves(run: Any, axes: tuple[str, ...], sizes: tuple[int, ...]) -> list[Column]:
    """Return rule, number of answers, and what was asked and answered next."""
    asked = [
        one_line(run.questions[place]) if 0 <= place < len(run.questions) else "–"
        for place in run.place.ravel().tolist()
    ]
    said = [{1: "yes", 0: "no"}.get(each, "–") for each in run.answer.ravel().tolist()]
    return [
        *axis_columns(run, axes, sizes),
        Column(name="asked", label="asks next", values=asked),
        Column(name="said", label="answer", values=said),
    ]


declare(
    Lens(
        kind="questions",
        title="Questions",
        summary="Twenty questions over a list: the next one by the size of conformal sets, or by "
        "entropy.",
        group="write",
        family="Answers",
        icon="quiz",
        place=28,
        panels=(
            Chart(
                key="next_question",
                title="The next question",
                read="Bars: names that a question would leave in the set. Diamonds: the entropy it "
                "would leave. The coloured bar is asked.",
                missing="All questions of this game are asked. Choose an earlier step below.",
                area="stage",
                draw=next_question,
                of=("expected_size", "expected_entropy"),
                state=("step",),
                controls=(RULE,),
            ),
            Chart(
                key="names_left",
                title="Names still in",
                read="Belief in every name in both games; solid where it is in the set.",
                area="side",
                draw=names_left,
                of=("belief",),
                state=("step",),
            ),
            AlongAxis(
                title="Both games",
                read="Names left in, and entropy of the belief, answer by answer; click to move.",
                of=("left", "undecided", "found"),
                axis="J",
                by="G",
            ),
            Table(
                title="Moves",
                read="What each rule asks next in each state, and what it is told.",
                table="rule_step",
                axes=("G", "J"),
                of=("left", "undecided", "found"),
                rows=moves,
            ),
            Chart(
                key="calibration_histogram",
                title="Calibration",
                read="How much belief the right name had after random questions. Names with at "
                "least τ come into the set.",
                about="τ is the ⌈(1 − α)(N + 1)⌉-th smallest of −p: a small probability, so that "
                "90 % of the right names lie right of it. The paper prints the quantile of p "
                "itself, a large one, which almost no right name reaches; its code is right.",
                draw=calibration,
                of=("calibration", "tau", "printed"),
                state=("step",),
                controls=(MISS,),
            ),
            Chart(
                key="coverage",
                title="Coverage",
                read="What part of new sets holds the right name, against what was asked for; the "
                "dashes are where both agree.",
                draw=coverage,
                of=("covered", "covered_coded", "covered_printed"),
            ),
            Chart(
                key="bound",
                title="Bound",
                read="The true entropy lies below the bound by the set size; above ln |Y| the "
                "bound says nothing.",
                draw=bound,
                of=("bound", "entropy"),
                moves="step",
            ),
            Map(
                title="What the model answers",
                read="Its yes to every question of every name.",
                of="yes",
                axes=("Y", "Q"),
                area="timeline",
            ),
        ),
        examples=(
            Example(
                "questions_animals",
                "Twenty animals: which one is it?",
                "The penguin is sought. Wrong answers of the model lead astray: for a while to "
                "shark and crocodile by set size, to the dolphin in the end by entropy. The sets "
                "keep the penguin.",
                {"table": animals()},
            ),
        ),
        papers=(
            Paper(
                36,
                "Sets made by the conformal quantile hold the right answer as often as was asked "
                "for, however badly the model's probabilities are calibrated.",
                "",
                "questions_animals",
                0.9,
                lambda run: float(run.covered[run.levels.index(run.request.alpha)].mean()),
                0.03,
                "Found is the share of new histories whose set holds the right animal, over all "
                "numbers of answers.",
            ),
            Paper(
                36,
                "The quantile as the paper prints it, of p in place of −p, covers next to nothing.",
                "",
                "questions_animals",
                0.05,
                lambda run: float(
                    run.covered_printed[run.levels.index(run.request.alpha)][1:].mean()
                ),
                0.05,
                "Expected is what a simulation of the printed quantile gives; ties of beliefs lift "
                "it a little.",
            ),
            Paper(
                36,
                "Questions by set size find the name more often than questions by entropy: .83 "
                "against .65 of games.",
                "",
                "questions_animals",
                0.18,
                lambda run: float(run.found[0, 10] - run.found[1, 10]),
                0.1,
                "Found after 10 questions, over games with all twenty animals, so one animal is "
                ".05; halfway the entropy is ahead. A larger model and the authors' way, which "
                "asks it for the name, find three times as many.",
            ),
        ),
        guide=(
            "Every question is asked of the model once for every name, with yes and no compared at "
            "the end. A game then multiplies the answers: the authors ask a large model for the "
            "name itself, at which a small one only guesses. What is true comes from the list.",
            "A belief may be far off; the calibration measures by how much, and makes the sets as "
            "large as it takes. Coverage holds over random histories on average, not for each, and "
            "a game asks questions that are not random.",
            "For a list of your own, press Edit and paste CSV: a head with a noun and the "
            "questions, then a row a name with yes and no.",
        ),
    )
)
