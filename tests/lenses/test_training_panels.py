"""Pictures of a training: steps along their axis, names of rows and columns beside a map."""

from __future__ import annotations

import pytest

from backend.lenses import LENSES
from tests.lenses.runs import run_of


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
