"""What the charts draw: values in the unit shown, the pin, what is said of what is not drawn."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import numpy as np
import pytest

from backend.charts import colours, scales
from backend.charts.against import Of, against_chart
from backend.charts.along import COLUMNS, LONG, Line, along_chart
from backend.charts.bars import bars_chart
from backend.charts.candidates import Candidate, candidates_chart
from backend.charts.cumulative import cumulative_chart
from backend.charts.head_layers import depth_chart, flags_chart, quarters_chart
from backend.charts.map import MOST_COLUMNS, map_chart
from backend.charts.places import Places
from backend.charts.render import render
from backend.charts.spread import BINS, spread_chart
from backend.charts.strip import LINE_CELLS, strip_chart
from backend.derived.series import EFFECTIVE_CHOICES, GAP
from backend.errors import InputError
from backend.runs.residual_norms import RESIDUAL_NORM
from backend.runs.token_numbers import ENTROPY, RANK, SURPRISAL, VARENTROPY
from tests.charts.drawn import marks, scene, with_signals, words

BIT = 1 / math.log(2)
UNITS = pytest.mark.parametrize(("unit", "factor"), [("nats", 1.0), ("bits", BIT)])


def tokens(count: int) -> Places:
    return Places("token", [f"{place} t{place}" for place in range(count)], "token", counted=False)


def rows(count: int, name: str = "row") -> Places:
    return Places(name, [str(place) for place in range(count)], name)


def described(items, field: str) -> list[float]:
    """Return a field of marks as their descriptions tell it."""
    found = [re.search(rf"{field}: (−?[\d.e+-]+)", each.get("description", "")) for each in items]
    return [float(each[1].replace("−", "-")) for each in found if each]


@UNITS
def test_lines_stand_at_the_values_of_the_unit_shown(unit, factor):
    values = np.array([np.nan, 1, 2, 0.5], np.float32)
    spec = along_chart([Line("Entropy", values, ENTROPY)], tokens(4), unit)
    drawn = list(marks(scene(spec), "symbol"))
    np.testing.assert_allclose(described(drawn, "value"), values[1:] * factor, rtol=1e-5)
    assert f"Entropy ({unit})" in words(scene(spec))


def test_the_unit_follows_a_signal_without_a_new_specification():
    spec = along_chart([Line("V", np.array([1.0, 2.0]), VARENTROPY)], tokens(2), "nats")
    drawn = scene(with_signals(spec, factor=BIT))
    np.testing.assert_allclose(
        described(marks(drawn, "symbol"), "value"), [BIT**2, 2 * BIT**2], rtol=1e-5
    )
    assert "Varentropy (bits²)" in words(drawn)
    assert "Varentropy (nats²)" in words(scene(spec))


def test_the_pin_follows_a_signal_and_none_is_drawn_at_first():
    spec = along_chart([Line("Entropy", np.arange(5.0), ENTROPY)], tokens(5), "nats")
    assert list(marks(scene(spec), "rule")) == []
    (pin,) = marks(scene(with_signals(spec, cursor=3)), "rule")
    places = {each["description"]: each["x"] for each in marks(scene(spec), "symbol")}
    assert pin["x"] == pytest.approx(next(x for text, x in places.items() if "token: 3" in text))


def test_every_further_line_has_a_dash_of_its_own():
    lines = [Line(name, np.arange(3.0), ENTROPY) for name in "abc"]
    spec = along_chart(lines, tokens(3), "nats")
    dashes = {str(each.get("strokeDash")) for each in marks(scene(spec), "line")}
    assert len(dashes) == 3


def test_limits_are_dotted_or_dashed_and_carry_their_names():
    lines = [
        Line("L0.H0", np.ones(3), ENTROPY),
        Line("Maximum", np.full(3, 2.0), ENTROPY, "ceiling"),
        Line("Least", np.full(3, 0.1), ENTROPY, "floor"),
    ]
    drawn = scene(along_chart(lines, tokens(3), "nats"))
    assert {"Maximum", "Least"} <= set(words(drawn))
    assert len(list(marks(drawn, "symbol"))) == 3, "limits have no dots to press"


def test_infinite_values_are_said_not_drawn():
    values = np.array([1, np.inf, 2, -np.inf])
    drawn = scene(along_chart([Line("s", values, SURPRISAL)], tokens(4), "nats"))
    assert described(marks(drawn, "symbol"), "value") == [1, 2]
    assert "2 infinite values are not drawn." in words(drawn)


def test_a_logarithmic_axis_has_powers_of_ten_and_leaves_out_what_it_cannot_hold():
    values = np.array([0, 3, 40, 5000.0])
    drawn = scene(along_chart([Line("n", values, RESIDUAL_NORM)], rows(4, "depth"), "nats"))
    assert described(marks(drawn, "symbol"), "value") == [3, 40, 5000]
    assert {"10", "100", "1,000"} <= set(words(drawn))


def test_lines_of_different_units_have_no_common_axis():
    lines = [Line("H", np.ones(2), ENTROPY), Line("V", np.ones(2), VARENTROPY)]
    with pytest.raises(ValueError, match="one unit"):
        along_chart(lines, tokens(2), "nats")


def test_a_long_series_is_drawn_as_mean_and_range_of_columns():
    random = np.random.default_rng(0)
    count = 4 * COLUMNS
    values = random.gamma(2, 1, count)
    values[0] = np.nan
    spec = along_chart([Line("Entropy", values, ENTROPY)], tokens(count), "nats")
    assert count > LONG
    drawn = scene(spec)
    means = described(marks(drawn, "symbol"), "value")
    assert len(means) == COLUMNS
    columns = values.reshape(COLUMNS, 4)
    np.testing.assert_allclose(means, np.nanmean(columns, 1), rtol=1e-5)
    assert any("600 columns" in each for each in words(drawn))


def test_a_brush_shows_a_part_of_a_long_series_in_all_its_values():
    count = 3 * LONG
    spec = along_chart([Line("Entropy", np.arange(float(count)), ENTROPY)], tokens(count), "nats")
    # What a drag over the lower picture sets.
    for part in spec["params"]:
        if part["name"] == "zoom":
            part["value"] = {"x": [100, 149]}
    values = described(marks(scene(spec), "symbol"), "value")
    assert values == list(range(100, 150))


@pytest.mark.parametrize("unit", ["nats", "bits"])
def test_a_map_has_a_field_for_every_value_and_greys_what_is_not_known(unit):
    values = np.array([[1, np.nan, 3], [4, 5, 6.0]])
    drawn = scene(map_chart(values, ENTROPY, rows(2, "layer"), tokens(3), unit))
    fields = list(marks(drawn, "rect"))
    assert len(fields) == 6
    assert sum(each["opacity"] < 1 for each in fields if "opacity" in each) == 1
    assert len({each["fill"] for each in fields}) == 6
    assert f"Entropy ({unit})" in words(drawn)


def test_a_wide_map_shows_the_largest_of_several_columns_and_says_so():
    count = 3 * MOST_COLUMNS
    values = np.random.default_rng(0).random((2, count))
    values[0, 600] = 6.5
    spec = map_chart(values, ENTROPY, rows(2, "layer"), tokens(count), "nats")
    fields = spec["datasets"]["points"]
    assert len(fields) == 2 * MOST_COLUMNS
    brightest = max(fields, key=lambda each: each["value"])
    assert (brightest["token"], brightest["layer"], brightest["value"]) == (600, 0, 6.5)
    assert "3 tokens to a field, at their largest value." in words(scene(spec))


def test_a_cursor_of_a_head_frames_one_field():
    spec = map_chart(np.ones((3, 4)), ENTROPY, rows(3, "layer"), rows(4, "head"), "nats")
    plain, pinned = (
        list(marks(scene(with_signals(spec, cursor=each)), "rect")) for each in (-1, 2_0003)
    )
    assert len(pinned) == len(plain) + 1
    frame = pinned[-1]
    assert (frame["x"], frame["y"]) == pytest.approx((480, 80))


def test_the_bars_of_a_histogram_count_every_value_infinite_ones_at_the_ends():
    values = np.array([np.nan, 0, 1, 1, 7, 9, np.inf, -1])
    spec = spread_chart(values, ENTROPY, tokens(8), "nats")
    bars = spec["datasets"]["bars"]
    assert sum(each["count"] for each in bars) == 7
    assert len(bars) == BINS
    assert (bars[0]["count"], bars[-1]["count"]) == (2, 3)
    assert spec["datasets"]["mean"] == [{"value": None}], "an infinite mean is not drawn"


def test_the_mean_of_a_histogram_stands_at_its_value():
    spec = spread_chart(np.array([np.nan, 1, 2, 3.0]), ENTROPY, tokens(4), "nats")
    (rule,) = marks(scene(spec), "rule")
    assert rule["x"] == pytest.approx(640 * 2 / 7)
    (mean, pin) = marks(scene(with_signals(spec, cursor=3)), "rule")
    assert (mean["x"], pin["x"]) == pytest.approx((640 * 2 / 7, 640 * 3 / 7))


def test_a_histogram_of_ranks_has_their_four_classes():
    spec = spread_chart(np.array([1, 2, 11, 5000.0]), RANK, tokens(4), "nats")
    assert [each["count"] for each in spec["datasets"]["bars"]] == [2, 1, 1]


def test_a_scatter_grows_beyond_the_fixed_range_and_rings_the_pin():
    x, y = Of(np.array([1, 9, np.nan]), ENTROPY), Of(np.array([1, 2, 3.0]), VARENTROPY)
    spec = against_chart(x, y, tokens(3), "nats")
    assert len(list(marks(scene(spec), "symbol"))) == 2
    *dots, ring = marks(scene(with_signals(spec, cursor=1)), "symbol")
    assert (ring["x"], ring["y"]) == (dots[1]["x"], dots[1]["y"])
    assert dots[1]["x"] == pytest.approx(640), "9 is the end of the axis now"


def test_groups_of_a_scatter_differ_by_shape_and_have_a_mean_each():
    x, y = Of(np.array([1, 3, 5, 7.0]), ENTROPY), Of(np.ones(4), VARENTROPY)
    spec = against_chart(x, y, tokens(4), "nats", groups=["a", "a", "b", "b"])
    drawn = list(marks(scene(spec), "symbol"))
    assert len(drawn) == 6
    assert len({each["shape"] for each in drawn}) == 2
    means = [each["x"] for each in drawn if each["size"] > 100]
    assert means == pytest.approx([640 * 2 / 7, 640 * 6 / 7])


def test_bars_carry_their_number_in_the_unit_shown():
    spec = bars_chart(np.array([1, np.nan, 3.0]), ENTROPY, rows(3, "layer"), "bits")
    said = words(scene(spec))
    assert {"1.443 bits", "4.328 bits", "–", "Entropy (bits)"} <= set(said)


def test_candidates_stand_in_their_order_with_what_came_marked():
    given = [
        Candidate("b", 0.5, 1),
        Candidate("a", 0.3, 2, came=True),
        Candidate("zz", 0.00001, 3),
        Candidate("9 others", 0.19999),
    ]
    drawn = scene(candidates_chart(given))
    labels = {each["text"]: each["y"] for each in marks(drawn, "text") if "%" not in each["text"]}
    assert sorted(labels, key=labels.__getitem__) == ["1 b", "▸ 2 a", "3 zz", "9 others"]
    assert {"50.00%", "30.00%", "<0.01%", "20.00%"} <= set(words(drawn))
    assert len({each["fill"] for each in marks(drawn, "rect")}) == 3


def test_a_cumulative_curve_marks_the_rank_that_came():
    drawn = scene(cumulative_chart(np.array([1, 2, 100]), np.array([0.5, 0.6, 1]), 2.0, 100))
    (rule,) = marks(drawn, "rule")
    assert rule["x"] == pytest.approx(640 * math.log(2) / math.log(100))
    assert list(marks(scene(cumulative_chart(np.ones(1), np.ones(1), math.nan, 9)), "rule")) == []


def test_tokens_of_a_strip_fill_lines_without_overlap():
    words_ = [" word", "漢字", "", "\n", "é" * 30, "x" * 100, "\u202e"] * 9
    spec = strip_chart(words_, np.linspace(0, 7, len(words_)), ENTROPY, "nats")
    by_line: dict[int, list] = {}
    for each in spec["datasets"]["points"]:
        by_line.setdefault(each["line"], []).append((each["left"], each["right"]))
    for spans in by_line.values():
        assert all(one[1] <= other[0] for one, other in pairwise(spans))
        assert all(stop <= LINE_CELLS or start == 0 for start, stop in spans)
    assert not any("\n" in each["text"] for each in spec["datasets"]["points"])


def test_the_colour_of_a_strip_is_that_of_the_ramp_behind_text():
    values = np.array([np.nan, 0, 3.5, 7])
    drawn = scene(strip_chart(["a", "b", "c", "d"], values, ENTROPY, "nats"))
    fills = [each["fill"] for each in marks(drawn, "rect") if each.get("fill")]
    table = colours.ramp("light", "text")
    wanted = [table[each] for each in scales.entry(ENTROPY, values[1:], 0, 7)]
    found = [[int(part) for part in re.findall(r"\d+", each)[:3]] for each in fills]
    # Vega goes through 64 colours of the ramp and interpolates between them.
    assert np.abs(np.array(found, int) - np.array(wanted, int)).max() <= 3


def test_a_difference_of_0_gets_no_ink_in_a_strip():
    drawn = scene(strip_chart(["a", "b"], np.array([0.0, 7.0]), GAP, "nats"))
    fills = [each["fill"] for each in marks(drawn, "rect") if each.get("fill")]
    assert fills[0] == "rgb(255, 255, 255)"
    assert len(list(marks(drawn, "rule"))) == 1, "only the second is underlined"


def test_heads_by_layer_follow_the_thresholds():
    entropy = np.array([[1, 2, 3, 4], [np.nan, 0.1, 4, 4.0]])
    spec = flags_chart(entropy, "nats", {"one": 4.0, "upper": 0.75, "lower": 0.05})
    heights = described(marks(scene(spec), "rect"), "height")
    assert sorted(heights) == [-1, 2, 2]
    moved = with_signals(spec, upper=1.0)
    assert sorted(described(marks(scene(moved), "rect"), "height")) == [-1, 1, 2]
    quarters = quarters_chart(entropy, "nats", {"one": 4.0})
    assert len(list(marks(scene(quarters), "rect"))) == 5
    depth = depth_chart(entropy, ENTROPY, "nats")
    assert len(list(marks(scene(depth), "symbol"))) == 7


def test_a_scatter_on_a_logarithmic_axis_leaves_out_what_it_cannot_hold():
    x = Of(np.array([0, 10, 100.0]), EFFECTIVE_CHOICES)
    drawn = scene(against_chart(x, Of(np.ones(3), ENTROPY), tokens(3), "nats"))
    found = [each["x"] for each in marks(drawn, "symbol")]
    assert found == pytest.approx([640 / 3, 1280 / 3])


def test_pictures_are_made_of_charts_with_the_background_of_the_theme():
    spec = bars_chart(np.ones(2), ENTROPY, rows(2, "layer"), "nats")
    assert render(spec, "png", "dark")[:8] == b"\x89PNG\r\n\x1a\n"
    assert b"#10151C" in render(spec, "svg", "dark")
    assert b"#FFFFFF" in render(spec, "svg", "light")


def test_a_picture_fetches_nothing():
    spec = {"data": {"url": "https://example.org/x.json"}, "mark": "point"}
    with pytest.raises(ValueError, match="not allowed"):
        render(spec, "svg")


@pytest.mark.parametrize(("kind", "theme"), [("gif", "light"), ("svg", "sepia")])
def test_an_unknown_kind_of_picture_or_theme_is_refused(kind, theme):
    with pytest.raises(InputError, match="not"):
        render(bars_chart(np.ones(1), ENTROPY, rows(1), "nats"), kind, theme)
