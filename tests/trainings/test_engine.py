"""The engine of trainings: records, resume, and copies that do not touch one another."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from backend.trainings.engine.layers import cosine
from backend.trainings.engine.optimisers import Adam, Descent
from backend.trainings.engine.side_by_side import Group, SideBySide, Variant

RATES = (0.01, 0.03)


def init(generator):
    return {"w": torch.randn(3, 2, generator=generator), "b": torch.zeros(1, 2)}


def draw(generator, step):
    return torch.randn(5, 3, generator=generator)


def loss(copies, batch):
    out = torch.baddbmm(copies["b"], batch.expand(len(copies), *batch.shape), copies["w"])
    return (out - 1).square().mean((1, 2))


def before(copies):
    seen = copies.state.setdefault("seen", torch.zeros(len(copies)))
    copies.state["seen"] = seen + 1


def measure(copies):
    return {"w": copies["w"].clone(), "norm": copies["w"].square().sum((1, 2)).sqrt()}


def group(rates=RATES, **more):
    variants = tuple(Variant(f"rate {rate}", rate) for rate in rates)
    return Group(variants, init, loss, draw, **more)


def training(*groups, steps=12, every=4, seeds=(0, 1)):
    return SideBySide(groups or (group(),), measure, seeds, steps, every)


def values(records, name="w"):
    return np.stack([record.values[name] for record in records])


def test_there_is_a_record_at_the_start_every_so_many_steps_and_at_the_end():
    steps = [record.step for record in training(steps=10, every=4).records()]
    assert steps == [0, 4, 8, 10]


def test_seeds_of_a_variant_stand_side_by_side():
    first = next(training().records()).values["w"]
    assert first.shape == (4, 3, 2)
    assert (first[0] == first[2]).all()  # seed 0 of both variants
    assert (first[0] != first[1]).any()


def test_a_copy_learns_what_it_would_learn_alone():
    together = values(training().records())
    alone = values(training(group((RATES[1],)), seeds=(1,)).records())
    np.testing.assert_allclose(together[:, 3], alone[:, 0], rtol=1e-5, atol=1e-6)


def test_two_trainings_agree_bit_for_bit():
    assert (values(training().records()) == values(training().records())).all()


@pytest.mark.parametrize("optimiser", [Adam, lambda: Descent(momentum=0.9)])
def test_a_resumed_training_agrees_bit_for_bit(optimiser):
    groups = (group(optimiser=optimiser, before=before), group((0.1,), optimiser=optimiser))
    whole = list(training(*groups).records())
    interrupted = training(*groups)
    records = interrupted.records()
    first = [next(records), next(records)]
    later = training(*groups)
    later.load(interrupted.dump())
    rest = list(later.records())
    assert [each.step for each in first + rest] == [each.step for each in whole]
    assert (values(first + rest) == values(whole)).all()


def test_what_was_dumped_does_not_change_when_the_training_goes_on():
    going = training()
    records = going.records()
    next(records)
    dumped = going.dump()
    before_ = dumped["groups"][0]["parameters"]["w"].clone()
    list(records)
    assert (dumped["groups"][0]["parameters"]["w"] == before_).all()


def test_a_copy_that_diverges_leaves_its_neighbours_bit_identical():
    sound = list(training().records())
    broken = list(training(group((float("inf"), RATES[1]))).records())
    assert (values(sound)[:, 2:] == values(broken)[:, 2:]).all()
    assert np.isnan(values(broken)[-1, :2]).all()
    assert broken[-1].diverged.tolist() == [1, 1, -1, -1]
    assert sound[-1].diverged.tolist() == [-1] * 4


def test_a_copy_is_left_as_it_was_when_it_diverged():
    going = training(group((1e30, RATES[1]), optimiser=Descent))
    list(going.records())
    gone = going.groups[0].diverged >= 0
    assert gone.tolist() == [True, True, False, False]


def test_measuring_more_often_changes_nothing():
    seldom = values(training(every=12).records())
    often = values(training(every=1).records())
    assert (seldom[-1] == often[-1]).all()


def test_groups_see_the_same_batches():
    first, second = training(group(), group()).groups
    list(training().records())
    for copies in (first, second):
        copies.step(0)
    assert (first["w"] == second["w"]).all()


def test_a_group_rests_after_its_own_steps():
    records = list(training(group(), group(steps=4)).records())
    assert (values(records)[1, 4:] == values(records)[-1, 4:]).all()
    assert (values(records)[1, :4] != values(records)[-1, :4]).any()


def test_a_group_that_repeats_takes_several_batches_a_step():
    twice = values(training(group(repeats=2), steps=4, every=4).records())
    once = values(training(group(), steps=8, every=8).records())
    assert (twice[-1] == once[-1]).all()


def test_a_number_that_a_group_does_not_have_is_missing():
    def some(copies):
        found = measure(copies)
        return found if copies.number else {"w": found["w"]}

    first = next(SideBySide((group(), group()), some, (0,), 2, 1).records())
    assert np.isnan(first.values["norm"][:2]).all()
    assert np.isfinite(first.values["norm"][2:]).all()


def test_a_schedule_scales_the_learning_rates():
    factor = cosine(10, warm=2, floor=0.0)
    assert factor(0) == pytest.approx(0.5)
    assert factor(5) == pytest.approx(0.5)
    still = training(group(schedule=lambda step: 0.0, optimiser=Descent))
    found = values(still.records())
    assert (found[0] == found[-1]).all()


def test_gradients_are_cut_at_the_bound():
    cut = training(group((1.0,), optimiser=Descent, bound=1e-3), steps=1, every=1, seeds=(0,))
    found = values(cut.records())
    assert np.abs(found[1] - found[0]).max() == pytest.approx(1e-3, rel=1e-4)
