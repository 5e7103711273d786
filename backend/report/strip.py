"""The tokens of a text as the report's page shows, colours and explains them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from markupsafe import Markup

from ..runs.base import TokenizedRun
from .pictures import Shade, shade_of


@dataclass(frozen=True)
class TokenMeasure:
    """One number a token: ``values`` [T] in nats; colours go from 0 to ``high`` nats."""

    values: np.ndarray
    high: float


@dataclass(frozen=True)
class Strip:
    """What stands in the strip of a run.

    Attributes:
        read: what the colour of a token is about.
        measures: by the name the reader sees; the first one colours the page at the start.
        more: what the card shows beside the measures, in the words of the page's script.
    """

    read: str
    measures: dict[str, TokenMeasure]
    more: dict[str, Any] = field(default_factory=dict)


def strip_section(
    run: TokenizedRun, strip: Strip, shades: Sequence[Shade], unit: str, scale: float
) -> dict[str, Any]:
    """Return what the page's template writes; ``scale`` is how many of ``unit`` a nat is."""
    first = next(iter(strip.measures.values()))
    return {
        "read": strip.read,
        "names": list(strip.measures),
        "tokens": _tokens(run, first, shades),
        "data": _data(run, strip, shades, unit, scale),
    }


def _tokens(
    run: TokenizedRun, measure: TokenMeasure, shades: Sequence[Shade]
) -> list[dict[str, Any]]:
    """Return for every token what the page writes and how it is shaded.

    The first of several pieces of one character carries the character, the others are marks.
    """
    tokens = []
    for index, (start, end) in enumerate(run.offsets.tolist()):
        value = float(measure.values[index])
        first = index == 0 or run.groups[index] != run.groups[index - 1]
        tokens.append(
            {
                "text": run.text[start:end] if first else "",
                "shade": None if math.isnan(value) else shade_of(value, measure.high, len(shades)),
                "special": bool(run.special[index]),
            }
        )
    return tokens


def _data(
    run: TokenizedRun, strip: Strip, shades: Sequence[Shade], unit: str, scale: float
) -> Markup:
    """Return what the page's script needs, as JSON that cannot end its element.

    Numbers are those of the run to seven digits, in nats.
    """
    data = {
        "unit": unit,
        "scale": scale,
        "shades": len(shades),
        "tokens": run.tokens,
        "ids": run.token_ids.tolist(),
        "measures": {name: numbers(each.values) for name, each in strip.measures.items()},
        "high": {name: each.high for name, each in strip.measures.items()},
        **strip.more,
    }
    written = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(written.replace("<", "\\u003c").replace("\u2028", "\\u2028"))  # noqa: S704


def numbers(values: np.ndarray) -> list[float | str | None]:
    """Return what JSON can hold: None for NaN, a word for an infinity."""
    return [_number(each) for each in values.tolist()]


def _number(value: float) -> float | str | None:
    if math.isfinite(value):
        return float(f"{value:.7g}")
    return None if math.isnan(value) else str(value)
