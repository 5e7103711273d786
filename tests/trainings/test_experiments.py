"""Every experiment: what it declares, and that its networks are independent and go on."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

import backend
from backend.errors import CancelledError, InputError
from backend.progress import ignore
from backend.runs import ModelSpec
from backend.runs.training import TrainingRequest
from backend.storage.files import dump_run, parse_run
from backend.storage.permalink import decode, encode, exact_request
from backend.trainings import EXPERIMENTS, complete, names, run
from backend.trainings.engine.base import defaults
from backend.trainings.engine.side_by_side import SideBySide

SMALL = [name for name in names() if name != "hyperfitting"]


def made(name, seeds=None):
    kind = EXPERIMENTS[name]
    experiment = kind(defaults(kind), seeds or kind.seeds[:2])
    experiment.prepare(ignore)
    return experiment


def stopped_after(records, name, **choices):
    """Return the run so far of a training that is stopped after so many records."""
    seen = []

    def report(progress):
        if progress.partial is not None:
            seen.append(progress.partial)
        if len(seen) == records:
            raise CancelledError("enough")

    with pytest.raises(CancelledError):
        run(name, report=report, **choices)
    return seen[-1].run()


@pytest.mark.parametrize("name", names())
def test_an_experiment_says_what_it_is(name):
    kind = EXPERIMENTS[name]
    assert all((kind.title, kind.summary, kind.story, kind.architecture, kind.papers))
    assert kind.cost > 0
    assert kind.expected
    assert kind.telling in kind.measured
    for choice in kind.choices:
        assert choice.label
        assert choice.help.endswith(".")
        assert choice.read(choice.default) == choice.default
    for each in kind.measured.values():
        assert each.quantity.help.endswith(".")


@pytest.mark.parametrize("name", SMALL)
def test_a_few_records_make_a_run_that_can_be_written_and_read(name):
    partial = stopped_after(2, name, seeds=EXPERIMENTS[name].seeds[:2])
    partial.check()
    assert len(partial.step) == 2
    assert not partial.finished
    again = parse_run(dump_run(partial), "a training")
    assert again.request == partial.request
    assert again.copies == partial.copies
    assert again.measured == partial.measured
    for key, value in partial.arrays().items():
        np.testing.assert_array_equal(again.arrays()[key], value)
    for table in partial.tables().values():
        assert len({len(column) for column in table.values()}) == 1


@pytest.mark.parametrize("name", SMALL)
def test_a_copy_that_diverges_leaves_its_neighbours_bit_identical(name):
    experiment = made(name)
    groups = list(experiment.groups())
    number = max(range(len(groups)), key=lambda i: len(groups[i].variants))
    variants = groups[number].variants
    endless = replace(variants[0], rate=float("inf"))
    broken = list(groups)
    broken[number] = replace(groups[number], variants=(endless, *variants[1:]))

    def last(which):
        training = SideBySide(which, experiment.measure, experiment.seeds_used, 3, 3)
        return list(training.records())[-1]

    sound, other = last(groups), last(broken)
    first = len(experiment.seeds_used) * sum(len(each.variants) for each in groups[:number])
    hit = slice(first, first + len(experiment.seeds_used))
    left = np.delete(np.arange(len(sound.diverged)), hit)
    assert (other.diverged[hit] >= 0).all()
    assert (other.diverged[left] < 0).all()
    for key, value in sound.values.items():
        np.testing.assert_array_equal(other.values[key][left], value[left])
        assert np.isnan(other.values[key][hit]).all()


@pytest.mark.parametrize("name", ["experts", "collapse", "distillation"])
def test_a_stopped_training_goes_on_where_it_was(name):
    seeds = (7,)  # which no other test stops
    before = stopped_after(2, name, seeds=seeds)
    after = stopped_after(2, name, seeds=seeds)  # two more
    assert after.step[:2].tolist() == before.step.tolist()
    assert len(after.step) == 4
    experiment = made(name, seeds)
    fresh = experiment.start(ModelSpec(), ignore).records()
    whole = [next(fresh) for _ in range(4)]
    for key in after.numbers:
        expected = np.stack([record.values[key] for record in whole])
        np.testing.assert_array_equal(after.numbers[key], expected)


def test_a_whole_training_has_its_figures():
    found = run("distillation", seeds=(0, 1))
    assert found.finished
    assert [each.name for each in found.figures] == [
        each.name for each in EXPERIMENTS["distillation"].expected
    ]
    assert found.results["weights"].shape == (10,)
    assert found.results["weights"].sum() == pytest.approx(1, abs=1e-5)
    assert found.of("loss", "labels").shape == (len(found.step), 2)


def test_untried_choices_have_no_expected_figures():
    assert run("distillation", seeds=(0,), width=4).figures == []


def test_a_link_makes_the_same_request_again():
    partial = stopped_after(1, "experts", seeds=(0,), noise=2.0)
    request = exact_request(partial)
    assert request == partial.request
    assert decode(encode(request)) == request
    assert pickle.loads(pickle.dumps(request)) == request  # noqa: S301 (our own bytes)


def test_a_request_is_completed_with_defaults():
    whole = complete(TrainingRequest(experiment="collapse", choices=(("learning_rate", 0.01),)))
    assert whole.seeds == (0,)
    assert dict(whole.choices) == {"learning_rate": 0.01, "norm": "after"}
    assert complete(whole) == whole


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("colapse", {}, "collapse"),
        ("collapse", {"rate": 1}, "learning_rate"),
        ("collapse", {"learning_rate": 5.0}, "0.1"),
        ("collapse", {"learning_rate": "fast"}, "number"),
        ("collapse", {"norm": "never"}, "before"),
        ("collapse", {"seeds": (0, 0)}, "different"),
        ("collapse", {"seeds": range(13)}, "12"),
        ("phases", {"seeds": (1,)}, "2"),
        ("knowledge", {"exposures": 300.5}, "whole"),
    ],
)
def test_useless_requests_are_refused_in_words(name, given, said):
    with pytest.raises(InputError, match=said):
        run(name, **given)


def test_trainings_are_asked_for_like_any_study():
    assert backend.trainings.names() == names()
    with pytest.raises(InputError, match="no choice named"):
        backend.study_training(None, experiment="collapse", choices=(("x", 1.0),))


def test_the_caller_s_random_numbers_stay_as_they_are():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    stopped_after(1, "experts", seeds=(0,))
    assert (torch.rand(3) == expected).all()


@pytest.mark.slow
@pytest.mark.model
def test_a_stopped_language_model_goes_on_where_it_was():
    given = {"layers": 1, "epochs": 1}
    stopped_after(2, "hyperfitting", **given)
    resumed = stopped_after(2, "hyperfitting", **given)
    assert resumed.step.tolist()[:4] == [0, 1, 2, 3]
    fresh = stopped_after(4, "hyperfitting", **{**given, "epochs": 2})  # the same first steps
    for name in ("loss", "held_out_entropy", "entropy"):
        np.testing.assert_array_equal(resumed.numbers[name][:4], fresh.numbers[name][:4])
