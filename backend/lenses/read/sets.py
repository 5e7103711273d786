"""Sets: options read as a set, by mask and positions, beside all orders of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...derived.sets import IN_SET, LISTED, by_list, by_set, set_spread
from ...runs.sets import SetsRun
from ..base import Example, Lens, Paper, declare
from ..panels.bars import Bars
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.parameters import one_of
from ..panels.picture import Choice
from ..panels.places import places

if TYPE_CHECKING:
    from ...charts.base import Spec

WAYS = {"list": "as lists", "set": "as a set"}


def every_order(run: SetsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return a column an order, read as a list or as a set."""
    from ...charts.map import map_chart

    way = one_of(parameters, "way", tuple(WAYS))
    if not run.orders.size:
        return None
    values, of = (by_list(run), LISTED) if way == "list" else (by_set(run), IN_SET)
    rows, columns = places(run, "C", len(values)), places(run, "O", values.shape[1])
    return map_chart(values, of, rows, columns, unit)


def fan(run: SetsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return probabilities of every option over orders: a fan of lists, level lines of the set."""
    from ...charts.along import Line, along_chart

    listed, in_set = by_list(run), by_set(run)
    if not listed.size:
        return None
    names = places(run, "C", len(listed)).labels
    lines = [
        Line(f"{name}, {way}", np.sort(row) if way == "list" else row, LISTED, group=name)
        for way, values in (("list", listed), ("set", in_set))
        for name, row in zip(names, values, strict=True)
    ]
    from ...charts.places import Places

    count = listed.shape[1]
    along = Places(
        "orders, each option's sorted", [str(each + 1) for each in range(count)], "place"
    )
    return along_chart(lines, along, unit, label="Probability")


declare(
    Lens(
        kind="sets",
        title="Sets",
        summary="Options read as a set, so that no order is left that could decide.",
        group="read",
        family="Order",
        icon="workspaces",
        place=74,
        figures=("list_spread", "set_spread", "right_by_list", "right_by_set"),
        panels=(
            Chart(
                key="every_order",
                title="Every order",
                read="A column is an order. As a set, all columns are equal.",
                about="No letters: options stand behind neutral dashes, and what is scored is "
                "their whole text as the answer.",
                area="stage",
                draw=every_order,
                of=("by_list", "by_set"),
                controls=(Choice("way", "Read", WAYS),),
            ),
            Chart(
                key="fan",
                title="Lists and set",
                read="What rises is decided by the order; level lines are the set.",
                draw=fan,
                of=("by_list", "by_set"),
            ),
            Bars(
                title="What it takes",
                read="Either edit alone is not enough. What is left of both is rounding: sums of "
                "floats in another order.",
                of="spread",
                axis="X",
            ),
            Bars(
                title="List, mean",
                read="Averaged over all orders: what a set should cost nothing against.",
                of="mean_by_list",
                axis="C",
            ),
            Bars(
                title="Set",
                read="From one pass, the same in every order.",
                of="mean_by_set",
                axis="C",
            ),
        ),
        examples=(
            Example(
                "sets_capital",
                "The capital of France, as a set",
                "As lists it is right in 18 of 24 orders, and the order makes 2.8 nats; as a set "
                "it is right, and no order is left.",
                {
                    "question": "What is the capital of France?",
                    "options": ("Paris", "Rome", "Madrid", "Berlin"),
                    "answer": "Paris",
                },
            ),
            Example(
                "sets_cat",
                "The animal that says meow, as a set",
                "Lists are wrong in 20 of 24 orders, the set in all: the order is gone, not the "
                "ignorance.",
                {
                    "question": "Which animal says meow?",
                    "options": ("Dog", "Cow", "Cat", "Duck"),
                    "answer": "Cat",
                },
            ),
        ),
        papers=(
            Paper(
                26,
                "With a mask by which options do not see each other, and equal positions, the "
                "order of options cannot matter.",
                "",
                "sets_capital",
                0.0,
                set_spread,
                0.0,
                "Exactly 0: a set is read in the one order that its tokens give it. Stored in "
                "other orders, floats are summed otherwise and differ by millionths; see What it "
                "takes.",
            ),
        ),
        guide=(
            "Two edits make a list a set: options do not see each other, and all begin at the same "
            "position. What comes behind sees all of them. No training takes part, and the model "
            "has never seen such a text: that is what it costs.",
            "A family is tried before anything is read: its attention has to follow the mask, and "
            "an option in the set has to come out as if it stood alone. Others are refused.",
        ),
    )
)
