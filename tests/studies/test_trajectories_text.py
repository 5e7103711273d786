"""Measures of texts, and where to branch them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from backend.runs.branching import branch_points, highest_steps, segment_score
from backend.runs.trajectory_text import distinct, first_departure, overlap, self_similarity

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "vectors_a.json").read_text("utf-8"))[
    "10_tool_light"
]
LOOP = np.array([1, 2, 3, 4] * 5)
FRESH = np.arange(20)


def test_a_loop_repeats_itself_and_a_fresh_text_does_not():
    assert distinct(LOOP, 1) == 4 / 20
    assert 1 - distinct(LOOP, 4) == pytest.approx(1 - 4 / 17)
    assert distinct(FRESH, 1) == distinct(FRESH, 4) == 1


def test_what_is_shorter_than_an_n_gram_has_no_share():
    assert math.isnan(distinct(np.array([1]), 2))
    assert math.isnan(overlap(np.array([1]), np.array([2])))


def test_overlap_is_one_for_equal_and_zero_for_unrelated_texts():
    assert overlap(FRESH, FRESH) == 1
    assert overlap(FRESH, FRESH + 100) == 0
    assert overlap(np.arange(4), np.arange(1, 5)) == pytest.approx(1 / 3)
    assert self_similarity([FRESH, FRESH, FRESH + 100]) == pytest.approx(1 / 3)
    assert math.isnan(self_similarity([FRESH]))


def test_the_first_departure_counts_an_early_end_too():
    reference = np.array([5, 6, 7, 8])
    assert first_departure(reference, reference) is None
    assert first_departure(np.array([5, 6, 9, 8]), reference) == 2
    assert first_departure(np.array([5, 6, 7, -1]), reference) == 3


def test_a_segment_is_scored_as_tool_light_does():
    entropy = np.array(VECTORS["token_entropies_nats"])
    for length, expected in zip(VECTORS["prefix_lengths"], VECTORS["H_avg"], strict=True):
        assert segment_score(entropy, (length,))[0] == pytest.approx(expected, abs=1e-8)
    assert segment_score(entropy, VECTORS["prefix_lengths"])[1] == VECTORS["argmax_prefix"]


def test_of_equal_means_the_first_window_wins():
    assert segment_score(np.ones(3), (10, 20)) == (1.0, 10)


def test_branches_start_in_the_most_uncertain_segments():
    entropy = np.concatenate([np.full(10, 0.2), np.full(10, 3.0), np.full(20, 0.1)])
    points = branch_points(entropy, count=2, windows=(5, 10), stride=10)
    assert points[0] == 15
    assert len(points) == 2


def test_steps_after_the_end_are_no_branch_points():
    entropy = np.array([0.1, 2.0, 0.5, np.nan, np.nan])
    assert all(0 < each <= 2 for each in branch_points(entropy, windows=(1, 2), stride=1))
    assert branch_points(np.full(4, np.nan)) == []
    assert highest_steps(entropy, count=5, apart=1) == [1, 2, 0]


def test_the_highest_steps_keep_their_distance():
    entropy = np.array([0.0, 5.0, 4.9, 1.0, 3.0])
    assert highest_steps(entropy, count=2) == [1, 4]
