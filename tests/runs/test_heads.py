"""What is said about heads, made from stored numbers alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from backend.derived.heads import (
    HEAD_KINDS,
    attention_regulariser,
    entropy_bound,
    entropy_floor,
    flag_heads,
    layer_counts,
    mean_over,
    normalised,
    repeats,
    typical_head,
    without_first,
)
from backend.errors import InputError
from tests.runs.attention_runs import head_means, make_run


def test_no_row_of_random_scores_has_less_entropy_than_its_bound():
    random = np.random.default_rng(5)
    for keys in (2, 3, 17, 200):
        scores = random.standard_normal((500, keys)) * random.uniform(0, 8, (500, 1))
        weights = np.exp(scores - scores.max(1, keepdims=True))
        weights /= weights.sum(1, keepdims=True)
        entropy = -(weights * np.log(np.maximum(weights, 1e-300))).sum(1)
        spread = np.linalg.norm(scores - scores.mean(1, keepdims=True), axis=1)
        assert (entropy_bound(spread, np.array(keys)) <= entropy + 1e-9).all()


def test_one_key_leaves_no_choice():
    assert entropy_bound(np.array([0.0, 5.0]), np.array(1)).tolist() == [0, 0]


def test_no_spread_allows_nothing_but_the_maximum():
    run = make_run(head_means(0.0))
    np.testing.assert_allclose(entropy_floor(run)[0, 0], run.max_entropy[0], atol=1e-6)


def test_thresholds_decide_who_is_flagged():
    run = make_run(head_means(0.1, 1.0, 3.0, 3.6))
    flags = flag_heads(run, scale="tokens", upper=0.8, lower=0.05)
    assert flags.scale == pytest.approx(np.log(40))
    assert flags.overload.tolist() == [[False, False, True, True]]
    assert flags.collapse.tolist() == [[True, False, False, False]]
    assert flag_heads(run, scale="tokens", upper=0.9).overload.sum() == 1
    assert flag_heads(run, scale="visible").scale == pytest.approx(run.max_entropy.mean(), rel=1e-5)


def by_the_definition(run, scale, upper, lower):
    """Return overload and collapse of every head, head by head and query by query, in float64."""
    layers, heads, tokens = run.entropy.shape
    means, ceilings = np.full((layers, heads), np.nan), np.full(layers, np.nan)
    for layer in range(layers):
        seen = [run.max_entropy[layer, at] for at in range(tokens)]
        seen = [float(each) for each in seen if not np.isnan(each)]
        if not seen or sum(seen) == 0:
            continue
        ceilings[layer] = sum(seen) / len(seen)
        for head in range(heads):
            rows = [float(each) for each in run.entropy[layer, head] if not np.isnan(each)]
            means[layer, head] = sum(rows) / len(rows)
    one = {
        "observed": np.nanmax(means),
        "tokens": np.log(tokens),
        "visible": np.nanmean(ceilings),
    }[scale]
    with np.errstate(invalid="ignore"):
        return means >= upper * one, means <= lower * one, means / one


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("scale", ["observed", "tokens", "visible"])
@pytest.mark.parametrize(("upper", "lower"), [(0.75, 0.05), (0.5, 0.49), (1.0, 0.0), (0.9, 0.3)])
def test_flags_are_those_of_the_definition_head_by_head(scale, upper, lower, seed):
    random = np.random.default_rng(seed)
    shares = random.random((4, 6, 1)) * random.random((4, 6, 30))
    entropy = (shares * np.log(np.arange(1, 31))).astype(np.float32)
    entropy[3] = np.nan
    run = make_run(entropy)
    flags = flag_heads(run, scale=scale, upper=upper, lower=lower)
    overload, collapse, share = by_the_definition(run, scale, upper, lower)
    np.testing.assert_array_equal(flags.overload, overload)
    np.testing.assert_array_equal(flags.collapse, collapse)
    np.testing.assert_allclose(flags.share, share, rtol=1e-6)
    quarters = np.where(np.isnan(share), -1, np.minimum(np.floor(np.nan_to_num(share) * 4), 3))
    np.testing.assert_array_equal(flags.quarter, quarters)


@pytest.mark.parametrize(
    ("share", "overload", "collapse", "quarter"),
    [
        (0.0, False, True, 0),
        (0.0625, False, True, 0),
        (0.0626, False, False, 0),
        (0.25, False, False, 1),
        (0.5, False, False, 2),
        (0.7499, False, False, 2),
        (0.75, True, False, 3),
        (1.0, True, False, 3),
    ],
)
def test_a_head_on_a_threshold_counts_as_flagged(share, overload, collapse, quarter):
    # The other head sets the scale to 4 nats, in which these shares are exact or clear.
    run = make_run(np.array([[[4.0 * share] * 200, [4.0] * 200]]))
    flags = flag_heads(run, upper=0.75, lower=0.0625)
    assert flags.scale == 4
    assert flags.overload[0, 0] == overload
    assert flags.collapse[0, 0] == collapse
    assert flags.quarter[0, 0] == quarter


def test_a_layer_without_a_pattern_is_neither():
    entropy = np.concatenate([head_means(1.0, 2.0), np.full((1, 2, 40), np.nan)])
    flags = flag_heads(make_run(entropy))
    assert flags.quarter[1].tolist() == [-1, -1]
    assert not flags.overload[1].any()
    assert not flags.collapse[1].any()


def test_flags_are_counted_per_layer():
    layers = [head_means(0.1, 1.0, 3.0), head_means(3.1, 3.2, 3.6), np.full((1, 3, 40), np.nan)]
    run = make_run(np.concatenate(layers))
    counts = layer_counts(flag_heads(run, scale="tokens", upper=0.8, lower=0.05))
    assert counts.overload.tolist() == [1, 3, 0]
    assert counts.collapse.tolist() == [1, 0, 0]
    assert counts.known.tolist() == [3, 3, 0]
    assert layer_counts(flag_heads(run, scale="tokens", lower=0.3)).collapse.tolist() == [2, 0, 0]


@pytest.mark.parametrize("scale", ["observed", "tokens", "visible"])
def test_a_query_that_sees_one_key_says_nothing_about_its_head(scale):
    for run, positions in (
        (make_run(head_means(0.0, 0.0, tokens=1)), None),
        (make_run(head_means(0.0, 0.0)), np.array([0])),
    ):
        flags = flag_heads(run, positions=positions, scale=scale)
        assert flags.quarter.tolist() == [[-1, -1]]
        assert layer_counts(flags).collapse.tolist() == [0]
        assert layer_counts(flags).known.tolist() == [0]


def test_heads_that_always_choose_one_of_many_keys_have_collapsed():
    flags = flag_heads(make_run(head_means(0.0, 0.0)))
    assert flags.collapse.tolist() == [[True, True]]
    assert not flags.overload.any()


@pytest.mark.parametrize(("upper", "lower"), [(0.2, 0.3), (1.1, 0.0), (0.5, -0.1)])
def test_thresholds_out_of_order_are_refused(upper, lower):
    with pytest.raises(InputError, match="Thresholds"):
        flag_heads(make_run(head_means(1.0)), upper=upper, lower=lower)


def test_the_regulariser_of_a_query_that_sees_nothing_is_not_defined():
    entropy = head_means(1.0, tokens=4)
    entropy[..., 0] = np.nan
    assert attention_regulariser(make_run(entropy), slice(1, 3)) == -1
    assert np.isnan(attention_regulariser(make_run(entropy), slice(0, 1)))


def test_the_mean_leaves_missing_numbers_out():
    values = np.array([[np.nan, 1.0, 3.0], [np.nan, np.nan, np.nan]])
    assert mean_over(values)[0] == 2
    assert np.isnan(mean_over(values)[1])
    assert mean_over(values, np.array([False, True, False]))[0] == 1


def test_a_single_visible_key_has_no_normalised_entropy():
    share = normalised(make_run(head_means(0.0, tokens=3)))
    assert np.isnan(share[0, 0, 0])
    assert share[0, 0, 1:].tolist() == [0, 0]


@pytest.mark.parametrize("kind", HEAD_KINDS)
def test_the_typical_head_of_a_kind_is_the_clearest(kind):
    names = {
        "previous": "previous_mass",
        "itself": "self_mass",
        "sink": "first_mass",
        "induction": "induction_mass",
    }
    strong = head_means(0.1, 0.2, 0.9).astype(np.float32)
    run = make_run(np.log(np.arange(1, 41)) * strong)
    if kind in names:
        run = dataclasses.replace(run, **{names[kind]: strong[:, ::-1].copy()})
        assert typical_head(run, kind) == (0, 0)
    else:
        assert typical_head(run, kind) == (0, 2)


def test_a_text_without_a_repetition_has_no_induction_head():
    run = make_run(head_means(1.0, tokens=5))
    assert typical_head(run, "induction") is None
    assert not repeats(run).any()


def test_an_occurrence_just_before_is_no_repetition():
    run = make_run(head_means(1.0, tokens=4))
    run = dataclasses.replace(run, token_ids=np.array([7, 7, 3, 7], np.int32))
    assert repeats(run).tolist() == [False, False, False, True]


def test_the_entropy_off_the_first_token_follows_from_what_is_stored():
    weights = np.random.default_rng(2).dirichlet(np.full(6, 0.4), size=(1, 2))
    rest = weights[..., 1:] / weights[..., 1:].sum(-1, keepdims=True)
    entropy, first = -(weights * np.log(weights)).sum(-1), weights[..., 0]
    run = make_run(np.repeat(entropy[..., None], 9, -1))
    mass = np.repeat(first[..., None], 9, -1).astype(np.float32)
    found, highest = without_first(dataclasses.replace(run, first_mass=mass))
    exact = -(rest * np.log(rest)).sum(-1)
    np.testing.assert_allclose(found[..., 1:], np.repeat(exact[..., None], 8, -1), rtol=1e-4)
    assert np.isnan(found[..., 0]).all()
    np.testing.assert_allclose(highest[0, 0, 1:], np.log(np.arange(1, 9)), atol=1e-6)


def test_a_part_is_what_the_whole_has_there():
    random = np.random.default_rng(3)
    run = make_run(random.random((2, 3, 7)) * np.log(np.arange(1, 8)))
    mass = random.random((2, 3, 7)).astype(np.float32)
    run = dataclasses.replace(run, first_mass=mass, score_spread=5 * mass)
    for at in ((1, 2), (..., 4), (slice(1, 2), slice(None), 3)):
        np.testing.assert_array_equal(entropy_floor(run, at), entropy_floor(run)[at])
        for part, whole in zip(without_first(run, at), without_first(run), strict=True):
            np.testing.assert_array_equal(part, whole[at])


def test_a_window_that_left_the_first_token_behind_loses_no_key():
    window = 3
    visible = np.minimum(np.arange(1, 9), window)
    run = make_run(np.broadcast_to(np.log(visible), (1, 2, 8)))
    mass = np.where(visible == np.arange(1, 9), 1 / visible, 0).astype(np.float32)
    run = dataclasses.replace(
        run,
        first_mass=np.broadcast_to(mass, run.entropy.shape).copy(),
        max_entropy=np.log(visible)[None].astype(np.float32),
    )
    found, highest = without_first(run)
    np.testing.assert_allclose(np.exp(highest[0, 0, 1:]), [1, 2, 3, 3, 3, 3, 3], rtol=1e-6)
    np.testing.assert_allclose(found[0, 0, 1:], highest[0, 0, 1:], atol=1e-5)


def test_where_a_hundredth_is_left_the_entropy_off_the_first_token_is_right_to_the_stated_error():
    random = np.random.default_rng(8)
    rest = random.dirichlet(np.ones(40), size=(1, 200))
    left = random.uniform(0.0101, 0.02, (1, 200))
    coin = -(left * np.log(left) + (1 - left) * np.log1p(-left))
    exact = -(rest * np.log(rest)).sum(-1)
    # The promised error of a stored entropy, and what float32 leaves of a weight near 1.
    entropy = coin + left * exact + random.choice([-1e-4, 1e-4], left.shape)
    mass = (1 - left) * (1 + random.choice([-1e-6, 1e-6], left.shape))
    run = make_run(np.repeat(entropy[..., None], 41, -1))
    first = np.repeat(mass[..., None], 41, -1).astype(np.float32)
    found = without_first(dataclasses.replace(run, first_mass=first))[0][0, :, 40]
    np.testing.assert_allclose(found, exact[0], atol=0.02)


@pytest.mark.parametrize("mass", [0.9901, 1.0])
def test_where_less_than_a_hundredth_is_left_there_is_no_answer(mass):
    run = make_run(head_means(0.0, tokens=4))
    resting = dataclasses.replace(run, first_mass=np.full_like(run.entropy, mass))
    assert np.isnan(without_first(resting)[0]).all()


def test_a_kind_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="previous"):
        typical_head(make_run(head_means(1.0)), "copying")


def test_a_run_with_impossible_numbers_is_refused():
    good = make_run(head_means(1.0))
    for name, value in (("first_mass", 1.5), ("self_mass", -0.1), ("entropy", -1.0)):
        broken = {name: np.full_like(good.entropy, value)}
        with pytest.raises(ValueError, match=r"between 0 and 1|negative"):
            dataclasses.replace(good, **broken).check()
    with pytest.raises(ValueError, match="reasons"):
        dataclasses.replace(good, reasons={"0": "none"}).check()
