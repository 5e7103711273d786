"""The colour grammar: what colours mean here, once for every picture in both themes.

* **Amounts in maps** are viridis, from dark to bright.
* **Amounts behind text** go from the page's background towards the hues of viridis, so that what
  is certain gets the least ink; body text is readable all along.
* **Differences** have the page's background as their middle: purple below 0, orange above.
* **here** marks the place that is pinned, **came** what the text or sampler really brought.
* **Categories** are for samplers and runs only, always with a dash pattern or a label beside.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np

from .ramps import (
    VIRIDIS,
    between,
    channels,
    lightness,
    luminance,
    of_lightness,
    with_luminance,
    written,
)

ThemeName = Literal["light", "dark"]
RampName = Literal["text", "map", "diverging", "textDiverging"]
RAMPS: tuple[RampName, ...] = ("text", "map", "diverging", "textDiverging")

DASHES = (
    (), (7, 3), (2, 2), (9, 3, 2, 3), (1, 4), (12, 4), (5, 2, 1, 2), (12, 3, 4, 3),
)  # fmt: skip
"""Of categories, told apart without hue; the first is solid."""


@dataclass(frozen=True)
class Theme:
    """The colours of a theme as ``#rrggbb``.

    Attributes:
        background, ink: of page and body text.
        quiet: captions and axes; 5.5 to 1 on background and panel.
        line: rules and grids.
        panel: areas that lie on the page.
        primary, link: what can be pressed.
        here, came: the two accents.
        categories: of samplers and runs, in order; each has the dash pattern of its place.
        least: lightness at the strong end of the ramp behind text, where body text still holds.
        negative, positive: anchors from the page's background to either end of differences.
        text_negative, text_positive: the same behind text.
    """

    background: str
    ink: str
    quiet: str
    line: str
    panel: str
    primary: str
    link: str
    here: str
    came: str
    categories: tuple[str, ...]
    least: float
    negative: tuple[str, ...]
    positive: tuple[str, ...]
    text_negative: str
    text_positive: str


THEMES: dict[ThemeName, Theme] = {
    "light": Theme(
        background="#FFFFFF",
        ink="#1C2733",
        quiet="#566170",
        line="#D5DBE3",
        panel="#F3F5F8",
        primary="#0072B2",
        link="#0063A0",
        here="#C2410C",
        came="#B0178F",
        categories=(
            "#0072B2", "#8C5A2B", "#00865F", "#7A4FD0", "#8A6D00", "#56748C", "#5B7F00", "#5C5C5C",
        ),
        least=60,
        negative=("#B2ABD2", "#542788"),
        positive=("#FDB863", "#B35806"),
        text_negative="#AC9AD6",
        text_positive="#F09A42",
    ),
    "dark": Theme(
        background="#10151C",
        ink="#E8ECF1",
        quiet="#A9B4C2",
        line="#344050",
        panel="#1A222D",
        primary="#2878B5",
        link="#7CC4F0",
        here="#FF8A3D",
        came="#F472D0",
        categories=(
            "#56B4E9", "#D9A066", "#2FC79A", "#B39DF3", "#F0E442", "#A9C1D6", "#A6D854", "#BDBDBD",
        ),
        least=44,
        negative=("#7A5BB0", "#CDBBF5"),
        positive=("#B5651D", "#FDC98A"),
        text_negative="#6B4AAE",
        text_positive="#95520A",
    ),
}  # fmt: skip


@cache
def ramp(theme: ThemeName, name: RampName) -> np.ndarray:
    """Return the colours of a ramp, lowest value first, uint8 [256, 3]; read-only, it is shared."""
    of = THEMES[theme]
    if name == "map":
        table = between(VIRIDIS)
    elif name == "text":
        table = _behind_text(of)
    elif name == "diverging":
        table = _both_ways(of.background, of.negative, of.positive)
    else:
        table = _both_ways(of.background, (of.text_negative,), (of.text_positive,))
    table = np.rint(table).astype(np.uint8)
    table.setflags(write=False)
    return table


def hex_colours(theme: ThemeName, name: RampName, count: int = 256) -> list[str]:
    """Return ``count`` colours of a ramp as ``#rrggbb``, evenly spaced, lowest value first."""
    table = ramp(theme, name)
    return written(table[np.linspace(0, len(table) - 1, count).round().astype(int)])


