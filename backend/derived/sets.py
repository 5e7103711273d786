"""What reading options as a set changes: the spread over orders, and what it costs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.sets import SOURCE, SPREAD, SetsRun
from .base import derived
from .orders import shares_among

LISTED = Quantity(
    "Probability behind a list", "p", "%", digits=1,
    help="Of an option among all options, in one order.",
    formula=r"p(o\mid\pi)/\sum_{o'}p(o'\mid\pi)", source=SOURCE,
)  # fmt: skip
IN_SET = replace(
    LISTED, name="Probability behind the set", help="The same when options are read as a set.",
    formula=r"p(o\mid\{o_1,\dots\})/\sum_{o'}p(o'\mid\{o_1,\dots\})",
)  # fmt: skip
MEAN = replace(LISTED, name="List, mean", help="Over all orders.", formula=r"\bar p(o)")
RIGHT = replace(
    LISTED, name="Right behind a list", digits=0, missing="no answer was given",
    help="Orders in which the right option is the most probable.",
    formula=r"\#\{\pi:\hat o_\pi=o^*\}/m!",
)  # fmt: skip


@derived("sets", "by_list", "C", "O", quantity=LISTED)
def by_list(run: SetsRun) -> np.ndarray:
    """Return probabilities behind a list in every order, float32 [C, O]."""
    return shares_among(run.listed).T.astype(np.float32)


@derived("sets", "by_set", "C", "O", quantity=IN_SET)
def by_set(run: SetsRun) -> np.ndarray:
    """Return probabilities behind the set, float32 [C, O]."""
    return shares_among(run.in_set).T.astype(np.float32)


@derived("sets", "mean_by_list", "C", quantity=MEAN)
def mean_by_list(run: SetsRun) -> np.ndarray:
    """Return the mean behind lists, float32 [C]."""
    return by_list(run).mean(1)


@derived("sets", "mean_by_set", "C", quantity=replace(IN_SET, name="Set"))
def mean_by_set(run: SetsRun) -> np.ndarray:
    """Return the probability behind the set, float32 [C]."""
    return by_set(run).mean(1)


def _spread(logprobs: np.ndarray) -> float:
    return float((logprobs.max(0) - logprobs.min(0)).max())


@derived("sets", "list_spread", quantity=replace(SPREAD, name="Spread of lists"))
def list_spread(run: SetsRun) -> float:
    """Return the largest difference that the order of a list makes, nats."""
    return _spread(run.listed)


@derived("sets", "set_spread", quantity=replace(SPREAD, name="Spread of the set"))
def set_spread(run: SetsRun) -> float:
    """Return the largest difference that the order of a set makes: none."""
    return _spread(run.in_set)


def _right(run: SetsRun, logprobs: np.ndarray) -> float:
    options = [each.strip() for each in run.request.options]
    answer = run.request.answer.strip()
    if answer not in options:
        return math.nan
    return float((logprobs.argmax(1) == options.index(answer)).mean())


@derived("sets", "right_by_list", quantity=RIGHT)
def right_by_list(run: SetsRun) -> float:
    """Return in how many orders of the list the right option wins; NaN without an answer."""
    return _right(run, run.listed)


@derived("sets", "right_by_set", quantity=replace(RIGHT, name="Right behind the set",
    help="Whether the right option is the most probable, the same in all orders."))  # fmt: skip
def right_by_set(run: SetsRun) -> float:
    """Return the same behind the set: 0 or 1."""
    return _right(run, run.in_set)
