"""Numbers and sentences as a report has them."""

from __future__ import annotations

import math
import re

from ..quantities import Quantity


def decimals(of: Quantity) -> int:
    """Return how many decimals a number has in a report."""
    return 0 if of.digits == 0 and of.unit != "%" else 3 if of.unit == "%" else 4


def written(of: Quantity, value: float, unit: str) -> str:
    """Return a stored number in the unit shown; "–" for none."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value * of.factor(unit):,.{decimals(of)}f}".replace("-", "−")


def still(read: str) -> str:
    """Return how to read a picture without what can be done with it on screen."""
    sentences = re.split(r"(?<=[.!?]) ", read)
    return " ".join(each for each in sentences if not each.startswith(_GESTURES))


_GESTURES = ("Click", "Point at", "Drag", "Each kind names")
