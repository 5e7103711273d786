"""Charts as pictures, made on this machine without a browser."""

from __future__ import annotations

from typing import Literal

import vl_convert

from ..errors import InputError
from .base import Spec
from .colours import THEMES, ThemeName, vega_config

Picture = Literal["svg", "png"]
SHARPNESS = 2
"""Pixels of a PNG per pixel of the chart."""


def render(chart: Spec, kind: Picture, theme: ThemeName = "light") -> bytes:
    """Return a chart as SVG or PNG in the colours of a theme, its background included.

    Nothing is fetched: data are in the chart, and fonts are those of the machine.

    Raises:
        InputError: ``kind`` or ``theme`` is none of those there are.
    """
    if theme not in THEMES:
        raise InputError(f"The theme is {' or '.join(map(repr, THEMES))}, not {theme!r}.")
    config = {**vega_config(theme), "background": THEMES[theme].background}
    drawn = {**chart, "config": config}
    if kind == "svg":
        return vl_convert.vegalite_to_svg(drawn, allowed_base_urls=[]).encode()
    if kind == "png":
        return vl_convert.vegalite_to_png(drawn, scale=SHARPNESS, allowed_base_urls=[])
    raise InputError(f"A picture is 'svg' or 'png', not {kind!r}.")
