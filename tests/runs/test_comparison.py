"""Differences are exact where the numbers are, and bounds where only the tops are known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import backend
from backend.derived.bounds import divergence_bounds, share_vocabulary
from backend.derived.comparison import (
    CompareRequest,
    Comparison,
    compare,
    comparison_of,
    difference_of,
)
from backend.errors import InputError
from backend.runs import Run
from tests.runs.makers import all_kinds, attention_run, dataset_run, text_run, trajectory_run


def compared(a: Run, b: Run) -> Comparison:
    return compare(CompareRequest(a="a", b="b"), a, b)


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


@pytest.mark.parametrize("run", all_kinds(), ids=lambda run: run.kind)
def test_every_number_of_every_kind_is_compared_and_does_not_differ_from_itself(run):
    comparison = compared(run, run)
    assert comparison.names
    for name in comparison.names:
        sides = comparison.sides(name)
        assert sides.a.shape == sides.b.shape
        known = np.isfinite(sides.a)
        assert known.any() or sides.quantity.name
        np.testing.assert_array_equal(sides.difference[known], 0)
        assert sides.summary.places == known.sum()


@pytest.mark.parametrize("run", all_kinds(), ids=lambda run: run.kind)
def test_tables_of_every_kind_have_columns_of_one_length_and_a_row_a_number(run):
    comparison = compared(run, run)
    tables = comparison.tables()
    assert all(len({len(column) for column in each.values()}) == 1 for each in tables.values())
    assert len(tables["summary"]["number"]) == len(comparison.names)


def test_a_text_does_not_differ_from_itself():
    comparison = compared(text_run(), text_run())
    summary = comparison.sides("entropy").summary
    assert (summary.mean, summary.mean_absolute, summary.higher) == (0, 0, 0)
    assert summary.correlation == pytest.approx(1)
    np.testing.assert_allclose(comparison.bounds.kl_ab[1:], 0, atol=1e-7)


def test_surprisal_is_what_texts_are_compared_by_first():
    assert compared(text_run(), text_run()).names[:3] == ["surprisal", "entropy", "varentropy"]


def test_differences_are_b_minus_a():
    a = text_run("abcdef", width=2)
    b = replace(a, surprisal=a.surprisal + np.array([0, 1, -3], np.float32))
    sides = compared(a, b).sides("surprisal")
    np.testing.assert_allclose(sides.difference, [np.nan, 1, -3], atol=1e-6)
    summary = sides.summary
    assert summary.places == 2
    assert summary.mean == pytest.approx(-1, abs=1e-6)
    assert summary.mean_absolute == pytest.approx(2, abs=1e-6)
    assert summary.largest == pytest.approx(-3, abs=1e-6)
    assert summary.higher == 0.5


def test_the_whole_surprisal_of_a_text_does_not_depend_on_how_it_is_cut():
    text = "abcdefghijkl"
    comparison = compared(text_run(text, width=2), text_run(text, width=4))
    assert comparison.meeting.spans.texts == ["abcd", "efgh", "ijkl"]
    # All but the first span, which holds the token without a prediction.
    assert comparison.sides("surprisal").a[1:].sum() == pytest.approx(
        text_run(text, width=2).surprisal[2:].sum(), rel=1e-6
    )


@pytest.mark.parametrize("name", ["entropy", "varentropy"])
def test_what_a_span_was_undecided_about_is_summed_too(name):
    one, whole = text_run("abcdefgh", width=2), text_run("abcdefgh", width=4)
    found = compared(one, whole).sides(name)
    assert found.a[1] == pytest.approx(getattr(one, name)[2:].sum(), rel=1e-6)
    assert found.b[1] == pytest.approx(getattr(whole, name)[1], rel=1e-6)


def test_texts_that_share_nothing_have_no_common_places_and_no_figures():
    comparison = compared(text_run("abc", width=1), text_run("xyz", width=1))
    assert len(comparison.meeting.spans) == 0
    assert comparison.tables()["differences"]["in"] == ["A", "A", "A", "B", "B", "B"]
    assert math.isnan(comparison.sides("entropy").summary.mean)


def test_heads_are_compared_by_their_mean_entropy():
    entropy = np.ones((2, 3, 4), np.float32)
    entropy[1, 2] = [np.nan, 1, 2, 3]
    comparison = compared(attention_run(entropy), attention_run(entropy * 3))
    difference = comparison.over_tokens("entropy").difference
    assert difference[0, 0] == 2
    assert difference[1, 2] == 4
    assert comparison.paired


def test_one_head_is_compared_token_by_token():
    entropy = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    comparison = compared(attention_run(entropy), attention_run(entropy + 2))
    sides = comparison.sides("entropy", {"L": 1, "H": 2})
    assert sides.a.tolist() == [20, 21, 22, 23]
    assert sides.difference.tolist() == [2, 2, 2, 2]
    with pytest.raises(InputError, match="no H 3"):
        comparison.sides("entropy", {"L": 1, "H": 3})


def test_heads_of_models_built_differently_are_not_set_against_each_other():
    small, large = np.ones((2, 3, 4), np.float32), np.ones((2, 4, 4), np.float32)
    comparison = compared(attention_run(small), attention_run(large))
    assert "entropy" not in comparison.names


def test_samplers_that_both_runs_have_are_compared_step_by_step():
    a, b = trajectory_run(("greedy", "top_p", "min_p")), trajectory_run(("top_p",), shift=1)
    comparison = compared(a, b)
    assert comparison.meeting.labels == ["top_p"]
    sides = comparison.sides("entropy")
    np.testing.assert_allclose(sides.a[0, 0], a.entropy[1, :, 0].mean(), rtol=1e-6)
    assert sides.difference.shape == (1, 5)


def test_a_trajectory_run_agrees_with_itself_at_every_step():
    run = trajectory_run()
    comparison = compared(run, run)
    assert comparison.meeting.agreement.tolist() == [1, 1]
    assert comparison.tables()["samplers"]["difference_entropy_nats"].tolist() == [0, 0]


def test_the_difference_of_a_sampler_is_the_mean_over_the_steps_both_have():
    a, b = trajectory_run(("top_p",)), trajectory_run(("top_p",), shift=1)
    found = compared(a, b).tables()["samplers"]
    assert found["difference_entropy_nats"][0] == pytest.approx(1, abs=1e-6)


def test_runs_without_equal_seeds_have_no_agreement_but_are_compared():
    comparison = compared(trajectory_run(seeds=(0, 1)), trajectory_run(seeds=(2,), shift=1))
    assert np.isnan(comparison.meeting.agreement).all()
    assert np.isfinite(comparison.tables()["samplers"]["difference_entropy_nats"]).all()


def test_runs_without_a_common_sampler_are_refused_with_both_lists():
    with pytest.raises(InputError, match="A has greedy; B has top_p"):
        _ = compared(trajectory_run(("greedy",)), trajectory_run(("top_p",))).meeting


def with_texts(*texts: str):
    run = dataset_run()
    values = np.arange(len(texts), dtype=np.float32)
    measures = ("mean_entropy", "max_entropy", "mean_surprisal", "bits_per_byte")
    return replace(
        run, request=replace(run.request, texts=texts), problems={},
        tokens=np.ones(len(texts), np.int32), **dict.fromkeys(measures, values),
    )  # fmt: skip


def test_rows_meet_by_their_texts_whatever_their_order():
    comparison = compared(with_texts("x", "y", "z"), with_texts("z", "w", "x"))
    assert comparison.meeting.rows.tolist() == [[0, 2], [2, 0]]
    assert comparison.sides("mean_entropy").difference.tolist() == [2.0, -2.0]
    assert comparison.tables()["differences"]["text"] == ["x", "z"]


def test_equal_texts_meet_in_their_order():
    comparison = compared(with_texts("x", "x", "x"), with_texts("x", "y", "x"))
    assert comparison.meeting.rows.tolist() == [[0, 0], [1, 2]]


def test_data_sets_without_a_common_text_are_refused():
    with pytest.raises(InputError, match="no text in common"):
        _ = compared(with_texts("x"), with_texts("y")).meeting


def test_runs_of_two_kinds_are_refused():
    with pytest.raises(InputError, match="A is a run of kind text, B of kind dataset"):
        compared(text_run(), dataset_run())


def test_a_comparison_is_found_by_the_contents_it_is_made_of():
    runs = {"one": text_run(), "other": text_run(seed=1)}
    found = comparison_of("one~other", runs.get)
    assert (found.a, found.b) == (runs["one"], runs["other"])
    assert found.request.content == "one~other"
    for content in ("one", "one~gone", "one~other~gone", "one~other~one", "~", "a~b~c~d"):
        assert comparison_of(content, runs.get) is None


def test_the_difference_of_a_number_has_ends_of_its_own():
    shown = difference_of(compared(text_run(), text_run()).sides("surprisal").quantity)
    assert (shown.low, shown.high, shown.scale, shown.unit) == (-3, 3, "diverging", "nats")


def test_rows_that_pad_a_vocabulary_do_not_make_it_another_one():
    a = text_run(seed=1)
    padded = replace(a, model=replace(a.model, vocab_size=a.model.vocab_size + 14))
    assert share_vocabulary(a, padded)
    bounds = compared(a, padded).bounds
    assert bounds is not None
    np.testing.assert_allclose(bounds.kl_ab[1:], 0, atol=1e-9)
    others = (a.token_ids + 1).astype(np.int32)
    assert not share_vocabulary(a, replace(padded, token_ids=others))
    renamed = {key: f"{text}!" for key, text in a.vocabulary.items()}
    assert not share_vocabulary(a, replace(padded, vocabulary=renamed))


def test_two_runs_compared_in_python_show_a_picture_and_must_be_of_one_kind():
    one = text_run("one two three")
    shown = backend.compare(one, text_run("one two four"))._repr_html_()
    assert shown.count("<svg") == 1
    with pytest.raises(InputError, match="two alike"):
        backend.compare(one, attention_run())
