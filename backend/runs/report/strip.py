"""The tokens of a text run as the report's page shows and explains them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from backend.runs.report.pictures import Shade, shade_of
from backend.runs.text import TextRun

HIGH = {"entropy": 7.0, "surprisal": 14.0}
"""The nats at which colours end: fixed, so that two reports can be compared."""


def strip_tokens(run: TextRun, shades: Sequence[Shade]) -> list[dict[str, Any]]:
    """Return for every token what the page writes and how it is shaded by entropy.

    The first of several pieces of one character carries the character, the others are marks.
    """
    tokens = []
    for index, (start, end) in enumerate(run.offsets.tolist()):
        value = float(run.entropy[index])
        first = index == 0 or run.groups[index] != run.groups[index - 1]
        tokens.append(
            {
                "text": run.text[start:end] if first else "",
                "shade": shade_of(value, HIGH["entropy"], len(shades))
                if math.isfinite(value)
                else None,
                "special": bool(run.special[index]),
            }
        )
    return tokens


def strip_data(run: TextRun, shades: Sequence[Shade], unit: str, scale: float) -> Markup:
    """Return what the page's script needs, as JSON that cannot end its element.

    Numbers are those of the run to seven digits, in nats; ``scale`` turns them into ``unit``.
    """
    data = {
        "unit": unit,
        "scale": scale,
        "shades": shades,
        "high": HIGH,
        "tokens": run.tokens,
        "ids": run.token_ids.tolist(),
        "entropy": _numbers(run.entropy),
        "surprisal": _numbers(run.surprisal),
        "rank": _numbers(run.rank),
        "topIds": run.top_ids.tolist(),
        "topLogprobs": [_numbers(row) for row in run.top_logprobs],
        "vocabulary": run.vocabulary,
    }
    written = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(written.replace("<", "\\u003c").replace("\u2028", "\\u2028"))  # noqa: S704


def _numbers(values: np.ndarray) -> list[float | str | None]:
    return [_number(each) for each in values.tolist()]


def _number(value: float) -> float | str | None:
    """Return what JSON can hold: None for NaN, a word for an infinity."""
    if math.isfinite(value):
        return float(f"{value:.7g}")
    return None if math.isnan(value) else str(value)
