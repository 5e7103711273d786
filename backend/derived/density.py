"""How fast models become denser, in single numbers."""

from __future__ import annotations

import math

import numpy as np

from ..quantities import Quantity
from ..runs.density import DENSING, DensityRun
from .base import derived

DOUBLING = Quantity(
    "Doubles in", "", "days", low=30, high=1000, scale="log", digits=0,
    missing="fewer than two records",
    help="Time in which the density of the densest model doubles.",
    formula=r"\ln 2/A,\ \ln\rho_{\max}=At+B", source=DENSING,
)  # fmt: skip
DENSEST = Quantity(
    "Densest", "ρ", "", low=0.1, high=100, scale="log", digits=1, missing="no density is known",
    help="The largest density of all.", formula=r"\max\rho", source=DENSING,
)  # fmt: skip


@derived("density", "doubling", quantity=DOUBLING)
def doubling(run: DensityRun) -> float:
    """Return after how many days the largest density has doubled; NaN where it does not grow."""
    return math.log(2) / run.rate if run.rate > 0 else np.nan


@derived("density", "densest", quantity=DENSEST)
def densest(run: DensityRun) -> float:
    """Return the largest density."""
    known = run.density[np.isfinite(run.density)]
    return float(known.max()) if known.size else np.nan
