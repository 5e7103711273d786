"""The frame of a chart: nothing of its words is left out, and its exports lose nothing."""

from __future__ import annotations

import io
import json

import altair as alt
import numpy as np
import pandas as pd
import pytest

from components.figure import About
from components.picture import render
from components.table_file import frame_csv, frame_json, frames_json

WORDS = {"title": "T", "read": "R", "definition": "D", "formula": "x", "source": "S"}
HARD = pd.DataFrame(
    {
        "text": ["a\nb", "=1+1", "“ñ”", "", "x,y"],
        "tiny": [1.2345678901234567e-30, 0.1, np.pi, -0.0, 5e-324],
        "single": np.array([0.1, np.nan, 1e-20, 3, -2], np.float32),
        "wide": [np.inf, -np.inf, np.nan, 1.0, 2.0],
        "count": [1, 2, 3, 4, 5],
    }
)


def test_a_chart_explains_itself_whole():
    assert About(**WORDS).formula == "x"


@pytest.mark.parametrize("name", WORDS)
def test_words_of_a_chart_cannot_be_left_out(name):
    with pytest.raises(ValueError, match=name):
        About(**WORDS | {name: " "})


def test_json_of_a_table_keeps_every_digit_and_every_letter():
    rows = json.loads(frame_json(HARD))
    assert [row["text"] for row in rows] == list(HARD["text"])
    assert [row["tiny"] for row in rows] == list(HARD["tiny"])
    assert rows[1]["single"] is None
    assert np.float32(rows[2]["single"]) == HARD["single"][2]
    assert [row["wide"] for row in rows] == ["inf", "-inf", None, 1.0, 2.0]


def test_csv_of_a_table_keeps_every_digit_and_every_letter():
    read = pd.read_csv(
        io.StringIO(frame_csv(HARD)), keep_default_na=False,
        dtype={"tiny": float},
    )  # fmt: skip
    assert list(read["text"]) == list(HARD["text"])
    assert list(read["tiny"]) == list(HARD["tiny"])


def test_json_of_a_chart_holds_all_its_tables():
    tables = json.loads(frames_json({"bars": HARD, "mean": pd.DataFrame({"mean": [0.5]})}))
    assert tables["mean"] == [{"mean": 0.5}]
    assert len(tables["bars"]) == len(HARD)


@pytest.mark.parametrize(("theme", "background"), [("light", "#FFFFFF"), ("dark", "#10151C")])
def test_a_picture_has_the_colours_of_the_theme(theme, background):
    chart = alt.Chart(alt.NamedData("points")).mark_point().encode(x="a:Q", color="b:N")
    data = {"points": pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})}
    svg = render(chart, data, "svg", theme).decode()
    assert background.lower() in svg.lower()
