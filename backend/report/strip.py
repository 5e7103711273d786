"""The tokens of a text as the report's page shows, colours and explains them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from ..characters import without_steering
from ..charts import colours, scales
from ..charts.ramps import written
from ..derived import number, number_names
from ..lenses import Lens
from ..lenses.panels.ranges import decade
from ..lenses.panels.strip import Strip
from ..quantities import Quantity
from ..runs.arrays import axis_of
from ..runs.base import TokenizedRun
from ..runs.text import TextRun
from .words import decimals, still

SHADES = 64
"""Colours of a ramp that the page has as style rules."""


@dataclass(frozen=True, eq=False)
class Measure:
    """A number of every token, as the page colours by it.

    Attributes:
        values: [T], as stored.
        low, high: ends of the colours, as stored.
    """

    quantity: Quantity
    values: np.ndarray
    low: float
    high: float

    def shades(self) -> np.ndarray:
        """Return which of the page's colours every token has, int [T]; −1 for none."""
        entries = scales.entry(self.quantity, self.values, self.low, self.high)
        return np.where(entries < 0, -1, np.rint(entries / 255 * (SHADES - 1))).astype(int)


@dataclass(frozen=True)
class TokenStrip:
    """What the page's template writes of a text.

    Attributes:
        read: what the colour of a token is about.
        names: of the numbers to colour by, the first one at the start.
        tokens: text, colour and kind of every token.
        data: for the page's script, JSON that cannot end its element.
    """

    read: str
    names: list[str]
    tokens: list[dict[str, Any]]
    data: Markup


def token_strip(run: TokenizedRun, lens: Lens, unit: str) -> TokenStrip | None:
    """Return the strip of a run: coloured by what its lens colours by, else by all it has.

    None where no number is one of tokens.
    """
    panel = next((each for each in lens.panels if isinstance(each, Strip)), None)
    if panel is not None:
        measures, read = _coloured(run, panel), still(panel.read)
    else:
        found = [number(run, name) for name in number_names(run, ("T",))]
        measures = {each.quantity.name: _measure(each.quantity, each.values) for each in found}
        read = next((f"Colour on a token: {each.quantity.help}" for each in found), "")
    if not measures:
        return None
    first = next(iter(measures.values()))
    return TokenStrip(read, list(measures), _tokens(run, first), _data(run, measures, unit))


def _coloured(run: TokenizedRun, panel: Strip) -> dict[str, Measure]:
    """Return what a strip colours tokens by; along another axis, at the place it begins with."""
    measures = {}
    for name in panel.colours:
        found = number(run, name)
        of = found.quantity
        if of.joins == "max":  # of words and sentences only
            continue
        label = of.name
        if panel.at:
            place = range(len(found.values))[panel.place]
            label = f"{of.name} at {axis_of(run, panel.at).name} {place}"
        high = decade(of, found.values) if panel.tight else None
        measures[label] = _measure(of, panel.of_tokens(found), high)
    return measures


def _measure(of: Quantity, values: np.ndarray, high: float | None = None) -> Measure:
    return Measure(of, values.astype(np.float64), of.low, of.high if high is None else high)


def shade_rules() -> list[tuple[str, str, str]]:
    """Return class, colour in the light theme and in the dark one, of every shade."""
    found = []
    ramps: tuple[tuple[str, colours.RampName], ...] = (("k", "text"), ("d", "textDiverging"))
    for prefix, ramp in ramps:
        pairs = zip(_shades("light", ramp), _shades("dark", ramp), strict=True)
        found += [(f"{prefix}{place}", *pair) for place, pair in enumerate(pairs)]
    return found


def _shades(theme: colours.ThemeName, ramp: colours.RampName) -> list[str]:
    table = colours.ramp(theme, ramp)
    return written(table[np.rint(np.linspace(0, 255, SHADES)).astype(int)])


def _tokens(run: TokenizedRun, measure: Measure) -> list[dict[str, Any]]:
    """Return for every token what the page writes and how it is shaded.

    The first of several pieces of one character carries the character, the others are marks.
    """
    shades = measure.shades()
    prefix = "d" if measure.quantity.scale == "diverging" else "k"
    tokens = []
    for index, (start, end) in enumerate(run.offsets.tolist()):
        first = index == 0 or run.groups[index] != run.groups[index - 1]
        tokens.append(
            {
                "text": run.text[start:end] if first else "",
                "shade": "" if shades[index] < 0 else f"{prefix}{shades[index]}",
                "special": bool(run.special[index]),
            }
        )
    return tokens


def _data(run: TokenizedRun, measures: dict[str, Measure], unit: str) -> Markup:
    data: dict[str, Any] = {
        "tokens": [without_steering(each) for each in run.tokens],
        "ids": run.token_ids.tolist(),
        "measures": {
            name: {
                "values": numbers(each.values),
                "shades": each.shades().tolist(),
                "prefix": "d" if each.quantity.scale == "diverging" else "k",
                "factor": each.quantity.factor(unit),
                "unit": each.quantity.unit_in(unit),
                "decimals": decimals(each.quantity),
                "ends": [each.low, each.high],
            }
            for name, each in measures.items()
        },
    }
    if isinstance(run, TextRun):
        data["expected"] = {
            "topIds": run.top_ids.tolist(),
            "topLogprobs": [numbers(row) for row in run.top_logprobs],
            "vocabulary": {key: without_steering(text) for key, text in run.vocabulary.items()},
        }
    plain = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(plain.replace("<", "\\u003c").replace("\u2028", "\\u2028"))  # noqa: S704


def numbers(values: np.ndarray) -> list[float | str | None]:
    """Return what JSON can hold, seven digits each: None for NaN, a word for an infinity."""
    return [_number(each) for each in values.tolist()]


def _number(value: float) -> float | str | None:
    if math.isfinite(value):
        return float(f"{value:.7g}")
    return None if math.isnan(value) else str(value)
