"""Marginals: what is seen of a picture, its log-probability by one pass and by chains."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

import backend.studies.marginals as study
from backend.derived import marginals as of
from backend.errors import CancelledError, InputError
from backend.lenses import LENSES
from backend.measures.marginals import UNSEEN, exact_marginals, mixture, part_states
from backend.runs.marginals import MarginalsRequest
from backend.storage.files import dump_run, parse_run
from backend.studies import STUDIES
from backend.trainings.engine.any_order import (
    WEIGHTS,
    AnyOrder,
    binary_digits,
    learn,
    shipped,
)

STEPWISE = ("shown", "drawn", "one_pass", "chain", "exact", "ink", "given_paper", "given_ink")
JOINT = ".2 .05 .05 .1 .05 .1 .15 .3"
DIGIT = LENSES["marginals"].examples[0].fields["picture"]


def ask(report=lambda progress: None, **fields):
    request = MarginalsRequest(**{"picture": DIGIT, **fields})
    return STUDIES["marginals"].run(None, request, report)


@pytest.fixture(scope="module")
def run():
    return ask()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(study, "STEPS", 60)


@pytest.fixture
def learned(monkeypatch):
    monkeypatch.setattr(study, "STEPS", 250)


def refusal(**fields):
    request = MarginalsRequest(**{"picture": DIGIT, **fields})
    with pytest.raises(InputError) as caught:
        STUDIES["marginals"].estimate(None, request)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_joint_that_does_not_sum_to_one_is_refused_with_its_sum():
    assert refusal(joint=".2 .3 .3 .1", picture="11").startswith("Your joint sums to 0.9;")


@pytest.mark.parametrize(
    ("joint", "words"),
    [
        (".5 .25 .25", "has 3 numbers"),
        ("1", "has 1 numbers"),
        (" ".join(["0.001953125"] * 512), "has 512 numbers"),
        ("1.5 -.5", "below 0"),
        ("nan 1", "no number"),
        ("half half", "no number"),
    ],
)
def test_what_is_no_joint_is_refused(joint, words):
    assert words in refusal(joint=joint, picture="1")


@pytest.mark.parametrize(
    ("picture", "words"),
    [("", "0 pixels"), ("#" * 63, "63 pixels"), ("#" * 63 + "x", "'x'")],
)
def test_what_is_no_picture_is_refused(picture, words):
    assert words in refusal(picture=picture)


def test_a_picture_has_as_many_pixels_as_the_joint():
    assert "your joint has 3" in refusal(picture="1011", joint=JOINT)


def test_the_truth_of_a_joint_is_its_sum_over_what_agrees():
    joint = np.array([float(each) for each in JOINT.split()])
    states = part_states(3)
    found = exact_marginals(torch.from_numpy(joint), states).tolist()
    cube = joint.reshape(2, 2, 2)
    for state, value in zip(states.tolist(), found, strict=True):
        cut = cube[
            tuple(slice(None) if each == UNSEEN else slice(each, each + 1) for each in state)
        ]
        assert value == pytest.approx(np.log(cut.sum()), abs=1e-12)


def test_of_nothing_one_pass_is_0_exactly(run):
    assert run.one_pass[0] == 0
    assert (run.chain[0] == 0).all()


def test_chains_are_sums_over_pixels_in_their_order():
    network, state = shipped(), torch.full((64,), UNSEEN)
    state[:9] = torch.tensor([0, 1, 1, 0, 0, 1, 0, 1, 1])
    orders = torch.stack(
        [torch.randperm(64, generator=torch.Generator().manual_seed(i)) for i in (1, 2)]
    )
    found = study.chains(network, state, orders)
    for way, value in zip(orders.tolist(), found.tolist(), strict=True):
        seen, total = torch.zeros(1, 64), 0.0
        for place in (each for each in way if each < 9):
            picture = (state * (state != UNSEEN)).float()[None] * seen
            p = torch.sigmoid(network.log_odds(picture, seen)[0, place].double())
            total += float((p if state[place] else 1 - p).log())
            seen[0, place] = 1
        assert value == pytest.approx(total, abs=1e-4)  # float32 of tens of nats


def test_numbers_of_a_step_are_those_of_the_networks(run):
    network, step = shipped(), 10
    when = run.when()
    seen = torch.from_numpy((when <= step).astype(np.float32))[None]
    picture = torch.from_numpy(run.values.astype(np.float32))[None] * seen
    with torch.no_grad():
        one = float(network.log_marginal(picture, seen))
        p = torch.sigmoid(network.log_odds(picture, seen))[0].numpy()
    assert run.one_pass[step] == pytest.approx(one, abs=1e-4)
    hidden = when > step
    assert np.isnan(run.ink[step][~hidden]).all()
    assert run.ink[step][hidden] == pytest.approx(p[hidden], abs=1e-5)
    pixel = int(np.flatnonzero(hidden)[0])
    seen[0, pixel] = 1
    picture[0, pixel] = 1
    with torch.no_grad():
        one = float(network.log_marginal(picture, seen))
    assert run.given_ink[step, pixel] == pytest.approx(one, abs=1e-4)


def test_what_is_most_uncertain_is_shown_first(run):
    entropies = of.pixel_entropy(run)
    for step in (0, 5, 30):
        assert run.shown[step + 1] == np.nanargmax(entropies[step])


def test_other_orders_end_with_the_same_picture():
    rows = ask(order="rows")
    assert rows.shown.tolist() == list(range(-1, 64))
    chance = ask(order="random", seed=3)
    assert sorted(chance.shown[1:].tolist()) == list(range(64))
    assert chance.one_pass[-1] == pytest.approx(rows.one_pass[-1], abs=1e-4)


def test_hidden_pixels_stay_hidden_unless_they_are_drawn():
    half = DIGIT[:36] + "????????\n" * 4
    run = ask(picture=half)
    assert (len(run.shown), run.values.tolist().count(2)) == (33, 32)
    drawn = ask(picture=half, draw=True)
    assert (len(drawn.shown), drawn.drawn.sum()) == (65, 32)
    assert (drawn.values != 2).all()


def test_a_picture_of_which_all_is_hidden_has_one_step():
    run = ask(picture="?" * 64)
    assert (len(run.shown), run.one_pass.tolist()) == (1, [0.0])


def test_a_joint_is_learned_and_held_against_the_truth(learned):
    run = ask(picture="1?1", joint=JOINT)
    assert run.case_reference.shape == (27,)
    assert run.case(0) == "000"
    assert run.case(26) == "???"
    assert np.abs(run.case_one_pass - run.case_reference).max() < 0.3  # 250 steps
    assert run.exact[0] == pytest.approx(0, abs=1e-6)
    assert np.exp(run.exact[1]) == pytest.approx(0.6 if run.shown[1] == 0 else 0.55, abs=1e-6)


def test_a_part_of_probability_0_has_no_reference(quick):
    run = ask(picture="11", joint=".5 0 0 .5")
    impossible = [run.case(i) for i in np.flatnonzero(np.isnan(run.case_reference))]
    assert impossible == ["01", "10"]


def test_training_is_the_same_from_the_same_seed():
    whole = torch.tensor(list(itertools.product((0.0, 1.0), repeat=2)))
    first, second = (
        learn(lambda generator: whole[torch.randint(4, (8,), generator=generator)], 2, 8, 20, 5)
        for _ in range(2)
    )
    assert all(
        torch.equal(first.marginals[name], second.marginals[name]) for name in first.marginals
    )
    assert isinstance(first, AnyOrder)


def test_it_can_be_stopped():
    def stop(progress):
        if progress.done > 60:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        ask(stop, picture="101", joint=JOINT)


def test_progress_only_grows_and_ends_at_its_total(quick):
    told = []
    ask(told.append, picture="101", joint=JOINT)
    done = [each.done for each in told]
    assert done == sorted(done)
    assert done[-1] < told[-1].total
    assert len({each.total for each in told}) == 1


def test_shipped_weights_are_small_and_agree_with_chains():
    assert WEIGHTS.stat().st_size <= 250_000
    pictures, network = binary_digits()[1][:60], shipped()
    generator = torch.Generator().manual_seed(1)
    orders = torch.stack([torch.randperm(64, generator=generator) for _ in range(6)])
    with torch.no_grad():
        one = network.log_marginal(pictures, torch.ones_like(pictures))
        of_chains = torch.stack(
            [mixture(study.chains(network, each.long(), orders)) for each in pictures]
        )
    assert float(torch.quantile((one - of_chains).abs(), 0.9)) < 4
    found = torch.corrcoef(torch.stack([one, of_chains]))[0, 1]
    assert float(found) > 0.85


def test_residuals_of_digits_are_small(run):
    found = of.residual(run)
    assert np.sqrt(np.nanmean(found**2)) < 0.2
    assert np.isnan(of.residual_rms(run)[-1])


def test_a_run_comes_back_from_its_file(run):
    again = parse_run(dump_run(run), "run")
    assert again.shown.tolist() == run.shown.tolist()


def test_pixels_that_a_file_names_and_a_picture_has_not_are_left_out(run):
    shown = run.shown.copy()
    shown[1] = 1_000
    assert (replace(run, shown=shown).when() == len(shown)).sum() == 1


def test_a_run_without_a_step_is_no_run(run):
    with pytest.raises(ValueError, match="at least"):
        replace(run, **{name: getattr(run, name)[:0] for name in STEPWISE}).check()
