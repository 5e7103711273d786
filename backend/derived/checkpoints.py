"""Numbers of checkpoints: means over the text, and what changed from the first to the last."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.checkpoints import BY_BYTE, CheckpointsRun
from ..runs.tables import mean_of_known
from ..runs.token_numbers import ENTROPY, SHANNON, SURPRISAL, VARENTROPY
from .base import derived

_MEAN = "Mean over the tokens of the text that have a prediction."

MEAN_SURPRISAL = replace(SURPRISAL, name="Mean surprisal", symbol="s̄", high=7, help=_MEAN)
MEAN_ENTROPY = replace(ENTROPY, name="Mean entropy", symbol="H̄", help=_MEAN)
MEAN_VARENTROPY = replace(VARENTROPY, name="Mean varentropy", symbol="V̄", help=_MEAN)
RIGHT = Quantity(
    "First choices that came", "", "%", digits=1,
    help="The share of tokens that were the likeliest to the checkpoint.",
    formula=r"\frac1n|\{i: r_i=1\}|", source=SHANNON,
)  # fmt: skip
CHANGE = Quantity(
    "Change of surprisal", "Δs", low=-7, high=7, scale="diverging",
    plain="how much it learned",
    help="Surprisal at the last checkpoint less that at the first: below 0, the token is expected "
    "more than before.",
    formula=r"s_i^{(V)}-s_i^{(1)}", source=SHANNON, missing="no prediction, or infinite in both",
)  # fmt: skip
FIRST_MEAN = replace(MEAN_SURPRISAL, name="Mean surprisal, first", help=f"First one. {_MEAN}")
LAST_MEAN = replace(MEAN_SURPRISAL, name="Mean surprisal, last", help=f"Last one. {_MEAN}")
LAST_BY_BYTE = replace(BY_BYTE, name="Surprisal by byte, last", help=f"Last one. {BY_BYTE.help}")


@derived("checkpoints", "mean_surprisal", "V", quantity=MEAN_SURPRISAL)
def mean_surprisal(run: CheckpointsRun) -> np.ndarray:
    """Return the mean of every checkpoint [V], nats; infinite values are left out."""
    return mean_of_known(run.surprisal, 1)


@derived("checkpoints", "mean_entropy", "V", quantity=MEAN_ENTROPY)
def mean_entropy(run: CheckpointsRun) -> np.ndarray:
    """Return the mean of every checkpoint [V], nats."""
    return mean_of_known(run.entropy, 1)


@derived("checkpoints", "mean_varentropy", "V", quantity=MEAN_VARENTROPY)
def mean_varentropy(run: CheckpointsRun) -> np.ndarray:
    """Return the mean of every checkpoint [V], nats²."""
    return mean_of_known(run.varentropy, 1)


@derived("checkpoints", "by_byte", "V", quantity=BY_BYTE)
def by_byte(run: CheckpointsRun) -> np.ndarray:
    """Return the surprisal of all scored tokens over their bytes [V], nats a byte."""
    return run.by_byte()


@derived("checkpoints", "right", "V", quantity=RIGHT)
def right(run: CheckpointsRun) -> np.ndarray:
    """Return the share of tokens of rank 1 [V]."""
    return run.right()


@derived("checkpoints", "change", "T", quantity=CHANGE)
def change(run: CheckpointsRun) -> np.ndarray:
    """Return the surprisal at the last checkpoint less that at the first [T], nats."""
    with np.errstate(invalid="ignore"):
        return run.surprisal[-1].astype(np.float64) - run.surprisal[0]


@derived("checkpoints", "first_mean", quantity=FIRST_MEAN)
def first_mean(run: CheckpointsRun) -> float:
    """Return the mean surprisal of the first checkpoint, nats."""
    return float(mean_surprisal(run)[0])


@derived("checkpoints", "last_mean", quantity=LAST_MEAN)
def last_mean(run: CheckpointsRun) -> float:
    """Return the mean surprisal of the last checkpoint, nats."""
    return float(mean_surprisal(run)[-1])


@derived("checkpoints", "last_by_byte", quantity=LAST_BY_BYTE)
def last_by_byte(run: CheckpointsRun) -> float:
    """Return the surprisal by byte of the last checkpoint, nats."""
    return float(by_byte(run)[-1])
