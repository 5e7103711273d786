"""The shipped pairs: small, of equal kind, and truthful about what differs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backend.derived.compare import compare_text
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


def test_the_three_pairs_are_there():
    assert PAIRS == ["dtype", "rounded", "template"]


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
    comparison = compare_text(a, b)
    assert len(comparison.alignment) > 20
    assert np.nanmax(np.abs(comparison.difference("entropy"))) > 0
    assert (a.model.dtype, b.model.dtype) == (
        "float32",
        "bfloat16" if name == "dtype" else "float32",
    )
    assert ("rounded again" in b.model.weights) == (name == "rounded")


@pytest.mark.parametrize("name", ["dtype", "rounded"])
def test_the_exact_divergence_keeps_the_bounds_of_the_pair(name):
    exact = load_run(FOLDER / f"{name}_divergence.safetensors")
    bounds = compare_text(*pair(name)).bounds
    assert isinstance(exact, DivergenceRun)
    # Stored numbers are float32, and the rest beside the tops counts from 1e-6.
    assert (bounds.kl_ab <= exact.kl_ab + 1e-5)[1:].all()
    assert (bounds.js_low <= exact.js + 1e-5)[1:].all()
    assert (bounds.js_high >= exact.js - 1e-5)[1:].all()
