"""Differences are exact where the numbers are, and bounds where only the tops are known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from backend.derived.bounds import divergence_bounds, share_vocabulary
from backend.derived.compare import compare_heads, compare_text, summarise_difference
from backend.derived.compare_paths import compare_paths
from backend.errors import InputError
from tests.runs.makers import attention_run, text_run, trajectory_run


def with_distributions(logits: np.ndarray, top_k: int):
    """Return a run whose stored tops are those of ``logits`` [T, V]."""
    run = text_run("x" * len(logits), width=1, top_k=top_k)
    logprobs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    ids = np.argsort(-logprobs, axis=1)[:, :top_k]
    top = np.take_along_axis(logprobs, ids, 1).astype(np.float32)
    top[0] = np.nan
    return replace(run, top_ids=ids.astype(np.int32), top_logprobs=top), logprobs


def kl(log_p: np.ndarray, log_q: np.ndarray) -> np.ndarray:
    return (np.exp(log_p) * (log_p - log_q)).sum(1)


@pytest.mark.parametrize("top_k", [1, 5, 20, 50])
@pytest.mark.parametrize("distance", [0.0, 0.3, 5.0])
def test_the_bounds_hold_the_true_divergences(top_k, distance):
    random = np.random.default_rng(top_k)
    logits = random.normal(size=(200, 50)) * 3
    a, log_p = with_distributions(logits, top_k)
    b, log_q = with_distributions(logits + distance * random.normal(size=logits.shape), top_k)
    everywhere = np.arange(1, 200)
    bounds = divergence_bounds(a, b, everywhere, everywhere)
    log_p, log_q = log_p[1:], log_q[1:]
    middle = np.logaddexp(log_p, log_q) - math.log(2)
    js = (kl(log_p, middle) + kl(log_q, middle)) / 2
    # The runs store float32, and the rest beside the tops counts from 1e-6.
    assert (bounds.kl_ab <= kl(log_p, log_q) + 1e-5).all()
    assert (bounds.kl_ba <= kl(log_q, log_p) + 1e-5).all()
    assert (bounds.js_low <= js + 1e-5).all()
    assert (bounds.js_high >= js - 1e-5).all()


def test_bounds_are_exact_when_the_top_is_the_whole_vocabulary():
    random = np.random.default_rng(1)
    a, log_p = with_distributions(random.normal(size=(20, 50)), 50)
    b, log_q = with_distributions(random.normal(size=(20, 50)), 50)
    bounds = divergence_bounds(a, b, np.arange(20), np.arange(20))
    np.testing.assert_allclose(bounds.kl_ab[1:], kl(log_p, log_q)[1:], atol=1e-5)
    np.testing.assert_allclose(bounds.js_low[1:], bounds.js_high[1:], atol=1e-5)
    np.testing.assert_allclose(bounds.known[1:], 1, atol=1e-5)
    assert np.isnan(bounds.kl_ab[0])


def test_models_share_a_vocabulary_when_their_ids_mean_the_same():
    run = text_run()
    assert share_vocabulary(run, run)
    renamed = {number: f"other {text}" for number, text in run.vocabulary.items()}
    assert not share_vocabulary(run, replace(run, vocabulary=renamed))


def test_a_run_does_not_differ_from_itself():
    comparison = compare_text(text_run(), text_run())
    np.testing.assert_array_equal(comparison.difference("entropy")[1:], 0)
    summary = summarise_difference(comparison, "entropy")
    assert (summary.mean, summary.mean_absolute, summary.higher) == (0, 0, 0)
    assert summary.correlation == pytest.approx(1)
    np.testing.assert_allclose(comparison.bounds.kl_ab[1:], 0, atol=1e-7)


def test_differences_are_b_minus_a():
    a = text_run("abcdef", width=2)
    b = replace(a, surprisal=a.surprisal + np.array([0, 1, -3], np.float32))
    comparison = compare_text(a, b)
    np.testing.assert_allclose(comparison.difference("surprisal"), [np.nan, 1, -3], atol=1e-6)
    summary = summarise_difference(comparison, "surprisal")
    assert summary.spans == 2
    assert summary.mean == pytest.approx(-1, abs=1e-6)
    assert summary.mean_absolute == pytest.approx(2, abs=1e-6)
    assert summary.largest == pytest.approx(-3, abs=1e-6)
    assert summary.higher == 0.5


def test_the_whole_surprisal_of_a_text_does_not_depend_on_how_it_is_cut():
    text = "abcdefghijkl"
    comparison = compare_text(text_run(text, width=2), text_run(text, width=4))
    assert comparison.alignment.texts == ["abcd", "efgh", "ijkl"]
    # All but the first span, which holds the token without a prediction.
    assert comparison.a["surprisal"][1:].sum() == pytest.approx(
        text_run(text, width=2).surprisal[2:].sum(), rel=1e-6
    )


def test_texts_that_share_nothing_have_no_spans_and_no_figures():
    comparison = compare_text(text_run("abc", width=1), text_run("xyz", width=1))
    assert len(comparison.alignment) == 0
    assert (comparison.unmatched_a, comparison.unmatched_b) == (3, 3)
    assert math.isnan(summarise_difference(comparison, "entropy").mean)


def test_heads_are_compared_by_their_mean_entropy():
    entropy = np.ones((2, 3, 4), np.float32)
    entropy[1, 2] = [np.nan, 1, 2, 3]
    comparison = compare_heads(attention_run(entropy), attention_run(entropy * 3))
    assert comparison.difference[0, 0] == 2
    assert comparison.difference[1, 2] == 4
    assert comparison.paired


def test_heads_of_models_built_differently_are_not_compared():
    small, large = np.ones((2, 3, 4), np.float32), np.ones((2, 4, 4), np.float32)
    with pytest.raises(InputError, match="2 layers of 3 heads and 2 layers of 4 heads"):
        compare_heads(attention_run(small), attention_run(large))


def test_samplers_that_both_runs_have_are_compared_step_by_step():
    a, b = trajectory_run(("greedy", "top_p", "min_p")), trajectory_run(("top_p",), shift=1)
    comparison = compare_paths(a, b)
    assert comparison.labels == ["top_p"]
    np.testing.assert_allclose(comparison.a["entropy"][0, 0], a.entropy[1, :, 0].mean(), rtol=1e-6)
    assert comparison.difference("entropy").shape == (1,)


def test_a_trajectory_run_agrees_with_itself_at_every_step():
    run = trajectory_run()
    comparison = compare_paths(run, run)
    assert comparison.agreement.tolist() == [1, 1]
    assert comparison.difference("entropy").tolist() == [0, 0]


def test_runs_without_equal_seeds_have_no_agreement_but_are_compared():
    comparison = compare_paths(trajectory_run(seeds=(0, 1)), trajectory_run(seeds=(2,), shift=1))
    assert np.isnan(comparison.agreement).all()
    assert np.isfinite(comparison.difference("entropy")).all()


def test_runs_without_a_common_sampler_are_refused_with_both_lists():
    with pytest.raises(InputError, match="A has greedy; B has top_p"):
        compare_paths(trajectory_run(("greedy",)), trajectory_run(("top_p",)))


def test_rows_that_pad_a_vocabulary_do_not_make_it_another_one():
    a = text_run(seed=1)
    padded = replace(a, model=replace(a.model, vocab_size=a.model.vocab_size + 14))
    assert share_vocabulary(a, padded)
    bounds = compare_text(a, padded).bounds
    assert bounds is not None
    np.testing.assert_allclose(bounds.kl_ab[1:], 0, atol=1e-9)
    others = (a.token_ids + 1).astype(np.int32)
    assert not share_vocabulary(a, replace(padded, token_ids=others))
    renamed = {key: f"{text}!" for key, text in a.vocabulary.items()}
    assert not share_vocabulary(a, replace(padded, vocabulary=renamed))
