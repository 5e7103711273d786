"""The three colour maps of every picture, and the text colour that can be read on them.

The tables are Plotly's own anchors, interpolated linearly between neighbours as Plotly does, so a
strip, a heatmap and a curve that name the same palette show the same colour for the same value.
All three stay readable with a colour-vision deficiency: viridis and cividis were designed for it,
and purple to orange differs in lightness to either side of its middle.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import cast

import numpy as np
from plotly import colors

ENTRIES = 256


@dataclass(frozen=True)
class Palette:
    """A colour map under the names that the drawing libraries know it by.

    Attributes:
        name: ours.
        plotly: what Plotly's ``colorscale`` accepts.
        altair: the nearest Vega scheme. Give Altair ``hex_colours`` as the scale's range where
            the colours must equal those of the other pictures.
    """

    name: str
    plotly: str
    altair: str


PALETTES = {
    palette.name: palette
    for palette in (
        Palette("viridis", "Viridis", "viridis"),
        Palette("cividis", "Cividis", "cividis"),
        Palette("diverging", "PuOr_r", "purpleorange"),
    )
}


@lru_cache(maxsize=len(PALETTES))
def lookup(name: str) -> np.ndarray:
    """Return the palette's colours, lowest value first.

    Args:
        name: "viridis", "cividis" (sequential) or "diverging" (negative purple, 0 near white
            between entries 127 and 128, positive orange).

    Returns:
        uint8 [256, 3]; red, green, blue. Read-only: it is shared.

    Raises:
        KeyError: for another name.
    """
    scale = colors.get_colorscale(PALETTES[name].plotly)
    places = [place for place, _ in scale]
    anchors = np.array([_channels(colour) for _, colour in scale], dtype=np.float64)
    wanted = np.linspace(0.0, 1.0, ENTRIES)
    channels = [np.interp(wanted, places, anchors[:, each]) for each in range(3)]
    table = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    table.setflags(write=False)
    return table


def hex_colours(name: str, count: int = ENTRIES) -> list[str]:
    """Return ``count`` colours of a palette as ``#rrggbb``, evenly spaced, lowest value first."""
    picked = lookup(name)[np.linspace(0, ENTRIES - 1, count).round().astype(int)]
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in picked.tolist()]


def luminance(rgb: np.ndarray) -> np.ndarray:
    """Return the relative luminance of sRGB colours, 0 (black) to 1 (white).

    Source: WCAG 2.2, "relative luminance".

    Args:
        rgb: [..., 3], 0 to 255.

    Returns:
        float64 [...].
    """
    share = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def ink_on(rgb: np.ndarray | tuple[int, int, int]) -> str:
    """Return the text colour, black or white, that contrasts more with the background ``rgb``.

    The better of the two has a contrast of at least 4.5 to 1 (WCAG AA) on every colour.
    """
    return "#000000" if wants_black(np.asarray(rgb)) else "#ffffff"


def wants_black(rgb: np.ndarray) -> np.ndarray:
    """Return, per colour of ``rgb`` [..., 3], whether black text reads better than white."""
    light = luminance(rgb)
    return (light + 0.05) / 0.05 > 1.05 / (light + 0.05)


def _channels(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255, of ``#rrggbb`` or ``rgb(r,g,b)``."""
    if colour.startswith("#"):
        starts = pairwise((1, 3, 5, 7))
        return cast(tuple[int, int, int], tuple(int(colour[a:b], 16) for a, b in starts))
    return cast(tuple[int, int, int], tuple(int(part) for part in colour[4:-1].split(",")))
