"""The colour grammar: what every picture and the browser rely on."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from plotly.colors import sequential

from backend.charts import colours, ramps

ROOT = Path(__file__).parents[2]
EVERY_THEME = pytest.mark.parametrize("theme", colours.THEMES)
EVERY_RAMP = pytest.mark.parametrize("name", colours.RAMPS)
TEXT = 4.5  # WCAG AA for running text
MARK = 3.0  # WCAG AA for graphical objects


def channels(*names: str) -> np.ndarray:
    return np.stack([ramps.channels(each) for each in names])


@EVERY_THEME
@EVERY_RAMP
def test_a_ramp_has_256_colours_of_one_byte_a_channel(theme, name):
    table = colours.ramp(theme, name)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 0


def test_maps_are_viridis_from_dark_to_bright_in_both_themes():
    light, dark = (colours.ramp(theme, "map") for theme in colours.THEMES)
    np.testing.assert_array_equal(light, dark)
    assert ramps.written(light[[0, 255]]) == ["#440154", "#fde725"]
    assert [each.lower() for each in sequential.Viridis] == list(ramps.VIRIDIS)
    # Rounding to whole channels may cost less than a five-hundredth of the range at one step.
    assert np.diff(ramps.luminance(light)).min() > -0.002


@EVERY_THEME
def test_the_ramp_behind_text_begins_with_the_page_and_goes_one_way(theme):
    table = colours.ramp(theme, "text")
    of = colours.THEMES[theme]
    assert ramps.written(table[:1])[0] == of.background.lower()
    steps = np.diff(ramps.luminance(table)) * (-1 if theme == "light" else 1)
    # Rounding to whole channels may cost less than a thousandth of the range at one step.
    assert steps.min() > -0.001
    assert abs(float(ramps.luminance(table)[-1] - ramps.luminance(table)[0])) > 0.1


@EVERY_THEME
@pytest.mark.parametrize("name", ["text", "textDiverging"])
def test_body_text_is_readable_on_every_colour_behind_it(theme, name):
    ink = ramps.channels(colours.THEMES[theme].ink)
    assert ramps.contrast(colours.ramp(theme, name), ink).min() >= TEXT


@EVERY_THEME
@pytest.mark.parametrize("name", ["diverging", "textDiverging"])
def test_differences_have_the_page_in_their_middle_and_grow_to_both_sides(theme, name):
    table = colours.ramp(theme, name)
    page = colours.THEMES[theme].background.lower()
    assert ramps.written(table[127:129]) == [page, page]
    away = ramps.contrast(table, ramps.channels(page))
    # Rounding a channel may go against the trend by a hundredth.
    assert np.diff(away[:128]).max() < 0.01
    assert np.diff(away[128:]).min() > -0.01
    lowest, highest = table[[0, 255]].astype(int)
    assert lowest[2] > lowest[0], "negative differences are purple"
    assert highest[0] > highest[2], "positive ones are orange"


@EVERY_THEME
@pytest.mark.parametrize("name", ["map", "diverging"])
def test_black_or_white_is_readable_on_every_colour_of_a_map(theme, name):
    table = colours.ramp(theme, name)
    ink = np.where(ramps.wants_black(table)[:, None], np.zeros(3), np.full(3, 255.0))
    assert ramps.contrast(table, ink).min() >= TEXT


@EVERY_THEME
@pytest.mark.parametrize("accent", ["here", "came"])
@pytest.mark.parametrize("ground", ["background", "panel"])
def test_an_accent_stands_out_from_the_page(theme, accent, ground):
    of = colours.THEMES[theme]
    pair = channels(getattr(of, accent), getattr(of, ground))
    assert ramps.contrast(pair[0], pair[1]) >= MARK


def lab(linear: np.ndarray) -> np.ndarray:
    """Return CIE L*a*b* of linear sRGB, white D65."""
    matrix = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    share = matrix @ linear / np.array([0.95047, 1.0, 1.08883])
    root = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


@EVERY_THEME
def test_here_and_came_are_told_apart_without_the_middle_cones(theme):
    of = colours.THEMES[theme]
    here, came = (
        lab(ramps.seen_by_a_deuteranope(ramps.channels(each))) for each in (of.here, of.came)
    )
    # ΔE*ab of 1976: above 10 two colours are plainly different, here it is far more.
    assert np.linalg.norm(here - came) > 40


def test_the_simulation_leaves_grey_alone_and_confuses_red_with_green():
    grey = ramps.channels("#808080")
    np.testing.assert_allclose(ramps.seen_by_a_deuteranope(grey), ramps.linear(grey), atol=0.01)
    red, green = (
        lab(ramps.seen_by_a_deuteranope(ramps.channels(each))) for each in ("#b03030", "#5a6b10")
    )
    plain = [lab(ramps.linear(ramps.channels(each))) for each in ("#b03030", "#5a6b10")]
    assert np.linalg.norm(red - green) < np.linalg.norm(plain[0] - plain[1]) / 2


@EVERY_THEME
def test_every_category_is_a_readable_line_with_a_dash_of_its_own(theme):
    of = colours.THEMES[theme]
    for colour in of.categories:
        assert ramps.contrast(ramps.channels(colour), ramps.channels(of.background)) >= MARK
    dashes = [colours.dash(place) for place in range(len(of.categories))]
    assert dashes[0] == ()
    assert len(set(dashes)) == len(dashes) == len(set(of.categories))


@EVERY_THEME
@pytest.mark.parametrize("ground", ["background", "panel"])
def test_captions_and_body_text_are_readable(theme, ground):
    of = colours.THEMES[theme]
    quiet, ink, page = channels(of.quiet, of.ink, getattr(of, ground))
    assert ramps.contrast(quiet, page) >= 5.5
    assert ramps.contrast(ink, page) >= 7


def test_the_browser_gets_the_same_colours_as_an_es_module():
    module = colours.javascript()
    parts = dict(re.findall(r"^export const (\w+) = (.*);$", module, re.MULTILINE))
    assert list(parts) == ["light", "dark"]
    for theme, text in parts.items():
        plain = json.loads(text)
        for name in colours.RAMPS:
            assert plain[name] == ramps.written(colours.ramp(theme, name))
        of = colours.THEMES[theme]
        assert {each: plain[each] for each in ("background", "ink", "here", "came")} == {
            each: getattr(of, each) for each in ("background", "ink", "here", "came")
        }
        assert [each["colour"] for each in plain["categories"]] == list(of.categories)
        assert plain["vega"] == json.loads(json.dumps(colours.vega_config(theme)))


def test_the_theme_of_streamlit_follows():
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
    for name in colours.THEMES:
        of, told = colours.THEMES[name], theme[name]
        assert told["backgroundColor"] == of.background
        assert told["secondaryBackgroundColor"] == of.panel
        assert told["textColor"] == of.ink
        assert told["primaryColor"] == of.primary
        assert told["linkColor"] == of.link
        assert told["borderColor"] == of.line
        assert told["chartCategoricalColors"] == list(of.categories)
        assert told["chartSequentialColors"] == colours.hex_colours(name, "map", 10)
        assert told["chartDivergingColors"] == colours.hex_colours(name, "diverging", 10)
