"""Drawing a pattern: what a query does not see, labels that stay text, and what is hidden."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from backend.runs import AttentionRun
from components.attention.pattern import CELLS, Wanted
from components.attention.pattern_chart import pattern_about, pattern_chart, pattern_data, seen
from tests.runs.makers import attention_run


def make_run(tokens: int, window: int | None = None, text: str = "") -> AttentionRun:
    """Return a run whose queries see all tokens up to themselves, or the last ``window`` ones."""
    run = attention_run(np.zeros((2, 3, tokens), np.float32))
    visible = np.minimum(np.arange(1, tokens + 1), window or tokens)
    highest = np.tile(np.log(visible).astype(np.float32), (2, 1))
    return dataclasses.replace(run, max_entropy=highest, tokens=[text or "x"] * tokens)


@pytest.mark.parametrize("window", [None, 3])
def test_a_query_sees_the_last_tokens_up_to_itself(window):
    run = make_run(8, window)
    behind = np.arange(8)[:, None] - np.arange(8)
    expected = (behind >= 0) & (behind < (window or 8))
    np.testing.assert_array_equal(seen(run, Wanted("", 1, 0)), expected)
    np.testing.assert_array_equal(seen(run, Wanted("", 1, 0, rows=(2, 5))), expected[2:5])


def test_a_field_of_an_overview_is_seen_when_any_of_its_tokens_is():
    tokens, width = 2 * CELLS + 1, 3
    run = make_run(tokens, 10)
    whole = seen(run, Wanted("", 0, 0))
    part = Wanted("", 0, 0, cells=CELLS)
    padded = np.pad(whole, (0, -tokens % width))
    fields = padded.reshape(len(padded) // width, width, -1, width).any((1, 3))
    np.testing.assert_array_equal(seen(run, part), fields)
    assert part.shape(tokens) == fields.shape


def test_a_query_that_sees_nothing_has_an_empty_row():
    run = make_run(4)
    highest = run.max_entropy.copy()
    highest[0, 1] = np.nan
    assert not seen(dataclasses.replace(run, max_entropy=highest), Wanted("", 0, 0))[1].any()


def test_weights_outside_the_window_are_empty_in_picture_and_data():
    run, part = make_run(6, 2), Wanted("", 0, 0)
    weights = np.full((6, 6), 0.5, np.float32)
    drawn = np.asarray(pattern_chart(run, part, weights, None, hide_first=False).data[0].z)
    told = pattern_data(run, part, weights)["weights"].iloc[:, 1:].to_numpy()
    for values in (drawn, told):
        assert np.isnan(values[5, :4]).all()
        assert values[5, 4:].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("cells", [None, CELLS])
def test_the_first_token_is_hidden_in_the_whole_and_in_the_overview(cells):
    run = make_run(2 * CELLS)
    part = Wanted("", 0, 0, cells=cells)
    weights = np.full(part.shape(len(run)), 0.5, np.float32)
    drawn = np.asarray(pattern_chart(run, part, weights, None, hide_first=True).data[0].z)
    assert np.isnan(drawn[:, 0]).all()
    assert not np.isnan(drawn[-1, 1:]).any()


def test_labels_are_text_even_where_plotly_would_read_html():
    run, part = make_run(3, text="<b>&lt;</b>"), Wanted("", 0, 0)
    weights = np.zeros((3, 3), np.float32)
    names = pattern_chart(run, part, weights, None, hide_first=False).data[0].x
    assert names[1] == "1 &lt;b&gt;&amp;lt;&lt;/b&gt;"
    assert pattern_data(run, part, weights)["weights"].columns[2] == "1 <b>&lt;</b>"


@pytest.mark.parametrize(("rows", "shown"), [((0, 64), (0, 63)), ((576, 640), (512, 639))])
def test_rows_of_a_long_text_open_at_the_columns_near_them(rows, shown):
    run, part = make_run(1100), Wanted("", 0, 0, rows=rows)
    weights = np.zeros(part.shape(1100), np.float32)
    axis = pattern_chart(run, part, weights, rows[0], False).layout.xaxis
    assert axis.range == (shown[0] - 0.5, shown[1] + 0.5)
    assert "double-click to see all" in pattern_about(run, part, False).read
