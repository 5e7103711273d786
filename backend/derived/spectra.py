"""What the spectra of the depths say together."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.layers import NUCLEAR, UNCOMP
from ..runs.spectra import MATRIX_ENTROPY, SpectraRun
from .base import derived

RANK = Quantity(
    "Effective rank",
    "e^H",
    "",
    high=200,
    plain="how many directions",
    help="exp of the matrix entropy: so many equally strong directions would have it.",
    formula=r"e^{H}",
    source=UNCOMP,
    missing="too few tokens",
    digits=1,
)
COST = Quantity(
    "Cost beside the Nuclear-Norm",
    "",
    "",
    low=1,
    high=100,
    scale="log",
    help="How much longer the matrix entropy took than the Matrix Nuclear-Norm, in this run.",
    formula=r"t_H/t_{\lVert X\rVert}",
    source=NUCLEAR,
    missing="not measured",
    digits=1,
)


@derived("spectra", "effective_rank", "D", quantity=RANK)
def effective_rank(run: SpectraRun) -> np.ndarray:
    """Return exp of the matrix entropy, float32 [D]."""
    return np.exp(run.matrix_entropy)


@derived("spectra", "pull", quantity=replace(MATRIX_ENTROPY, name="First token takes, at most"))
def pull(run: SpectraRun) -> float:
    """Return by how much the first token lowers the matrix entropy where it does so most, nats."""
    return _largest(run.matrix_entropy - run.with_first)


@derived("spectra", "last_fall", quantity=replace(MATRIX_ENTROPY, name="Fall at the end"))
def last_fall(run: SpectraRun) -> float:
    """Return the largest matrix entropy minus the last, nats."""
    return _largest(run.matrix_entropy) - float(run.matrix_entropy[-1])


@derived("spectra", "cost_ratio", quantity=COST)
def cost_ratio(run: SpectraRun) -> float:
    """Return the time of the matrix entropy over that of the Matrix Nuclear-Norm."""
    cheap = run.seconds_of.get("nuclear_norm", 0)
    return run.seconds_of.get("matrix_entropy", 0) / cheap if cheap > 0 else math.nan


@derived(
    "spectra",
    "likeness",
    quantity=replace(
        COST, name="Agreement of both", unit="", low=-1, high=1, scale="linear", digits=2
    ),
)
def likeness(run: SpectraRun) -> float:
    """Return the correlation of matrix entropy and Matrix Nuclear-Norm over the depths."""
    return _correlation(run.matrix_entropy, run.nuclear_norm)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < 2 or not (one[known].std() and other[known].std()):
        return math.nan
    return float(np.corrcoef(one[known], other[known])[0, 1])


def _largest(values: np.ndarray) -> float:
    return float(np.nanmax(values)) if np.isfinite(values).any() else math.nan
