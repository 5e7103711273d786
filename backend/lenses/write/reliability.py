"""Reliability: is a model as often right as it is sure, and does it stay so?"""

from __future__ import annotations

from ...runs.reliability import ReliabilityRun
from ..base import Example, Lens, Paper, declare
from ..panels.chart import Chart
from ..panels.map import Map
from ..panels.picture import of_numbers
from ..panels.table import Column, Table, axis_columns
from ._capitals import CAPITALS
from ._reliability_charts import (
    BINS,
    DOUBT,
    FORM,
    HEAT,
    METRIC,
    TEMPERED,
    by_temperature,
    coverage,
    diagram,
    intervals,
)


def _answers(run: ReliabilityRun, axes: tuple[str, ...], shape: tuple[int, ...]) -> list[Column]:
    chosen = run.chosen.ravel().tolist()
    return [
        *axis_columns(run, axes, shape),
        Column(name="option", label="chose option", values=[each + 1 for each in chosen]),
    ]


SPELLINGS = (
    "The capital of {} is",
    "the capital of {lower} is",
    "The captial of {typo} is",
    r"Question: What is the capital of {}?\nAnswer:",
)

declare(
    Lens(
        kind="reliability",
        title="Reliability",
        summary="Whether the model is as often right as it is sure, and stays so with typos.",
        group="write",
        family="Answers",
        icon="verified",
        place=45,
        figures=("first_accuracy", "worst_case", "flips"),
        panels=(
            Chart(
                key="diagram",
                title="Reliability",
                read="A dot is a bin of items: on the dashed line it is as often right as sure, "
                "below it too sure.",
                area="stage",
                draw=diagram,
                of=(
                    "bin_confidence",
                    "bin_accuracy",
                    "bin_size",
                    "tempered_loss",
                    "tempered_entropy",
                ),
                controls=(FORM, BINS, HEAT),
                missing="There is no form of this number here.",
            ),
            Chart(
                key="metric",
                title="Metrics",
                read="A dot a form, with the interval that 95 of 100 resamples of the items keep.",
                draw=intervals,
                of=("value", "low", "high"),
                controls=(METRIC,),
                missing="This metric is not defined for any form here.",
            ),
            Table(
                title="All metrics",
                read="Several metrics of one model, each with its interval: filter by form or "
                "metric.",
                table="form_metric",
                axes=("F", "V"),
                of=("value", "low", "high"),
            ),
            Chart(
                key="coverage",
                title="Risk by coverage",
                read="How many of the surest items are wrong; a good doubt keeps the left low.",
                draw=coverage,
                of=("risk",),
                controls=(DOUBT,),
            ),
            Chart(
                key="temperature",
                title="Temperature",
                read="What becomes of it when scores are divided by a temperature first.",
                draw=by_temperature,
                of=TEMPERED,
                controls=of_numbers(TEMPERED),
            ),
            Map(
                title="Items by form",
                read="How likely the right answer was, a row a form, a column an item.",
                of="right",
                axes=("F", "I"),
                area="timeline",
            ),
            Table(
                key="items",
                title="Items",
                read="Every item in every form; by letters an option's number is its place.",
                table="form_item",
                axes=("F", "I"),
                of=("correct", "right", "confidence", "margin", "entropy"),
                rows=_answers,
            ),
        ),
        examples=(
            Example(
                "reliability_capitals",
                "Fifty capitals, five ways to ask",
                "In plain words all are right and surely so. Typos cost a quarter, two thirds are "
                "right in every form; by letters it guesses, and is half sure.",
                {
                    "rows": CAPITALS,
                    "forms": SPELLINGS,
                    "letters": "What is the capital of {}?",
                },
            ),
        ),
        papers=(
            Paper(
                27,
                "Accuracy is one of several metrics: under small changes of the question the worst "
                "case of an item is well below the accuracy of any form.",
                "",
                "reliability_capitals",
                0.68,
                lambda run: float(run.correct[:4].min(0).mean()),
                0.03,
                "Found is the share of 50 capitals right in all of four forms, our own "
                "perturbations; each form alone has .74 to 1. HELM asks hundreds of items of "
                "thirty models, and its list of perturbations is longer.",
            ),
            Paper(
                27,
                "Calibration is measured beside accuracy: with typos the model is more often sure "
                "than right in some bins and less in others.",
                "",
                "reliability_capitals",
                0.134,
                lambda run: float(run.value[2, 2]),
                0.02,
                "Found is the ECE in 10 bins of equal mass. With 50 items a perfectly calibrated "
                "model still shows .05 to .1; HELM's own comment asks for about 300.",
            ),
        ),
        guide=(
            "A table of your own: paste its rows under Questions, subject; right answer; wrong "
            "ones, with semicolons or commas, and write the forms with {} for the subject.",
            "Options are scored as text behind the question. By letters small models mostly answer "
            "by habit: see how their accuracy falls to that of guessing while they stay sure.",
            "HELM's accuracy of the surest tenth takes one item more than it says; here it is the "
            "tenth itself.",
        ),
    )
)
