"""Colours as numbers: reading, writing, contrast, and ramps of 256 entries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ENTRIES = 256

VIRIDIS = (
    "#440154", "#482878", "#3e4989", "#31688e", "#26828e",
    "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725",
)  # fmt: skip
"""Anchors of viridis (van der Walt and Smith 2015), evenly spaced."""

# Linear RGB as somebody sees it who lacks the middle cones: Machado et al. 2009, severity 1.
_DEUTERANOPE = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
)
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def channels(colour: str) -> np.ndarray:
    """Return red, green and blue of ``#rrggbb``, float64 [3], 0 to 255."""
    return np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)], np.float64)


def written(rgb: np.ndarray) -> list[str]:
    """Return colours [n, 3], 0 to 255, as ``#rrggbb``."""
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in np.rint(rgb).astype(int)]


def linear(rgb: np.ndarray) -> np.ndarray:
    """Return sRGB colours [..., 3], 0 to 255, as amounts of light, 0 to 1 (IEC 61966-2-1)."""
    share = np.asarray(rgb, np.float64) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def luminance(rgb: np.ndarray) -> np.ndarray:
    """Return the relative luminance of sRGB colours [..., 3], 0 black to 1 white (WCAG 2.2)."""
    return linear(rgb) @ _LUMINANCE


def contrast(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the contrast of colours [..., 3], 1 to 21 (WCAG 2.2)."""
    light, dark = luminance(one), luminance(other)
    return (np.maximum(light, dark) + 0.05) / (np.minimum(light, dark) + 0.05)


def wants_black(rgb: np.ndarray) -> np.ndarray:
    """Return, per colour of ``rgb`` [..., 3], whether black text reads better than white.

    The better of the two has a contrast of at least 4.5 to 1 on every colour.
    """
    return contrast(rgb, np.zeros(3)) > contrast(rgb, np.full(3, 255.0))


def seen_by_a_deuteranope(rgb: np.ndarray) -> np.ndarray:
    """Return linear RGB [..., 3] of sRGB colours as they look without the middle cones."""
    return np.clip(linear(rgb) @ _DEUTERANOPE.T, 0, 1)


def between(anchors: Sequence[str], places: np.ndarray | None = None) -> np.ndarray:
    """Return colours between evenly spaced anchors, float64 [n, 3].

    Args:
        anchors: two at least.
        places: 0 to 1; 256 evenly spaced ones when left out.
    """
    wanted = np.linspace(0, 1, ENTRIES) if places is None else places
    table = np.stack([channels(each) for each in anchors])
    known = np.linspace(0, 1, len(anchors))
    return np.stack([np.interp(wanted, known, table[:, each]) for each in range(3)], 1)


def with_luminance(background: str, colours: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return mixtures of ``background`` and ``colours`` [n, 3] with luminances ``wanted`` [n].

    Every luminance must lie between that of the background and that of its colour.
    """
    start = channels(background)
    low, high = np.zeros(len(colours)), np.ones(len(colours))
    up = luminance(colours) > luminance(start)
    for _ in range(30):  # halving, to a billionth of the way
        middle = (low + high) / 2
        light = luminance(start + middle[:, None] * (colours - start))
        beyond = (light > wanted) == up
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    return start + low[:, None] * (colours - start)


def lightness(luminances: np.ndarray) -> np.ndarray:
    """Return the lightness L* of luminances, 0 to 100 (CIE 1976): even steps look even."""
    return np.where(
        luminances > 0.008856, 116 * np.cbrt(luminances) - 16, 903.3 * np.asarray(luminances)
    )


def of_lightness(values: np.ndarray) -> np.ndarray:
    """Return luminances by lightness: the inverse of ``lightness``."""
    return np.where(values > 8, ((values + 16) / 116) ** 3, values / 903.3)
