"""Data set: figures of many texts, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...charts.places import Places
from ...derived import quantity_of
from ...runs.dataset import DatasetRun
from ..base import Example, Lens, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.one_row import OneRow
from ..panels.places import places
from ..panels.spread import Spread
from ..panels.table import Column, Table
from ._sentences import SENTENCES

if TYPE_CHECKING:
    from ...charts.base import Spec

NUMBERS = ("mean_entropy", "max_entropy", "perplexity", "bits_per_byte")


def ordered(run: DatasetRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return mean entropy, the texts in order of it; None where no text has one."""
    from ...charts.along import Line, along_chart

    known = np.flatnonzero(np.isfinite(run.mean_entropy))
    if not known.size:
        return None
    order = known[np.argsort(run.mean_entropy[known], kind="stable")]
    labels = places(run, "N", len(run)).labels
    quantity = quantity_of(run, "mean_entropy")
    along = Places("texts, the easiest first", [labels[int(each)] for each in order], "place")
    return along_chart([Line(quantity.name, run.mean_entropy[order], quantity)], along, unit)


def rows(run: Any, axes: tuple[str, ...], sizes: tuple[int, ...]) -> list[Column]:
    """Return row, text, number of tokens, and what is wrong where something is."""
    found = [
        Column(name="row", label="row", values=range(len(run)), hidden=True),
        Column(name="number", label="row", values=range(1, len(run) + 1)),
        Column(name="text", label="text", values=run.request.texts),
        Column(name="bar", label="mean to largest", bar=("mean_entropy", "max_entropy")),
        Column(name="tokens", label="tokens", values=run.tokens),
    ]
    problems = [run.problems.get(str(row), "") for row in range(len(run))]
    if any(problems):
        found.append(Column(name="problem", label="problem", values=problems))
    return found


declare(
    Lens(
        kind="dataset",
        title="Data set",
        summary="How unsure the model was on each of many texts.",
        group="many",
        icon="table_rows",
        place=10,
        formerly=("dataset",),
        figures=("texts", "all_tokens", "mean_of_means", "unread", "pace"),
        panels=(
            Table(
                title="Texts",
                read="Click a column to sort by it, a row to see its text. A bar runs from the "
                "mean to the largest entropy; a text that was measured by itself shows its tokens. "
                "The files hold the texts whole.",
                area="stage",
                table="texts",
                axes=("N",),
                of=NUMBERS,
                sort="perplexity",
                heat=True,
                rows=rows,
            ),
            OneRow(
                title="This text",
                read="Measure it to see every token; open it to go on in Tokens.",
                of=NUMBERS,
            ),
            Spread(
                title="Histogram",
                read="Each bar counts texts; the first and last also hold what lies beyond the "
                "axis.",
                about="Mean over the scored tokens of each text, so that a long text counts as "
                "one.",
                of=NUMBERS,
                axis="N",
            ),
            Chart(
                key="ordered",
                title="In order",
                read="How undecided the model was, from the easiest text to the hardest.",
                missing="No text of this data set has a mean entropy.",
                draw=ordered,
                of=("mean_entropy",),
            ),
        ),
        examples=(
            Example(
                "dataset_sentences",
                "Which of thirty sentences are hard?",
                "Sort by perplexity: lists and plain facts come first, garden paths and nonsense "
                "last.",
                {"texts": SENTENCES},
            ),
        ),
        guide=(
            "Perplexity is exp(mean surprisal): as many equally likely tokens would surprise as "
            "much. Bits per byte compares across tokenizers.",
        ),
    )
)
