"""A run as a picture of a thumb's size: kept as a few plain numbers, drawn in either theme."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from ..derived import DERIVED, Number, number
from ..runs.arrays import array_specs
from ..runs.base import Run, TokenizedRun
from ..runs.training import TrainingRun
from .colours import THEMES, RampName, ThemeName, hex_colours
from .scales import entry, share

WIDTH, HEIGHT = 240, 72
LINE = 12
"""Height of a line of text."""

_LETTER = 4.5
_GAP = 1.5
_MOST_PIECES = 160
_MOST_ROWS, _MOST_COLUMNS = 12, 48
_MOST_BARS = 60


def preview(run: Run) -> str:
    """Return what a picture of ``run`` is drawn from, as JSON: shades from 0 to 255, -1 for none.

    A text is its tokens, each as wide as its letters, shaded by its first number. A run with one
    number a place is bars, the greatest first; one with more is a map of two axes.
    """
    found = _of_training(run) if isinstance(run, TrainingRun) else _first_number(run)
    if found is None:
        return json.dumps({"shape": "nothing"})
    quantity, values = found.quantity, _two_axes(found)
    shades = entry(quantity, values, quantity.low, quantity.high)
    plain: dict[str, Any]
    if isinstance(run, TokenizedRun) and found.axes == ("T",):
        widths = [max(1, min(len(token), 24)) for token in run.tokens[:_MOST_PIECES]]
        plain = {"shape": "text", "widths": widths, "shades": shades[:_MOST_PIECES].tolist()}
    elif values.ndim == 1:
        heights = share(quantity, np.sort(values)[::-1], quantity.low, quantity.high)
        picked = _thinned(heights[~np.isnan(heights)], _MOST_BARS)
        plain = {"shape": "bars", "shades": np.round(picked * 255).astype(int).tolist()}
    else:
        plain = {
            "shape": "map",
            "rows": _thinned(_thinned(shades, _MOST_ROWS).T, _MOST_COLUMNS).T.tolist(),
        }
    return json.dumps(plain, separators=(",", ":"))


def drawing(written: str, theme: ThemeName) -> str:
    """Return the picture of what ``preview`` wrote as an SVG; of anything else, an empty one."""
    try:
        plain = json.loads(written)
        parts = _PARTS[plain["shape"]](plain, theme)
    except (KeyError, TypeError, ValueError):
        parts = []
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMinYMin slice"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} aria-hidden="true">{"".join(parts)}</svg>'
    )


def _first_number(run: Run) -> Number | None:
    """Return the number that stands for a run: a stored one of the tokens, else of any place."""
    stored = {
        name: spec.axes
        for name, spec in array_specs(run).items()
        if spec.quantity is not None and spec.axes and isinstance(getattr(run, name), np.ndarray)
    }
    tokens = [name for name, axes in stored.items() if axes == ("T",)]
    made = [name for name, each in DERIVED.get(run.kind, {}).items() if each.axes]
    name = next(iter([*tokens, *stored, *made]), None)
    return None if name is None else number(run, name)


def _of_training(run: TrainingRun) -> Number | None:
    """Return the first number that was recorded, [network, record], over the range it takes."""
    name = next((each for each, about in run.measured.items() if not about.final), None)
    if name is None:
        return None
    values = run.numbers[name].astype(np.float64)
    values = values.reshape(*values.shape[:2], -1)[..., 0].T
    quantity, known = run.measured[name].quantity, values[np.isfinite(values)]
    if known.size and known.max() > known.min() and quantity.scale == "linear":
        quantity = replace(quantity, low=float(known.min()), high=float(known.max()))
    return Number(name, quantity, ("copy", "record"), values)


def _two_axes(found: Number) -> np.ndarray:
    """Return the mean over the tokens where two axes are left, else the first of shorter axes."""
    values, axes = np.asarray(found.values, np.float64), found.axes
    if len(axes) > 2 and "T" in axes:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # the mean of nothing is NaN
            values = np.nanmean(values, axes.index("T"))
    while values.ndim > 2:
        values = values.take(0, int(np.argmin(values.shape)))
    return np.asarray(values)


def _thinned(values: np.ndarray, most: int) -> np.ndarray:
    """Return at most so many of the entries of the first axis, evenly spread."""
    if len(values) <= most:
        return values
    return values[np.linspace(0, len(values) - 1, most).round().astype(int)]


def _text(plain: Any, theme: ThemeName) -> list[str]:
    parts, x, y = [], 0.0, 0
    for width, shade in zip(plain["widths"], plain["shades"], strict=True):
        wide = width * _LETTER
        if x and x + wide > WIDTH:
            x, y = 0.0, y + LINE
        if y >= HEIGHT:
            break
        parts.append(_box(x, y, wide - _GAP, LINE - 3, shade, theme, "text"))
        x += wide
    return parts


def _bars(plain: Any, theme: ThemeName) -> list[str]:
    shades: Sequence[int] = plain["shades"]
    wide = WIDTH / max(len(shades), 12)
    return [
        _box(i * wide, HEIGHT - tall, max(wide - 1, 1), tall, shade, theme, "map")
        for i, shade in enumerate(shades)
        if (tall := max(2.0, shade / 255 * HEIGHT)) is not None
    ]


def _map(plain: Any, theme: ThemeName) -> list[str]:
    rows: Sequence[Sequence[int]] = plain["rows"]
    tall, wide = HEIGHT / len(rows), WIDTH / max(map(len, rows))
    return [
        _box(x * wide, y * tall, wide - 0.5, tall - 1, shade, theme, "map")
        for y, row in enumerate(rows)
        for x, shade in enumerate(row)
        if shade >= 0
    ]


_colours = cache(hex_colours)

_PARTS = {"text": _text, "bars": _bars, "map": _map, "nothing": lambda plain, theme: []}


def _box(
    x: float, y: float, wide: float, tall: float, shade: int, theme: ThemeName, name: RampName
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{max(wide, 0.5):.1f}" height="{max(tall, 0.5):.1f}"'
    # What is certain has the page's colour: an outline shows that something is there.
    line = f' rx="2" stroke="{THEMES[theme].ink}" stroke-opacity=".16"'
    look = line if name == "text" else ""
    fill = "none" if shade < 0 else _colours(theme, name)[min(int(shade), 255)]
    return f'<rect {place}{look} fill="{fill}"/>'
