"""A run has a picture of a thumb's size, drawn from its own numbers in either theme."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from backend.charts.colours import hex_colours
from backend.charts.preview import drawing, preview
from tests.runs.makers import all_kinds, attention_run, dataset_run, text_run

SVG = "{http://www.w3.org/2000/svg}"


def boxes(written: str, theme: str = "light") -> list[dict[str, str]]:
    return [each.attrib for each in ET.fromstring(drawing(written, theme)).iter(f"{SVG}rect")]  # noqa: S314


@pytest.mark.parametrize("run", all_kinds(), ids=lambda run: run.kind)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_kind_has_a_picture(run, theme):
    written = preview(run)
    assert len(written) < 4_000
    assert boxes(written, theme)


def test_a_token_is_as_wide_as_its_letters_and_shaded_by_its_entropy():
    run = text_run("abcdefgh", width=4)
    plain = json.loads(preview(run))
    assert plain["widths"] == [4, 4]
    assert plain["shades"] == [-1, round(float(run.entropy[1]) / 7 * 255)]
    first, second = boxes(preview(run))
    assert first["fill"] == "none"
    assert second["fill"] == hex_colours("light", "text")[plain["shades"][1]]


def test_texts_of_a_data_set_are_bars_the_hardest_first():
    plain = json.loads(preview(dataset_run()))
    assert plain["shades"] == [round(2 / 7 * 255), round(1 / 7 * 255)]


def test_heads_are_a_map_of_their_means_over_the_tokens():
    entropy = np.full((2, 3, 4), 7.0, np.float32)
    entropy[0, 1] = [np.nan, 0, 0, 0]
    plain = json.loads(preview(attention_run(entropy)))
    assert plain["rows"] == [[255, 0, 255], [255, 255, 255]]


def test_long_texts_end_where_the_picture_ends():
    drawn = boxes(preview(text_run("word " * 5_000, width=5)))
    assert max(float(each["y"]) + float(each["height"]) for each in drawn) <= 72


@pytest.mark.parametrize("written", ["", "{", "[]", '{"shape": "else"}', '{"shape": "text"}'])
def test_what_is_no_preview_has_an_empty_picture(written):
    assert boxes(written) == []