def _behind_text(of: Theme) -> np.ndarray:
    """Return the ramp from the background: hues of viridis, evenly stronger.

    On a light page it begins at the bright end of viridis, on a dark one at the dark end.
    """
    share = np.linspace(0, 1, 256)
    start = float(lightness(luminance(channels(of.background))))
    light = start > of.least
    hues = between(VIRIDIS, 1 - 0.55 * share if light else 0.42 * share)
    return with_luminance(of.background, hues, of_lightness(start + share * (of.least - start)))


def _both_ways(middle: str, negative: tuple[str, ...], positive: tuple[str, ...]) -> np.ndarray:
    """Return 256 colours, the two in the middle exactly the background."""
    half = np.linspace(0, 1, 128)
    below = between([middle, *negative], half)[::-1]
    return np.concatenate([below, between([middle, *positive], half)])


def dash(place: int) -> tuple[int, ...]:
    """Return the dash pattern of a category; empty for a solid line."""
    return DASHES[place % len(DASHES)]


def vega_config(theme: ThemeName) -> dict[str, Any]:
    """Return a Vega-Lite config: every colour that the charts leave open, and the typography.

    Charts name ranges ("ramp" and, for differences, "ordinal" behind text; "heatmap", "diverging",
    "category") and mark styles
    ("here", "came", "quiet", "main"); what they look like is said here only.
    """
    of = THEMES[theme]
    axis = {
        "domainColor": of.line,
        "gridColor": of.line,
        "gridOpacity": 0.6,
        "labelColor": of.quiet,
        "labelFontSize": 12,
        "tickColor": of.line,
        "titleColor": of.quiet,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    return {
        "background": "transparent",
        "font": "system-ui, 'DejaVu Sans', 'Noto Sans', sans-serif",
        "padding": 4,
        "view": {"stroke": None},
        "axis": axis,
        # Above the axis, along the line: a title on its side is cut where a picture is low.
        "axisLeft": {
            "titleAngle": 0, "titleAlign": "left", "titleBaseline": "bottom",
            "titleX": 0, "titleY": -8,
        },
        "legend": {
            **{name: axis[name] for name in ("labelColor", "titleColor", "labelFontSize")},
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "symbolStrokeWidth": 2,
            "titleLimit": 320,
            "layout": {"top": {"offset": 22}},  # the axis's title is between
        },
        "title": {
            "color": of.ink, "subtitleColor": of.quiet, "subtitleFontSize": 12, "anchor": "start",
            "fontSize": 14,
        },
        "text": {"color": of.ink},
        "mark": {"color": of.categories[0]},
        "range": {
            "category": list(of.categories),
            "ordinal": hex_colours(theme, "textDiverging", 65),
            "ramp": hex_colours(theme, "text", 64),
            "heatmap": hex_colours(theme, "map", 64),
            "diverging": hex_colours(theme, "diverging", 65),
        },
        "style": {
            "here": {"color": of.here, "strokeWidth": 2},
            "came": {"color": of.came},
            "quiet": {"color": of.quiet},
            "main": {"color": of.categories[0]},
            "ink": {"color": of.ink},
            "page": {"color": of.background},
        },
    }  # fmt: skip


def javascript() -> str:
    """Return the browser's copy of the grammar, an ES module: ``export const light, dark``."""
    return "".join(
        f"export const {theme} = {json.dumps(_plain(theme), separators=(',', ':'))};\n"
        for theme in THEMES
    )


def _plain(theme: ThemeName) -> dict[str, Any]:
    of = THEMES[theme]
    names = (
        "background", "ink", "quiet", "line", "panel", "primary", "link", "here", "came",
    )  # fmt: skip
    return {
        **{name: hex_colours(theme, name) for name in RAMPS},
        **{name: getattr(of, name) for name in names},
        "categories": [
            {"colour": colour, "dash": list(dash(place))}
            for place, colour in enumerate(of.categories)
        ],
        "vega": vega_config(theme),
    }
