"""Charts as SVG text; colours of lines come from the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape

WIDTH, HEIGHT = 880, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 12, 40
LINES = 8
"""The style sheet has this many colours for lines; more lines start over with dashes."""

Shade = tuple[str, str]
"""A colour and the text colour that can be read on it, as #rrggbb."""


@dataclass(frozen=True)
class Line:
    """One line: ``values`` [N] over 0 … N − 1, with gaps where they are NaN."""

    label: str
    values: np.ndarray


@dataclass(frozen=True)
class Picture:
    """A chart with its words."""

    title: str
    read: str
    svg: Markup


def lines_picture(
    title: str, read: str, lines: Sequence[Line], x: str, y: str, *, log: bool = False
) -> Picture:
    """Draw values over their index: zero line included, or from 1 up on a scale of powers of 10.

    ``log`` needs values of at least 1.
    """
    if log:
        lines = [Line(each.label, np.log10(each.values)) for each in lines]
    finite = np.concatenate([each.values[np.isfinite(each.values)] for each in lines])
    low, high = _range(finite)
    ticks: dict[float, str]
    if log:
        high = math.ceil(high)
        ticks = {power: f"{10**power:,}" for power in range(high + 1)}
    else:
        ticks = {value: f"{value:.3g}" for value in np.linspace(low, high, 5).tolist()}
    count = max((len(each.values) for each in lines), default=1)
    parts = [_frame(ticks, low, high, count, x, y)]
    for number, line in enumerate(lines):
        style = f"line l{number % LINES}" + (" dashed" if number >= LINES else "")
        path = _path(line.values, low, high, count)
        name = Markup("<title>{}</title>").format(line.label)
        parts.append(Markup('<path class="{}" d="{}">{}</path>').format(style, path, name))
    return Picture(title, read, _svg(title, parts, HEIGHT) + _legend(lines))


def heat_picture(
    title: str, read: str, values: np.ndarray, high: float, shades: Sequence[Shade], unit: str
) -> Picture:
    """Draw a matrix [layers, heads] with layer 0 on top; each cell tells its number.

    Colours go from 0 to ``high``, whatever the values are, so that pictures can be compared.
    """
    layers, heads = values.shape
    size = max(6.0, min(24.0, (WIDTH - LEFT - RIGHT) / heads))
    parts: list[Markup] = []
    for layer in range(layers):
        parts.append(_text(LEFT - 6, layer * size + size * 0.7, str(layer), "end"))
        row = enumerate(values[layer].tolist())
        parts += [_cell(value, (layer, head), size, high, shades, unit) for head, value in row]
    foot = layers * size + 18
    parts.append(_text(LEFT, foot, "rows are layers, columns heads"))
    parts.append(_colour_bar(foot + 10, high, shades, unit))
    return Picture(title, read, _svg(title, parts, foot + 30))


def _colour_bar(top: float, high: float, shades: Sequence[Shade], unit: str) -> Markup:
    width = 200 / len(shades)
    bar = [
        Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="10" fill="{}"/>').format(
            LEFT + 16 + number * width, top, width + 0.5, colour
        )
        for number, (colour, _) in enumerate(shades)
    ]
    ends = _text(LEFT, top + 9, "0") + _text(LEFT + 224, top + 9, f"{high:.2f} {unit}")
    return Markup("").join(bar) + ends


def _cell(
    value: float, at: tuple[int, int], size: float, high: float, shades: Sequence[Shade], unit: str
) -> Markup:
    layer, head = at
    known = math.isfinite(value)
    colour = shades[shade_of(value, high, len(shades))][0] if known else "none"
    told = f"L{layer}.H{head}: {value:.4f} {unit}" if known else f"L{layer}.H{head}: not defined"
    return Markup(
        '<rect class="cell" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}">'
        "<title>{}</title></rect>"
    ).format(LEFT + head * size, layer * size, size - 1, size - 1, colour, told)


def shade_of(value: float, high: float, count: int) -> int:
    """Return which of ``count`` shades stands for ``value`` between 0 and ``high``."""
    share = min(max(value / high, 0.0), 1.0) if high > 0 else 0.0
    return round(share * (count - 1))


def _range(values: np.ndarray) -> tuple[float, float]:
    if not len(values):
        return 0.0, 1.0
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    return (low, high) if high > low else (low, low + 1.0)


def _frame(
    ticks: Mapping[float, str], low: float, high: float, count: int, x: str, y: str
) -> Markup:
    rows = [
        Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
            LEFT, WIDTH - RIGHT, _y(tick, low, high), _y(tick, low, high)
        )
        + _text(LEFT - 6, _y(tick, low, high) + 4, label, "end")
        for tick, label in ticks.items()
    ]
    places = sorted({round(each) for each in np.linspace(0, count - 1, 9)})
    columns = [_text(_x(each, count), HEIGHT - BOTTOM + 16, str(each), "middle") for each in places]
    names = _text(WIDTH - RIGHT, HEIGHT - 6, x, "end") + _text(LEFT, HEIGHT - 6, y)
    return Markup("").join([*rows, *columns, names])


def _path(values: np.ndarray, low: float, high: float, count: int) -> str:
    commands, pen = [], "M"
    for index, value in enumerate(values.tolist()):
        if math.isfinite(value):
            commands.append(f"{pen}{_x(index, count):.1f} {_y(value, low, high):.1f}")
            pen = "L"
        else:
            pen = "M"
    return "".join(commands)


def _x(index: float, count: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (index / (count - 1) if count > 1 else 0.5)


def _y(value: float, low: float, high: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)


def _text(x: float, y: float, text: str, anchor: str = "start") -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        x, y, anchor, text
    )


def _legend(lines: Sequence[Line]) -> Markup:
    if len(lines) < 2:
        return Markup("")
    entries = [
        Markup('<li class="l{}">{}</li>').format(number % LINES, line.label)
        for number, line in enumerate(lines)
    ]
    return Markup('<ul class="legend">') + Markup("").join(entries) + Markup("</ul>")


def _svg(title: str, parts: Sequence[Markup], height: float) -> Markup:
    start = Markup('<svg viewBox="0 0 {} {:.0f}" role="img" aria-label="{}">').format(
        WIDTH, height, title
    )
    return start + Markup("").join(escape(each) for each in parts) + Markup("</svg>")
