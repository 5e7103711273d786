"""Window entropy, its thresholds and what they are worth (vectors of A § 9).

The published code's score of an answer is not rebuilt; the paper's terms are.
"""

from __future__ import annotations

import numpy as np
import pytest

from backend.derived import ares
from backend.derived.series import window_mean
from tests.vectors.reading import block, cases

BLOCK = block("a", "9_ares")
WIDTH = BLOCK["w"]
WITH_TAIL = np.array(BLOCK["token_entropy_with_tail_bucket"])
NO_TAIL = np.array(BLOCK["token_entropy_no_tail"])
# Eight decimals in the files, of float32 inside.
CLOSE = 2e-7


def known(means):
    """Return the windows that lie inside the text."""
    return means[~np.isnan(means)]


@pytest.mark.parametrize(("tail", "expected"), [(True, WITH_TAIL), (False, NO_TAIL)])
def test_the_entropy_of_every_token_with_and_without_the_rest_as_one_outcome(tail, expected):
    found = [ares.top_entropy(np.array(each), tail=tail) for each in BLOCK["top_logprob_probs"]]
    np.testing.assert_allclose(found, expected, atol=CLOSE)
    np.testing.assert_allclose(np.mean(found), np.mean(expected), atol=CLOSE)


def test_the_mean_over_the_text():
    mean = BLOCK["mean_sequence_entropy_code"]
    # Six decimals in the files.
    assert WITH_TAIL.mean() == pytest.approx(mean, abs=2e-6)


def test_the_window_of_the_paper_begins_with_its_token():
    expected = BLOCK["window_entropy_paper_t_to_t_plus_w_minus_1"]
    means = window_mean(WITH_TAIL, WIDTH)
    np.testing.assert_allclose(known(means), expected, atol=CLOSE)
    assert np.isnan(means[len(expected) :]).all()


def test_the_window_of_the_code_begins_with_the_next_token():
    expected = BLOCK["window_entropy_code_next_w_tokens"]
    means = ares.next_window_mean(WITH_TAIL, WIDTH)
    np.testing.assert_allclose(known(means), expected, atol=CLOSE)
    assert len(means) == len(WITH_TAIL)


def test_the_threshold_of_the_paper_is_a_percentile_of_tokens():
    found = ares.paper_threshold(WITH_TAIL)
    assert found == pytest.approx(BLOCK["tau_paper_95pct_of_token_entropy"], abs=CLOSE)


def test_the_threshold_of_the_code_is_a_percentile_of_windows():
    found = ares.code_threshold(NO_TAIL, WIDTH)
    # Six decimals in the files.
    assert found == pytest.approx(BLOCK["tau_code_95pct_of_window_means_no_tail"], abs=2e-6)


@pytest.mark.parametrize("case", cases(BLOCK["trigger_example"]))
def test_windows_above_a_threshold_are_counted(case):
    means = ares.next_window_mean(WITH_TAIL, WIDTH)
    above = ares.triggers(means, case["threshold"])
    assert case["all_tokens_match_reasoning_set"]
    assert above.sum() == case["valid"]
    assert len(known(means)) - above.sum() == case["invalid"]
    assert ares.soft_cost(means, case["threshold"]) == pytest.approx(case["soft_cost"], abs=2e-6)


@pytest.mark.parametrize("case", cases(BLOCK["reward"]))
def test_what_the_paper_takes_off_for_too_many_or_too_few(case):
    given = case["difficulty"], case["N_HE"], case["target"]
    assert ares.surplus(*given) == case["paper_g_d"]
    applies = case["acc"] == 0
    assert applies == case["paper_penalty_applies"]
    expected = case["acc"] - (0.25 * case["paper_g_d"] if applies else 0)
    assert ares.reward(case["acc"], *given, weight=0.25) == expected
