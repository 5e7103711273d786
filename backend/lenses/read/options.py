"""Options: one question in every order of its options, by letter and by content."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ...derived.options import (
    BY_CONTENT,
    BY_LETTER,
    MEAN,
    by_content,
    by_letter,
    choice_entropy_by_content,
    chosen,
)
from ...runs.options import LETTERS, OptionsRun
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

DRAWS = 200
"""Random parts of the orders that a mean over k of them is tried on."""
ROWS = {"content": "what was said", "letter": "which letter"}
QUESTIONS = {
    "capital": ("What is the capital of France?", ("Paris", "Rome", "Madrid", "Berlin")),
    "cat": ("Which animal says meow?", ("Dog", "Cow", "Cat", "Duck")),
    "plants": (
        "Which gas do plants take in for photosynthesis?",
        ("Oxygen", "Nitrogen", "Carbon dioxide", "Helium"),
    ),
    "organ": (
        "Which organ pumps blood through the body?",
        ("Heart", "Liver", "Lung", "Skin"),
    ),
}


def every_order(run: OptionsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return a column an order, the option that wins on the whole most probable on the left."""
    from ...charts.map import map_chart
    from ...charts.places import Places

    rows = one_of(parameters, "rows", tuple(ROWS))
    if not run.orders.size:
        return None
    contents = by_content(run)
    winner = np.nan_to_num(contents).mean(1).argmax()
    sorting = np.argsort(-np.nan_to_num(contents[winner]), kind="stable")
    labels = places(run, "O", len(run.orders)).labels
    names = [labels[int(each)] for each in sorting]
    columns = Places("order", names, "order", counted=False)
    if rows == "letter":
        values, of, axis = by_letter(run), BY_LETTER, "J"
    else:
        values, of, axis = contents, BY_CONTENT, "C"
    return map_chart(values[:, sorting], of, places(run, axis, len(values)), columns, unit)


def averaged(run: OptionsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the mean by option over k orders, with the range over random sets of k of them."""
    from ...charts.along import Line, along_chart
    from ...charts.places import Places

    contents = by_content(run).astype(np.float64)
    count = contents.shape[1]
    if not contents.size:
        return None
    draw = np.random.default_rng(0)
    mixed = np.stack([draw.permutation(count) for _ in range(DRAWS)])
    means = contents[:, mixed].cumsum(-1) / np.arange(1, count + 1)  # [C, draws, k]
    numbers = list(range(1, count + 1))
    along = Places("orders averaged", [str(each) for each in numbers], "k", numbers=numbers)
    names = places(run, "C", len(contents)).labels
    lines = [
        Line(name, row.mean(0), MEAN, low=row.min(0), high=row.max(0))
        for name, row in zip(names, means, strict=True)
    ]
    return along_chart(lines, along, unit)


def _rows(run: OptionsRun, axes: tuple[str, ...], shape: tuple[int, ...]) -> list[Column]:
    letters, contents = (each.tolist() for each in chosen(run))
    options = places(run, "C", len(run.request.options)).labels
    named = [LETTERS[each : each + 1] or str(each + 1) for each in letters]
    return [
        *axis_columns(run, axes, shape),
        Column(name="letter", label="letter chosen", values=named),
        Column(name="content", label="option chosen", values=[options[each] for each in contents]),
    ]


def _example(name: str, title: str, note: str) -> Example:
    question, options = QUESTIONS[name]
    return Example(f"options_{name}", title, note, {"question": question, "options": options})


declare(
    Lens(
        kind="options",
        title="Options",
        summary="One question in every order of its options, to see whether the order decided.",
        group="read",
        family="Order",
        icon="shuffle",
        place=70,
        figures=(
            "choice_entropy_by_letter",
            "choice_entropy_by_content",
            "order_information",
            "flip_rate",
        ),
        panels=(
            Chart(
                key="every_order",
                title="Every order",
                read="A column is an order, named by the numbers of its options. Rows of one "
                "colour: the answer stays; a mix: it moves with the letters.",
                about="Probabilities among the letters only, each letter with and without a space.",
                area="stage",
                draw=every_order,
                of=("by_content", "by_letter"),
                controls=(Choice("rows", "Rows", ROWS),),
            ),
            Chart(
                key="averaged",
                title="Average over k orders",
                read="Bands: the range over sets of k orders. What is left at the right end is "
                "what the order cannot change.",
                draw=averaged,
                of=("mean_by_content",),
            ),
            Bars(
                title="Mean by letter",
                read="Equal bars: no letter pulls.",
                of="mean_by_letter",
                axis="J",
            ),
            Bars(
                title="Mean by content",
                read="Equal bars: the model does not know, whatever single orders say.",
                of="mean_by_content",
                axis="C",
            ),
            Bars(
                title="Without the letter",
                read="Log-probabilities averaged over the orders: the pull of letters taken out.",
                of="without_letter",
                axis="C",
            ),
            Table(
                title="Orders",
                read="What every order chooses.",
                table="orders",
                axes=("O",),
                of=("mass",),
                rows=_rows,
            ),
        ),
        examples=(
            _example(
                "capital",
                "The capital of France",
                "C in all 24 orders: 0 bits by letter, 2 bits by content, right a quarter of the "
                "time.",
            ),
            _example(
                "cat",
                "The animal that says meow",
                "C again in every order: the order alone tells .24 nats of the answer.",
            ),
            _example(
                "plants",
                "The gas that plants take in",
                "A question of science: C all the same, and contents come out alike.",
            ),
            _example(
                "organ",
                "The organ that pumps blood",
                "C in all orders; the letters' pull is larger than any knowledge of organs.",
            ),
        ),
        papers=(
            Paper(
                33,
                "A model that answers by the place of an option and not by what it says has a high "
                "entropy over reordered variants.",
                "",
                "options_capital",
                2.0,
                lambda run: choice_entropy_by_content(run) / math.log(2),
                0.005,
                "Bits, by content. The paper prints 0.8392 and 0.787 for Janus 7B and 1B, but "
                "neither formula nor base; letters would say the opposite, 0 bits.",
            ),
        ),
        guide=(
            "Count contents, not letters: a model that always says C has a choice entropy of 0 by "
            "letter and of 2 bits by content.",
            "Order information is what the order alone tells about the answer. Averaging over all "
            "orders takes it out, at the price of reading all of them; the beginning is read once, "
            "all orders behind it as one batch.",
        ),
    )
)
