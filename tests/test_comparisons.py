"""The shipped pairs: small, of equal kind, and truthful about what differs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backend.derived.comparison import CompareRequest, Comparison, compare
from backend.runs import DivergenceRun, TextRun
from backend.storage.files import load_run

FOLDER = Path(__file__).parents[1] / "examples" / "compare"
FILES = sorted(FOLDER.glob("*.safetensors"))
PAIRS = sorted({path.stem.rsplit("_", 1)[0] for path in FILES})


def pair(name: str) -> tuple[TextRun, TextRun]:
    runs = [load_run(FOLDER / f"{name}_{side}.safetensors") for side in "ab"]
    assert isinstance(runs[0], TextRun)
    assert isinstance(runs[1], TextRun)
    return runs[0], runs[1]


def compared(name: str) -> Comparison:
    return compare(CompareRequest(a=f"{name}_a", b=f"{name}_b"), *pair(name))


def test_the_four_pairs_are_there():
    assert PAIRS == ["dtype", "garden", "rounded", "template"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_titled_small_and_names_no_folder(path):
    run = load_run(path)
    assert run.title
    assert run.note
    assert run.model.source == "bundled"
    assert path.stat().st_size < 1_000_000


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_differs_where_it_says(name):
    a, b = pair(name)
    comparison = compared(name)
    assert len(comparison.meeting.spans) > 20
    assert np.nanmax(np.abs(comparison.sides("entropy").difference)) > 0
    assert (a.model.dtype, b.model.dtype) == (
        "float32",
        "bfloat16" if name == "dtype" else "float32",
    )
    assert ("rounded again" in b.model.weights) == (name == "rounded")


@pytest.mark.parametrize("word", [" the", " fell", " spat"])
def test_the_plain_version_is_less_surprising_where_the_garden_path_breaks(word):
    """The claim of the pair's note: “the” after “man”, “fell” and “spat” cost far less."""
    table = compared("garden").tables()["differences"]
    costs = np.array(table["difference_surprisal_nats"])
    place = next(i for i, text in enumerate(table["text_a"]) if text == word)
    assert costs[place] < -2


def test_every_word_that_both_readings_have_is_set_against_itself():
    table = compared("garden").tables()["differences"]
    only_a = [
        text for text, there in zip(table["text_a"], table["in"], strict=True) if there == "A"
    ]
    assert only_a == [" man", " houses"]


@pytest.mark.parametrize("name", ["dtype", "rounded"])
def test_the_exact_divergence_keeps_the_bounds_of_the_pair(name):
    exact = load_run(FOLDER / f"{name}_divergence.safetensors")
    bounds = compared(name).bounds
    assert isinstance(exact, DivergenceRun)
    # Stored numbers are float32, and the rest beside the tops counts from 1e-6.
    assert (bounds.kl_ab <= exact.kl_ab + 1e-5)[1:].all()
    assert (bounds.js_low <= exact.js + 1e-5)[1:].all()
    assert (bounds.js_high >= exact.js - 1e-5)[1:].all()
