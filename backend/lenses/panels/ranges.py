"""Ends of colours and axes: fixed, or those of the run that is shown."""

from __future__ import annotations

import numpy as np

from ...quantities import Quantity


def ends(quantity: Quantity, values: np.ndarray, *, spread: bool) -> tuple[float, float]:
    """Return the fixed range of a quantity, or with ``spread`` that of the values, as stored.

    A rank keeps its classes. Where there is nothing between the values, the range stays fixed.
    """
    known = values[np.isfinite(values)]
    if quantity.scale == "log":
        known = known[known > 0]
    if not spread or quantity.scale == "rank" or not known.size or known.min() == known.max():
        return quantity.low, quantity.high
    if quantity.scale == "diverging":
        reach = float(np.abs(known).max())
        return -reach, reach
    return float(known.min()), float(known.max())


def decade(quantity: Quantity, values: np.ndarray) -> float:
    """Return the upper end, or that tenth, hundredth … 10⁻⁶ of it that is just above all values.

    For numbers such as divergences that may lie anywhere below their largest value.
    """
    known = values[np.isfinite(values)]
    largest = float(known.max()) if known.size else 0.0
    found = [quantity.high / 10**power for power in range(6, -1, -1)]
    return next((each for each in found if largest <= each), quantity.high)
