"""Which segment of a trajectory is continued anew (vectors of A § 10)."""

from __future__ import annotations

import numpy as np
import pytest

from backend.derived.branching import segment_score
from tests.vectors.reading import block, cases

every = pytest.mark.parametrize("case", cases(block("a", "10_tool_light")))


@every
def test_a_segment_is_scored_as_tool_light_does(case):
    entropy = np.array(case["token_entropies_nats"])
    for length, expected, by_hand in zip(
        case["prefix_lengths"], case["H_avg"], case["numpy"], strict=True
    ):
        # Eight decimals in the files.
        assert segment_score(entropy, (length,))[0] == pytest.approx(expected, abs=1e-8)
        assert segment_score(entropy, (length,))[0] == pytest.approx(by_hand, abs=1e-8)


@every
def test_the_best_prefix_tells_where_to_go_on(case):
    entropy = np.array(case["token_entropies_nats"])
    assert segment_score(entropy, case["prefix_lengths"])[1] == case["argmax_prefix"]
    if case["argmax_prefix"] in case["prefix_lengths"]:
        best = case["H_avg"][case["prefix_lengths"].index(case["argmax_prefix"])]
        assert segment_score(entropy, case["prefix_lengths"])[0] == pytest.approx(best, abs=1e-8)


@every
def test_segments_are_taken_by_their_highest_score(case):
    example = case["top3_steps_example"]
    order = np.argsort(-np.array(example["step_max_entropy"]), kind="stable")
    chosen = example["selected_steps_in_order"]
    assert order[: len(chosen)].tolist() == chosen
