"""Curves and figures of a stored text run, without any model."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from backend.derived import series
from backend.errors import InputError
from backend.storage.plain import to_plain
from tests.runs.makers import FACTS, text_run


def run_with(**arrays: list[float]):
    """A run of single characters with these numbers; position 0 has none."""
    length = 1 + len(next(iter(arrays.values())))
    full = {name: np.array([np.nan, *values], np.float32) for name, values in arrays.items()}
    return dataclasses.replace(text_run("abcdefghijklmnop"[:length], width=1), **full)


def test_a_window_begins_with_its_token():
    means = series.window_mean(np.array([1.0, 2.0, 6.0, 4.0]), 3)
    np.testing.assert_allclose(means, [3.0, 4.0, math.nan, math.nan])


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (1, [1, 2, 3, 4]),
        (3, [math.nan, 2, 3, math.nan]),
        (4, [math.nan, math.nan, 2.5, math.nan]),
        (5, [math.nan] * 4),
    ],
)
def test_a_centred_window_lies_around_its_token(width, expected):
    means = series.window_mean(np.array([1.0, 2.0, 3.0, 4.0]), width, centred=True)
    np.testing.assert_allclose(means, expected)


def test_a_window_over_a_missing_number_has_no_mean():
    means = series.window_mean(np.array([np.nan, 1.0, 3.0]), 2)
    np.testing.assert_allclose(means, [math.nan, 2.0, math.nan])


@pytest.mark.parametrize("width", [0, -1])
def test_a_window_without_width_is_refused(width):
    with pytest.raises(InputError, match="at least 1"):
        series.window_mean(np.zeros(3), width)


def test_the_walk_sums_the_gap_and_the_band_its_variance():
    run = run_with(entropy=[1.0, 2.0], surprisal=[1.5, 0.5], varentropy=[4.0, 5.0])
    found = series.gap_walk(run)
    np.testing.assert_allclose(found.walk, [math.nan, 0.5, -1.0])
    np.testing.assert_allclose(found.band, [math.nan, 4.0, 6.0])


def test_figures_cover_the_scored_tokens_only():
    run = run_with(entropy=[1.0, 3.0], surprisal=[math.log(2), math.log(8)], rank=[1.0, 4.0])
    figures = series.summarise(run)
    assert (figures.tokens, figures.scored) == (3, 2)
    assert figures.mean_entropy == 2.0
    assert figures.perplexity == pytest.approx(4.0)
    assert figures.top1_share == 0.5
    # 1 bit and 3 bits for two characters of one byte each.
    assert figures.bits_per_character == pytest.approx(2.0)
    assert figures.bits_per_byte == pytest.approx(2.0)


def test_bits_per_byte_counts_utf8_bytes():
    run = dataclasses.replace(
        text_run("aé", width=1), surprisal=np.array([np.nan, math.log(16)], np.float32)
    )
    figures = series.summarise(run)
    assert figures.bits_per_character == pytest.approx(4.0)
    assert figures.bits_per_byte == pytest.approx(2.0)


def test_a_character_whose_first_piece_is_not_scored_is_not_counted():
    run = dataclasses.replace(
        text_run("éab", width=1),
        groups=np.array([0, 0, 1], np.int32),
        offsets=np.array([[0, 1], [0, 1], [1, 2]], np.int32),
        surprisal=np.array([np.nan, 9.0, math.log(8)], np.float32),
    )
    assert series.summarise(run).bits_per_character == pytest.approx(3.0)


def test_a_text_without_predictions_has_no_figures():
    figures = series.summarise(text_run("ab", width=2))
    assert figures.scored == 0
    for name in ("mean_entropy", "perplexity", "bits_per_byte", "top1_share", "gap_z"):
        assert math.isnan(getattr(figures, name))


def test_bits_are_nats_over_ln_2_and_squared_for_a_variance():
    nats = np.array([math.log(2)])
    assert series.to_unit(nats, "nats")[0] == nats[0]
    assert series.to_unit(nats, "bits")[0] == pytest.approx(1.0)
    assert series.to_unit(nats**2, "bits", power=2)[0] == pytest.approx(1.0)
    with pytest.raises(InputError, match=r"nats.*bits"):
        series.to_unit(nats, "hartleys")


def test_entropy_as_choices_and_as_share_of_the_most_there_can_be():
    run = run_with(entropy=[0.0, math.log(FACTS.vocab_size)])
    np.testing.assert_allclose(series.effective_choices(run.entropy)[1:], [1, 50], rtol=1e-6)
    np.testing.assert_allclose(series.normalised_entropy(run)[1:], [0, 1], rtol=1e-6)


def test_tail_mass_is_what_the_stored_tokens_leave():
    run = dataclasses.replace(
        text_run("abcdef"), top_logprobs=np.log(np.array([[np.nan, 1], [0.5, 0.25]], np.float32))
    )
    np.testing.assert_allclose(series.tail_mass(run), [math.nan, 0.25], atol=1e-6)


def test_probability_is_that_of_the_token_that_came():
    run = run_with(surprisal=[math.log(4)])
    np.testing.assert_allclose(series.probability(run), [math.nan, 0.25])


def test_plain_runs_are_strict_json():
    run = dataclasses.replace(
        text_run(), surprisal=np.array([np.nan, np.inf, *[1.0] * 6], np.float32)
    )
    plain = json.loads(json.dumps(to_plain(run), allow_nan=False))
    assert plain["kind"] == "text"
    assert plain["surprisal"][:3] == [None, "inf", 1.0]
    assert plain["request"]["text"] == run.text
    assert plain["token_ids"] == run.token_ids.tolist()
