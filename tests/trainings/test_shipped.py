"""The recorded runs that ship, and what papers say of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backend.errors import RunFileError
from backend.lenses import LENSES
from backend.storage.files import dump_run, load_run, parse_run
from backend.trainings import EXPERIMENTS, names

EXAMPLES = Path(__file__).parents[2] / "examples"
LENS = LENSES["training"]


def shipped(name):
    return load_run(EXAMPLES / f"{name}.safetensors")


def test_every_experiment_ships_a_recorded_run():
    assert {f"training_{name}" for name in names()} <= {each.name for each in LENS.examples}


@pytest.mark.parametrize("name", [each.name for each in LENS.examples])
def test_a_recorded_run_is_whole_and_shows_what_is_expected(name):
    run = shipped(name)
    assert run.finished
    assert run.figures
    assert [each.name for each in run.figures if not each.holds] == []
    kind = EXPERIMENTS[run.request.experiment]
    assert run.experiment == kind.title
    assert run.story == kind.story
    assert set(run.measured) == set(kind.measured)


@pytest.mark.parametrize("paper", LENS.papers, ids=lambda paper: paper.number)
def test_the_figure_of_a_paper_is_found_on_its_run(paper):
    run = shipped(paper.example)
    assert abs(paper.found(run) - paper.expected) <= paper.tolerance
    assert paper.number in EXPERIMENTS[run.request.experiment].papers
    assert paper.claim.endswith(".")


def test_every_paper_of_an_experiment_is_declared():
    declared = {
        paper.number
        for lens in ("training", "ladder", "knowledge")
        for paper in LENSES[lens].papers
    }
    assert declared >= {number for name in names() for number in EXPERIMENTS[name].papers}


@pytest.mark.parametrize("word", ["<img src=x>", "{{7*7}}", 'a" + alert(1) + "'])
def test_a_file_whose_numbers_are_called_like_markup_is_refused(word):
    run = shipped("training_ladder")
    about = run.measured["loss"]
    named = replace(about, quantity=replace(about.quantity, name=word))
    hostile = replace(run, measured={**run.measured, "loss": named})
    with pytest.raises(RunFileError):
        parse_run(dump_run(hostile), "hostile.safetensors")
