"""Measures of texts, and where to branch them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from backend.derived.branching import branch_points, segment_score
from backend.derived.trajectory_text import distinct, overlap, text_measures
from backend.storage.files import load_run

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


def test_a_run_has_one_row_of_measures_a_trajectory():
    run = load_run(Path(__file__).parents[2] / "examples" / "trajectories_classics.safetensors")
    found = text_measures(run)
    assert [(each.sampler, each.seed) for each in found[:4]] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    greedy = found[0]
    assert greedy.similarity == 1  # the same text for every seed
    assert greedy.tokens == run.lengths[0, 0]
    assert greedy.perplexity == pytest.approx(np.exp(run.surprisal[0, 0].mean()), rel=1e-5)
    assert found[4].similarity < 0.5
