"""From stored values to places on a scale: shares, ticks and the expressions of a picture.

The browser's ``numbers.js`` does the same sums; a test compares them.
"""

from __future__ import annotations

import math

import numpy as np

from ..quantities import RANK_BOUNDS, Quantity

TICKS = 5
"""About so many ticks stand on an axis."""


def share(quantity: Quantity, values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return where stored ``values`` lie between ``low`` and ``high``, 0 to 1, float64.

    A rank has four classes; a diverging scale has 0 in the middle and the further end at its end.
    What lies outside is at the end, and NaN stays NaN.
    """
    values = np.asarray(values, np.float64)
    if quantity.scale == "rank":
        found = np.searchsorted(RANK_BOUNDS, values) / len(RANK_BOUNDS)
        return np.where(np.isnan(values), np.nan, found)
    if quantity.scale == "diverging":
        return np.clip((1 + values / max(abs(low), abs(high))) / 2, 0, 1)
    if quantity.scale == "log":
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high, values = math.log(low), math.log(high), np.log(values)
    return np.clip((values - low) / (high - low), 0, 1)


def entry(quantity: Quantity, values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return which of 256 colours each value has, int32; -1 for NaN, which has none."""
    found = share(quantity, values, low, high)
    return np.where(np.isnan(found), -1, np.floor(np.nan_to_num(found) * 255 + 0.5)).astype(
        np.int32
    )


def ticks(quantity: Quantity, unit: str, low: float, high: float) -> list[float]:
    """Return round numbers between two stored values, in the unit shown.

    Steps are 1, 2 or 5 times a power of ten, as in d3; a log scale has powers of ten, a rank the
    bounds of its classes.
    """
    if quantity.scale == "rank":
        return [1.0, *map(float, RANK_BOUNDS)]
    factor = quantity.factor(unit)
    low, high = low * factor, high * factor
    if quantity.scale == "log":
        first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
        return [10.0**power for power in range(first, last + 1)]
    rough = (high - low) / TICKS
    power = math.floor(math.log10(rough))
    error = rough / 10**power
    step = 10 if error >= math.sqrt(50) else 5 if error >= math.sqrt(10) else 2
    step = step if error >= math.sqrt(2) else 1
    places = range(
        math.ceil(low / (step * 10**power) - 1e-9),
        math.floor(high / (step * 10**power) + 1e-9) + 1,
    )
    if power < 0:  # a whole number divided is nearer to what is meant than one multiplied
        return [place * step / 10**-power for place in places]
    return [float(place * step * 10**power) for place in places]


def in_unit(quantity: Quantity) -> str:
    """Return what an expression multiplies stored values by; ``factor`` is the chart's."""
    if quantity.unit == "%":
        return "100"
    return {0: "1", 1: "factor"}.get(quantity.power, f"pow(factor, {quantity.power})")


def shown(quantity: Quantity, field: str) -> str:
    """Return the expression of a field as the screen has it; null stays null."""
    times = in_unit(quantity)
    value = f"datum[{field!r}]"
    return value if times == "1" else f"isValid({value}) ? {value} * {times} : null"


def unit_text(quantity: Quantity) -> str:
    """Return the expression of the unit on screen: 'nats', 'bits²', '%' or ''."""
    if not quantity.power:
        return _text(quantity.unit)
    square = quantity.unit.removeprefix("nats")
    return f"unit_name + {_text(square)}" if square else "unit_name"


def label_text(quantity: Quantity, name: str | None = None) -> str:
    """Return the expression of a name with its unit in brackets, for axes and legends."""
    label = quantity.name if name is None else name
    if not quantity.unit:
        return _text(label)
    return f"{_text(label + ' (')} + {unit_text(quantity)} + ')'"


def value_text(quantity: Quantity, field: str, digits: int | None = None) -> str:
    """Return the expression of a field written for people, its unit behind it; – for none."""
    places = max(quantity.digits, 3 if quantity.power else quantity.digits)
    places = places if digits is None else digits
    number = f"format(datum[{field!r}] * {in_unit(quantity)}, ',.{places}f')"
    behind = f" + ' ' + {unit_text(quantity)}" if quantity.unit else ""
    return f"isValid(datum[{field!r}]) ? {number}{behind} : '–'"


def end(quantity: Quantity, value: float) -> dict[str, str]:
    """Return the end of a domain: a stored value in the unit shown."""
    times = in_unit(quantity)
    return {"expr": repr(float(value)) if times == "1" else f"{float(value)!r} * {times}"}


def _text(text: str) -> str:
    """Return a string literal of the expression language."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", " ")
    return f"'{escaped}'"
