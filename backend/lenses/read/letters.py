"""Letters: multiple choice in two languages, by letter, calibrated, and by the options' text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...derived import letters as measure
from ...derived import number
from ...runs.letters import LANGUAGES, LETTERS, LettersRun
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

RULES = ("raw", "calibrated", "text_sum", "text_mean", "text_pmi")
SHORT = ("en", "中")
LANGUAGE = {"all": "both languages", "0": LANGUAGES[0], "1": LANGUAGES[1]}


def every_question(run: LettersRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return a column a question, by the right letter: what is right lies on the diagonal."""
    from ...charts.map import map_chart
    from ...charts.places import Places

    rule = one_of(parameters, "rule", RULES)
    chosen = one_of(parameters, "language", tuple(LANGUAGE))
    columns = np.arange(len(run.right))
    if chosen != "all":
        columns = columns[run.language == int(chosen)]
    if not len(columns):
        return None
    columns = columns[np.lexsort((columns, run.language[columns], run.right[columns]))]
    found = number(run, rule)
    names = [
        f"{LETTERS[right]} {SHORT[language % 2]}"
        for right, language in zip(
            run.right[columns].tolist(), run.language[columns].tolist(), strict=True
        )
    ]
    along = Places("question, by its right letter", names, "question", counted=False)
    return map_chart(found.values[:, columns], found.quantity, places(run, "J", 4), along, unit)


def rules(run: LettersRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return how often each rule is right, by language."""
    from ...charts.bars import bars_chart
    from ...charts.places import Places

    rows = [
        (f"{name}, {_small(number(run, rule).quantity.name)}",
         measure.accuracy(run, number(run, rule).values, place))
        for place, name in enumerate(LANGUAGES)
        for rule in RULES
        if (run.language == place).any()
    ]  # fmt: skip
    if not rows:
        return None
    labels, values = zip(*rows, strict=True)
    along = Places("rule", list(labels), "rule", counted=False)
    return bars_chart(np.array(values), measure.ACCURACY, along, unit)


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]


def pulls(run: LettersRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the letter prior of each language; every letter is right as often in a set."""
    from ...charts.along import Line, along_chart

    p = measure.raw_shares(run)
    lines = [
        Line(name, measure.letter_prior(p[run.language == place]), measure.PRIOR)
        for place, name in enumerate(LANGUAGES)
        if (run.language == place).any()
    ]
    even = Line("no pull", np.full(4, 0.25), measure.PRIOR, "floor")
    return along_chart([*lines, even], places(run, "J", 4), unit) if lines else None


def chinese_entropy(run: LettersRun) -> float:
    """Return the mean entropy over letters of Chinese questions, nats."""
    return float(measure.unsure(run)[run.language == 1].mean(dtype=np.float64))


def _rows(run: LettersRun, axes: tuple[str, ...], shape: tuple[int, ...]) -> list[Column]:
    right = [
        run.choices[4 * place + each] if 4 * place + each < len(run.choices) else ""
        for place, each in enumerate(run.right.tolist())
    ]
    domains = [*run.domains, *[""] * (shape[0] - len(run.domains))][: shape[0]]
    return [
        *axis_columns(run, axes, shape),
        Column(name="domain", label="domain", values=domains),
        Column(name="answer", label="right answer", values=right),
    ]


declare(
    Lens(
        kind="letters",
        title="Letters",
        summary="Multiple choice in two languages: the pull of letters, and what is known.",
        group="read",
        family="Order",
        icon="abc",
        place=73,
        figures=("right_raw", "right_calibrated", "right_text", "prior_entropy"),
        panels=(
            Chart(
                key="every_question",
                title="Every question",
                read="A column is a question, named by its right letter. Bright steps from A to D: "
                "it knows. A bright row: a letter pulls.",
                about="Raw is among the letters; calibrated is over the letter's own pull; texts "
                "are scored without letters, by sum, mean, or what the question adds.",
                area="stage",
                draw=every_question,
                of=RULES,
                controls=(
                    Choice("rule", "Rule", dict.fromkeys(RULES, "")),
                    Choice("language", "Language", LANGUAGE),
                ),
            ),
            Chart(
                key="rules",
                title="Right, by rule",
                read="25 % is guessing; with 16 questions ± 11 % is noise.",
                draw=rules,
                of=("right_raw",),
            ),
            Chart(
                key="pulls",
                title="Letter prior",
                read="Every letter is right as often: what is off the dashed line is its pull.",
                draw=pulls,
                of=("prior",),
            ),
            Bars(
                title="Prior, both languages",
                read="The letters' own pull over all questions.",
                of="prior",
                axis="J",
            ),
            Table(
                title="Questions",
                read="ln 4 = 1.386 nats of entropy over the letters is knowing nothing.",
                table="questions",
                axes=("V",),
                of=("unsure", "ahead", "on_right", "mass"),
                rows=_rows,
            ),
        ),
        examples=(
            Example(
                "letters_general",
                "School and library, in English and Chinese",
                "English by letter: A nearly always, right as often as guessing. By the text of "
                "the options 69 % are right.",
                {},
            ),
            Example(
                "letters_sums",
                "Sums that are true by construction",
                "No rule is beyond guessing: what looks like knowing sums would be the letters.",
                {"questions": "sums"},
            ),
        ),
        papers=(
            Paper(
                37,
                "Chinese questions of library science by letter: 74 % for GPT-4, 44 % for small "
                "models; one that reads no Chinese is at ln 4 = 1.386 nats.",
                "",
                "letters_general",
                1.386,
                chinese_entropy,
                0.1,
                "Found is the mean entropy over the four letters: no labels are needed to see "
                "that this model guesses. Its accuracy of 12 % is within noise of 25 %.",
            ),
        ),
        guide=(
            "Letters have a pull of their own. In every set here each letter is right as often, so "
            "that the mean over questions is that pull; calibrated, it is divided out.",
            "Sums are made from numbers: their truth does not depend on anybody's labels. A small "
            "set says little: do not rank domains by four questions each.",
        ),
    )
)
