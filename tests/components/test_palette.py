"""The palettes: what every picture of the project relies on."""

import altair
import numpy as np
import plotly.graph_objects as go
import pytest

from components import palette

EVERY_PALETTE = pytest.mark.parametrize("name", palette.PALETTES)


@EVERY_PALETTE
def test_a_palette_has_256_colours_that_all_but_never_repeat(name):
    table = palette.lookup(name)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    # Where the map changes slowest, rounding to whole channels may make two neighbours equal.
    assert len(np.unique(table, axis=0)) >= 250


@pytest.mark.parametrize("name", ["viridis", "cividis"])
def test_a_sequential_palette_gets_lighter_all_the_way(name):
    # Rounding to whole channels may cost less than a five-hundredth of the range at one step.
    assert np.diff(palette.luminance(palette.lookup(name))).min() > -0.002


def test_the_diverging_palette_is_lightest_in_the_middle():
    light = palette.luminance(palette.lookup("diverging"))
    assert 127 <= light.argmax() <= 128
    # One step in rounding a channel may go against the trend by a thousandth of the range.
    assert np.diff(light[:128]).min() > -0.001
    assert np.diff(light[128:]).max() < 0.001


def test_negative_differences_are_purple_and_positive_ones_orange():
    lowest, highest = palette.lookup("diverging")[[40, 215]].astype(int)
    assert lowest[2] > lowest[0]
    assert highest[0] > highest[2]


def test_viridis_runs_from_dark_purple_to_yellow():
    assert palette.hex_colours("viridis", 2) == ["#440154", "#fde725"]


def test_a_palette_cannot_be_changed_by_its_users():
    with pytest.raises(ValueError, match="read-only"):
        palette.lookup("viridis")[0] = 0


@EVERY_PALETTE
def test_text_is_readable_on_every_colour(name):
    background = palette.lookup(name)
    light = palette.luminance(background)
    ink = palette.luminance(
        np.array(
            [[0, 0, 0] if palette.ink_on(rgb) == "#000000" else [255] * 3 for rgb in background]
        )
    )
    contrast = (np.maximum(light, ink) + 0.05) / (np.minimum(light, ink) + 0.05)
    assert contrast.min() >= 4.5  # WCAG AA for running text


def test_ink_is_black_on_white_and_white_on_black():
    assert palette.ink_on((255, 255, 255)) == "#000000"
    assert palette.ink_on((0, 0, 0)) == "#ffffff"


@EVERY_PALETTE
def test_plotly_and_altair_know_the_names(name):
    known = palette.PALETTES[name]
    go.Heatmap(z=[[0, 1]], colorscale=known.plotly)
    altair.Scale(scheme=known.altair).to_dict()


@EVERY_PALETTE
def test_plotly_paints_the_colours_of_the_table(name):
    from plotly.colors import sample_colorscale, unlabel_rgb

    places = [0.0, 0.1, 0.35, 0.5, 0.8, 1.0]
    painted = [
        unlabel_rgb(each) for each in sample_colorscale(palette.PALETTES[name].plotly, places)
    ]
    ours = palette.lookup(name)[np.rint(np.array(places) * 255).astype(int)].astype(float)
    # A place falls up to half an entry beside ours; no channel changes faster than 3 per entry.
    assert np.abs(np.array(painted) - ours).max() <= 2
