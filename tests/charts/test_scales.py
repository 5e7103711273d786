"""Shares, ticks and the words of axes: what Python, charts and browser agree on."""

from __future__ import annotations

import math

import numpy as np
import pytest
import vl_convert

from backend.charts import scales
from backend.derived.series import EFFECTIVE_CHOICES, GAP, PROBABILITY
from backend.quantities import Quantity
from backend.runs.token_numbers import ENTROPY, RANK, SURPRISAL, VARENTROPY


def test_a_linear_share_runs_from_the_low_end_to_the_high_one_and_stops_there():
    shares = scales.share(ENTROPY, np.array([-1, 0, 3.5, 7, 9, np.inf, np.nan]), 0, 7)
    np.testing.assert_array_equal(shares, [0, 0, 0.5, 1, 1, 1, np.nan])


def test_a_logarithmic_share_goes_by_ratios():
    shares = scales.share(EFFECTIVE_CHOICES, np.array([1, 10, 1000, 1e6, 0]), 1, 1000)
    np.testing.assert_allclose(shares, [0, 1 / 3, 1, 1, 0])


def test_a_difference_has_0_in_the_middle_whatever_its_ends():
    shares = scales.share(GAP, np.array([-7, 0, 7, 3.5]), -7, 2)
    np.testing.assert_array_equal(shares, [0, 0.5, 1, 0.75])


def test_a_rank_has_four_classes():
    values = np.array([1, 10, 11, 100, 101, 1000, 1001, np.nan])
    shares = scales.share(RANK, values, 1, 1000)
    np.testing.assert_allclose(shares, [0, 0, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 1, np.nan])
    assert scales.entry(RANK, values, 1, 1000).tolist() == [0, 0, 85, 85, 170, 170, 255, -1]


def test_an_entry_is_the_nearest_of_256():
    values = np.array([0, 7 / 255 * 0.49, 7 / 255 * 0.51, 7])
    assert scales.entry(ENTROPY, values, 0, 7).tolist() == [0, 0, 1, 255]


@pytest.mark.parametrize(
    ("quantity", "unit", "expected"),
    [
        (ENTROPY, "nats", [0, 1, 2, 3, 4, 5, 6, 7]),
        (ENTROPY, "bits", [0, 2, 4, 6, 8, 10]),
        (SURPRISAL, "bits", [0, 5, 10, 15, 20]),
        (GAP, "bits", [-10, -5, 0, 5, 10]),
        (PROBABILITY, "bits", [0, 20, 40, 60, 80, 100]),
        (EFFECTIVE_CHOICES, "bits", [1, 10, 100, 1000]),
        (RANK, "nats", [1, 10, 100, 1000]),
    ],
    ids=lambda each: getattr(each, "name", str(each)),
)
def test_ticks_stand_at_round_numbers_of_the_unit_shown(quantity, unit, expected):
    assert scales.ticks(quantity, unit, quantity.low, quantity.high) == expected


@pytest.mark.parametrize("ends", [(0.0, 0.07), (-3.2, 8.9), (0.001, 0.0043), (12, 1234), (0, 1e6)])
def test_ticks_are_those_that_d3_chooses(ends):
    plain = Quantity("Plain", unit="", low=ends[0], high=ends[1])
    spec = {
        "data": {"values": [{"x": ends[0]}]},
        "mark": "point",
        "encoding": {
            "x": {
                "field": "x",
                "type": "quantitative",
                "scale": {"domain": list(ends), "nice": False},
                "axis": {"tickCount": scales.TICKS, "format": "r", "labelOverlap": False},
            }
        },
    }
    drawn = vl_convert.vegalite_to_scenegraph(spec)
    texts = [each for each in labels(drawn) if each]
    assert [float(each.replace("−", "-")) for each in texts] == pytest.approx(
        scales.ticks(plain, "nats", *ends)
    )


def labels(node):
    """Yield the texts of an axis's labels, wherever they are in a scene graph."""
    if isinstance(node, dict):
        if node.get("role") == "axis-label":
            yield from (str(item.get("text", "")) for item in node["items"])
        for value in node.values():
            yield from labels(value)
    elif isinstance(node, list):
        for each in node:
            yield from labels(each)


def test_words_follow_the_unit_by_expressions():
    assert scales.label_text(ENTROPY) == "'Entropy (' + unit_name + ')'"
    assert scales.label_text(VARENTROPY) == "'Varentropy (' + unit_name + '²' + ')'"
    assert scales.label_text(PROBABILITY) == "'Probability (' + '%' + ')'"
    assert scales.label_text(RANK) == "'Rank'"


def test_only_information_is_multiplied_by_the_factor():
    assert scales.in_unit(ENTROPY) == "factor"
    assert scales.in_unit(VARENTROPY) == "pow(factor, 2)"
    assert scales.in_unit(PROBABILITY) == "100"
    assert scales.in_unit(RANK) == "1"
    assert scales.end(ENTROPY, 7) == {"expr": "7.0 * factor"}
    assert scales.end(RANK, 1000) == {"expr": "1000.0"}


def test_the_factor_of_bits_is_that_of_the_quantity():
    assert ENTROPY.factor("bits") == pytest.approx(1 / math.log(2))
    assert VARENTROPY.factor("bits") == pytest.approx(1 / math.log(2) ** 2)
