"""Difficulty: entropy over graded questions, and a probe that chooses how to answer each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...charts.words import one_line
from ...derived.difficulty import MIDDLE, NORMAL, PROBE, dip, saved
from ...runs.difficulty import POLICIES, SHARES, STRATEGIES, TRACE_ENTROPY, DifficultyRun
from ..base import Example, Lens, Paper, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.map import Map
from ..panels.parameters import one_of
from ..panels.picture import Choice
from ..panels.table import Column, Table

if TYPE_CHECKING:
    from ...charts.base import Spec

GRADED = """\
1|What is the opposite of hot?|cold
1|What is the opposite of big?|small/little
1|What color is the sky?|blue
1|What color is grass?|green
1|What is the opposite of black?|white
1|What color is snow?|white
1|Which animal says meow?|cat
1|What is the opposite of day?|night
1|What is 1 + 1?|2/two
1|What is 2 + 3?|5/five
2|What do bees make?|honey
2|What is frozen water called?|ice
2|What is the capital of France?|Paris
2|What is the capital of Japan?|Tokyo
2|Which planet do we live on?|Earth
2|Which star gives us light by day?|Sun
2|What is the capital of Germany?|Berlin
2|Which organ pumps blood?|heart
2|What is 7 + 8?|15
2|What is 9 - 4?|5/five
3|Which planet is closest to the Sun?|Mercury
3|Who wrote Romeo and Juliet?|Shakespeare/William Shakespeare
3|What is the capital of Egypt?|Cairo
3|What is the chemical symbol of water?|H2O
3|Which gas do plants take in?|carbon dioxide/CO2
3|What is the capital of Canada?|Ottawa
3|What is the largest ocean?|Pacific
3|Who painted the Mona Lisa?|Leonardo
3|What is 12 + 19?|31
3|What is 6 times 7?|42
4|What is the capital of Peru?|Lima
4|What is the capital of Kenya?|Nairobi
4|What is the capital of Norway?|Oslo
4|Which metal is liquid at room temperature?|mercury
4|What is the chemical symbol of gold?|Au
4|Who wrote War and Peace?|Tolstoy/Leo Tolstoy
4|What is the capital of Cuba?|Havana
4|What is the currency of Japan?|yen/Japanese yen
4|What is 47 + 38?|85
4|What is 12 times 12?|144
5|What is the capital of Burkina Faso?|Ouagadougou
5|What is the capital of Fiji?|Suva
5|What is the chemical symbol of tungsten?|W
5|What is the capital of Bhutan?|Thimphu
5|Who wrote The Trial?|Kafka/Franz Kafka
5|What is the capital of Mongolia?|Ulaanbaatar/Ulan Bator
5|What is the currency of Poland?|zloty/Polish zloty
5|Who discovered penicillin?|Fleming/Alexander Fleming
5|What is 17 times 23?|391
5|What is 348 + 276?|624
"""
"""Ordered by how common what they ask for is, before any of them was asked."""

_FIRST = "Normal"
STRATEGY = Choice("strategy", "Strategy", {each: each for each in (_FIRST, "Easy", "Hard")})
GRADE = Choice("grade", "Difficulty", {"level": "level as given", "tries": "by its own answers"})
_ORDER = (MIDDLE, *(place for place in range(len(SHARES)) if place != MIDDLE))
BETA = Choice(
    "beta", "β", {str(each): f"{SHARES[each]:.0%} of the questions below" for each in _ORDER}
)
COLOURS = list(STRATEGIES)


def _beta(parameters: Parameters) -> int:
    return int(one_of(parameters, "beta", list(BETA.values)))


def _questions(run: DifficultyRun) -> list[tuple[int, str]]:
    parts = [run.request.parts(place) for place in range(len(run.request.rows))]
    return [(level, one_line(question, 70)) for level, question in parts]


def over_difficulty(run: DifficultyRun, unit: str, parameters: Parameters) -> Spec:
    """Return a dot a question and the mean of each level, two standard errors wide."""
    import altair as alt

    from ...charts.base import POINTS, finished, title, tooltip
    from ...charts.scales import label_text, shown, value_text

    strategy = STRATEGIES.index(one_of(parameters, "strategy", list(STRATEGY.values)))
    given = one_of(parameters, "grade", list(GRADE.values)) == "level"
    asked = _questions(run)
    unsure = run.entropy[strategy].mean(-1, dtype=np.float64)
    right = run.right[strategy].mean(-1, dtype=np.float64)
    level = np.array([each for each, _ in asked], float) if given else 100 * (1 - right)
    every = np.unique(level)
    groups = [unsure[level == each] for each in every]
    means = [float(each.mean()) for each in groups]
    errors = [
        float(2 * each.std(ddof=1) / len(each) ** 0.5) if len(each) > 1 else np.nan
        for each in groups
    ]
    gap = float(np.diff(every).min()) if len(every) > 1 else 1.0
    beside = np.zeros(len(level))
    for each in every:  # dots of a level stand side by side, left of its mean
        own = np.flatnonzero(level == each)
        beside[own] = np.linspace(-0.3, -0.08, len(own)) * gap if len(own) > 1 else -0.15 * gap
    dots = {
        "difficulty": level + beside, "entropy": unsure,
        "label": [text for _, text in asked], "right": [f"{each:.0%}" for each in right],
    }  # fmt: skip
    levels = {
        "difficulty": every, "entropy": means,
        "low": [mean - error for mean, error in zip(means, errors, strict=True)],
        "high": [mean + error for mean, error in zip(means, errors, strict=True)],
        "count": [len(each) for each in groups],
    }  # fmt: skip
    scale = alt.Scale(domain=[every[0] - gap * 0.6, every[-1] + gap * 0.6], nice=False)
    name = "Level, from easy to hard" if given else "Wrong answers (%), from easy to hard"
    x = alt.X("difficulty:Q", scale=scale, axis=alt.Axis(
        title=name, grid=False, values=every.tolist(), format="d",
    ))  # fmt: skip
    y = alt.Y(
        "shown:Q", axis=alt.Axis(title=title(label_text(TRACE_ENTROPY)), tickCount=6),
        scale=alt.Scale(zero=True),
    )  # fmt: skip
    text = value_text(TRACE_ENTROPY, "entropy")
    points = alt.Chart(POINTS).transform_calculate(shown=shown(TRACE_ENTROPY, "entropy"))
    marks = points.mark_point(
        style="quiet", filled=True, size=36, opacity=0.7,
        tooltip=tooltip({"question": "datum.label", "entropy": text, "right": "datum.right"}),
    ).encode(x=x, y=y)  # fmt: skip
    of_levels = alt.Chart(alt.NamedData("levels")).transform_calculate(
        shown=shown(TRACE_ENTROPY, "entropy"), below=shown(TRACE_ENTROPY, "low"),
        above=shown(TRACE_ENTROPY, "high"), written=text,
        top="isValid(datum.above) ? datum.above : datum.shown",
    )  # fmt: skip
    line = of_levels.mark_line(style="main", strokeWidth=2).encode(x=x, y=y)
    bars = of_levels.transform_filter("isValid(datum.low)").mark_rule(
        style="main", strokeWidth=2, opacity=0.6
    )
    tip = tooltip({"mean": "datum.written", "questions": "datum.count"})
    heads = of_levels.mark_point(style="main", filled=True, size=110, opacity=1, tooltip=tip)
    numbers = of_levels.mark_text(style="ink", align="left", dx=6, fontSize=12)
    chart = alt.layer(
        marks, bars.encode(x=x, y=alt.Y("below:Q"), y2="above:Q"), line, heads.encode(x=x, y=y),
        numbers.encode(x=x, y=alt.Y("top:Q"), text="written:N"),
    )  # fmt: skip
    return finished(
        chart, unit, {"points": dots, "levels": levels}, height=340, note=_dip_note(run)
    )


def _dip_note(run: DifficultyRun) -> str:
    value, low, high = (100 * float(each) for each in run.drop)
    if not np.isfinite(value):
        return "A dip needs three levels."
    kind = "a U" if low > 0 else "no U that is sure"
    written = (
        f"By level under Normal the middle lies {value:.0f} % below the first level (95 %: "
        f"{low:.0f} to {high:.0f} %): {kind}. Bars: two standard errors."
    )
    return written.replace("-", "−")


def labels(run: DifficultyRun, unit: str, parameters: Parameters) -> Spec:
    """Return entropy by accuracy with the limits α, β and γ; coloured by label."""
    import altair as alt

    from ...charts.base import POINTS, finished, title, tooltip
    from ...charts.scales import label_text, shown, value_text

    beta = _beta(parameters)
    asked = _questions(run)
    right = run.right[1].mean(-1, dtype=np.float64)
    chance = np.random.default_rng(0)
    chosen = run.probability[beta].argmax(-1)
    rows = {
        "accuracy": 100 * right,
        # Accuracies are few: dots stand a little right of theirs, on the right side of α and γ.
        "across": 100 * right + chance.uniform(0.5, 5, len(right)),
        "entropy": run.entropy[1].mean(-1, dtype=np.float64),
        "question": [text for _, text in asked],
        "label": [STRATEGIES[each] for each in run.label[beta]],
        "probe": [STRATEGIES[each] for each in chosen],
    }
    limits = {"entropy": [float(run.beta[beta])], "label": ["β"]}
    sides = {
        "at": [100 * run.request.alpha, 100 * run.request.gamma],
        "label": ["α", "γ"],
    }
    x = alt.X(
        "across:Q", scale=alt.Scale(domain=[-6, 106], nice=False),
        axis=alt.Axis(title="Right under Normal (%)", grid=False, values=[0, 25, 50, 75, 100]),
    )  # fmt: skip
    y = alt.Y("shown:Q", axis=alt.Axis(title=title(label_text(TRACE_ENTROPY)), tickCount=6))
    legend = alt.Legend(title=None, orient="top", columns=3)
    colour = alt.Color(
        "label:N", sort=COLOURS, legend=legend, scale=alt.Scale(domain=COLOURS, range="category")
    )
    tip = tooltip({
        "question": "datum.question", "right": "datum.accuracy + ' %'",
        "entropy": value_text(TRACE_ENTROPY, "entropy"), "label": "datum.label",
        "the probe says": "datum.probe",
    })  # fmt: skip
    dots = (
        alt.Chart(POINTS)
        .transform_calculate(shown=shown(TRACE_ENTROPY, "entropy"))
        .mark_point(filled=True, size=70, opacity=0.85, tooltip=tip)
        .encode(x=x, y=y, color=colour)
    )
    level = alt.Chart(alt.NamedData("limits")).transform_calculate(
        shown=shown(TRACE_ENTROPY, "entropy")
    )
    upright = alt.Chart(alt.NamedData("sides")).encode(x=alt.X("at:Q"))
    dash: dict[str, Any] = {"style": "quiet", "strokeDash": [6, 4]}
    word: dict[str, Any] = {"style": "ink", "fontSize": 13}
    chart = alt.layer(
        upright.mark_rule(**dash),
        upright.mark_text(**word, align="left", dx=4, baseline="top").encode(
            y=alt.value(2), text="label:N"
        ),
        level.mark_rule(**dash).encode(y=alt.Y("shown:Q")),
        level.mark_text(**word, align="right", dy=-8).encode(
            y=alt.Y("shown:Q"), x=alt.value("width"), text="label:N"
        ),
        dots,
    )
    return finished(chart, unit, {"points": rows, "limits": limits, "sides": sides}, height=300)


def choices(run: DifficultyRun, unit: str, parameters: Parameters) -> Spec:
    """Return a bar of tokens and a diamond of accuracy for every way to choose a strategy."""
    import altair as alt

    from ...charts.bars import named_labels, named_rows
    from ...charts.base import POINTS, finished, tooltip

    beta = _beta(parameters)
    spent, reached = (each[beta].astype(np.float64) for each in (run.spent, run.reached))
    rows = {
        "policy": np.arange(len(POLICIES)),
        "label": list(POLICIES),
        "tokens": spent,
        "accuracy": 100 * reached,
        "low": 100 * run.low[beta].astype(np.float64),
        "high": 100 * run.high[beta].astype(np.float64),
        "length": [f"{each:.1f} tokens" for each in spent],
        "saved": [f"{1 - each / spent[1]:.0%}".replace("-", "−") for each in spent],
        "written": [f"{each:.1%}" for each in reached],
        "probe": np.arange(len(POLICIES)) == PROBE,
    }  # fmt: skip
    x = alt.X(
        "tokens:Q",
        axis=alt.Axis(
            title="bars: tokens of a question · ◆ right, of 100, with 95 % of resamples",
            labels=False, ticks=False, grid=False, domain=False,
        ),
        scale=alt.Scale(domain=[0, max(1.0, float(spent.max())) * 1.05], nice=False),
    )  # fmt: skip
    right = alt.X("accuracy:Q", axis=None, scale=alt.Scale(domain=[0, 100], nice=False))
    tip = tooltip({
        "chosen": "datum.label", "tokens": "datum.length", "saved": "datum.saved",
        "right": "datum.written",
        "95 %": "format(datum.low, '.0f') + ' to ' + format(datum.high, '.0f') + ' %'",
    })  # fmt: skip
    base = alt.Chart(POINTS).encode(y=named_rows("policy"))
    bars = base.mark_bar(style="main", cornerRadiusEnd=2, tooltip=tip).encode(
        x=x, opacity=alt.condition("datum.probe", alt.value(0.6), alt.value(0.3))
    )
    lengths = base.mark_text(style="ink", align="left", dx=6, fontSize=11).encode(
        x=alt.value(0), text="length:N"
    )
    ends = base.mark_rule(style="ink", strokeWidth=2, opacity=0.7).encode(
        x=alt.X("low:Q", axis=None, scale=right["scale"]), x2="high:Q"
    )
    dots = base.mark_point(
        style="ink", filled=True, shape="diamond", size=90, opacity=1, tooltip=tip
    ).encode(x=right)  # fmt: skip
    numbers = base.mark_text(style="ink", align="left", dx=6, fontSize=11).encode(
        x=alt.X("high:Q", axis=None, scale=right["scale"]), text="written:N"
    )
    chart = alt.layer(
        alt.layer(bars, lengths), alt.layer(ends, dots, numbers), named_labels("policy")
    ).resolve_scale(x="independent")
    return finished(chart, unit, {"points": rows}, height=alt.Step(30))


def _answers(run: Any, axes: tuple[str, ...], shape: tuple[int, ...]) -> list[Column]:
    strategy, question, sample = np.indices(shape).reshape(3, -1)
    asked = _questions(run)
    every = list(zip(strategy.tolist(), question.tolist(), sample.tolist(), strict=True))
    return [
        Column(name="strategy", label="strategy", values=[STRATEGIES[z] for z, _, _ in every]),
        Column(name="level", label="level", values=[asked[q][0] for _, q, _ in every]),
        Column(name="question", label="question", values=[asked[q][1] for _, q, _ in every]),
        Column(
            name="text", label="answer",
            values=[one_line(run.text(z, q, x), 120) or "–" for z, q, x in every],
        ),
    ]  # fmt: skip


def over_lot(run: DifficultyRun) -> float:
    """Return by how much the probe is more often right than its own choices dealt by lot."""
    lot = POLICIES.index("by lot, as often")
    return float(run.reached[MIDDLE, PROBE] - run.reached[MIDDLE, lot])


def in_hindsight(run: DifficultyRun) -> float:
    """Return the share of tokens that the best choice in hindsight saves."""
    return float(1 - run.spent[MIDDLE, -1] / run.spent[MIDDLE, NORMAL])


declare(
    Lens(
        kind="difficulty",
        title="Difficulty",
        summary="Whether it is less sure of hard questions, and what knowing beforehand saves.",
        group="write",
        family="Samplers",
        icon="stairs",
        place=12,
        figures=("dip", "saved", "gained", "agreement", "commonest"),
        panels=(
            Chart(
                key="over_difficulty",
                title="Entropy over difficulty",
                read="A small dot is a question, a large one the mean of its level: the paper says "
                "they make a U.",
                area="stage",
                draw=over_difficulty,
                of=("entropy",),
                controls=(STRATEGY, GRADE),
            ),
            Chart(
                key="choices",
                title="Tokens against accuracy",
                read="Short bars are cheap, diamonds to the right are accurate. The probe knows "
                "something where it beats its own choices dealt by lot.",
                draw=choices,
                of=("reached", "low", "high", "spent"),
                controls=(BETA,),
            ),
            Chart(
                key="labels",
                title="Labels",
                read="Right and sure is Normal, seldom right is Hard, all else is Easy: it thinks "
                "more than it needs to.",
                draw=labels,
                of=("entropy", "right", "beta"),
                controls=(BETA,),
            ),
            Map(
                title="Right by strategy",
                read="The share of right answers, a row a strategy, a column a question.",
                of="right",
                axes=("Z", "Q"),
                area="timeline",
            ),
            Map(
                key="map_probability",
                title="What the probe says",
                read="The probability of each label, by a probe fitted on other questions.",
                of="probability",
                axes=("Z", "Q"),
                area="timeline",
            ),
            Table(
                title="Answers",
                read="Every answer: filter by question or strategy.",
                table="strategy_question_sample",
                axes=("Z", "Q", "X"),
                of=("right", "entropy", "tokens"),
                rows=_answers,
            ),
        ),
        examples=(
            Example(
                "difficulty_facts",
                "Fifty questions in five levels",
                "It is surest in the middle, as in the paper. The probe saves a quarter of the "
                "tokens, but dealing its choices out by lot saves as much.",
                {"rows": tuple(GRADED.splitlines())},
            ),
        ),
        papers=(
            Paper(
                3,
                "Entropy is U-shaped over difficulty: 22 to 25 % lower in the middle than on easy "
                "questions.",
                "",
                "difficulty_facts",
                0.235,
                dip,
                0.015,
                "Found on 50 questions in 5 levels with 4 answers each; 95 % of resampled "
                "questions give 9 to 41 %. The easy end is wordy here, as in the paper. Answered "
                "directly the dip lies at level 2, where most is right.",
            ),
            Paper(
                3,
                "A probe that chooses among three strategies saves up to 22.4 % of the tokens and "
                "is right as often or more.",
                "panel=choices",
                "difficulty_facts",
                0.224,
                saved,
                0.03,
                "The figure shows, with 13 points of accuracy gained, but its reason does not: see "
                "the next line. Always answering directly saves 67 % and is right more often "
                "still, for here thinking first misleads.",
            ),
            Paper(
                3,
                "What the probe reads from the last state makes the difference: its choices are "
                "more accurate than the same choices dealt by lot.",
                "panel=choices",
                "difficulty_facts",
                None,
                over_lot,
                0.0,
                "Found is the lead in accuracy, 0.4 points where one answer is 0.5: not shown "
                "here. The probe finds 48 % of the labels, always saying Hard 64 %. The paper fits "
                "on far more questions.",
            ),
            Paper(
                3,
                "Choosing the best strategy for every question in hindsight could save 50 %.",
                "panel=choices",
                "difficulty_facts",
                0.5,
                in_hindsight,
                0.07,
                "It chooses by the samples that it is judged by, which flatters it.",
            ),
        ),
        guide=(
            "Three strategies: Easy answers directly at T = 0.5 with 40 % of the tokens, Normal "
            "writes a thought first at T = 0.8 with all of them, Hard at T = 0.4 with half. "
            "These numbers are the paper's; its prompts and its α, β and γ are not known, so ours "
            "are a guess. What is cut off before its answer is wrong.",
            "Labels come from accuracy and entropy under Normal. Normal means right and sure, not "
            "of middle difficulty. The probe reads the last state of the question, before any "
            "answer, and is judged on questions that it was not fitted on, in five folds.",
            "For questions of your own press Edit and write level | question | answer, one a row. "
            "Levels are yours; Difficulty by its own answers orders by how often it is wrong.",
        ),
    )
)
