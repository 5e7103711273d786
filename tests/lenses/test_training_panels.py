"""Pictures of a training: steps along their axis, names of rows and columns beside a map."""

from __future__ import annotations

import pytest

from backend.lenses import LENSES
from backend.measures.phases import PHASES, phase
from backend.storage.files import load_run
from tests.charts.drawn import marks, scene
from tests.lenses.runs import EXAMPLES, run_of


@pytest.fixture(scope="module")
def run():
    return run_of("training", "shipped")


def test_records_lie_at_their_steps(run):
    spec = LENSES["training"].panel("learning").chart(run, "nats")
    points = spec["datasets"]["points"]
    assert {each["along"] for each in points} == set(run.step.tolist())
    assert all(run.step[each["step"]] == each["along"] for each in points)


def test_a_number_of_places_names_rows_and_columns(run):
    spec = LENSES["training"].panel("seen").chart(run, "nats", {"number": "head_entropy"})
    columns = [each["label"] for each in spec["datasets"]["columns"]]
    rows = [each["label"] for each in spec["datasets"]["names"]]
    assert columns == run.labels["head"]
    assert len(rows) == len(run.variants) * len(run.labels["layer"])


@pytest.mark.parametrize("limits", [(0.1, 0.05, 0.85), (0.5, 0.0, 0.6), (0.01, 0.3, 1.0)])
def test_the_map_of_phases_follows_limits_that_are_moved(limits):
    run = load_run(EXAMPLES / "training_phases.safetensors")
    spec = LENSES["training"].panel("seen").chart(run, "nats", {"number": "phase"})
    names = ("loss_limit", "connectivity_limit", "similarity_limit")
    known = {each["name"]: each for each in spec["params"]}
    assert [known[name]["value"] for name in names] == [0.1, 0.05, 0.85]
    for name, limit in zip(names, limits, strict=True):
        known[name]["value"] = limit
    found = [each["text"] for each in marks(scene(spec), "text") if each["text"] in PHASES]
    cells = [run.results[name].ravel() for name in ("map_loss", "connectivity", "similarity")]
    expected = [phase(*map(float, each), *limits) for each in zip(*cells, strict=True)]
    assert sorted(found) == sorted(expected)
