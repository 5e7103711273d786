"""Random runs of every kind, for hypothesis."""

from __future__ import annotations

from dataclasses import replace
from typing import get_type_hints

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from backend.runs import (
    RUN_KINDS,
    AttentionRun,
    DatasetRequest,
    DatasetRun,
    ModelSpec,
    Origin,
    Run,
    SamplerSpec,
    TextRun,
    TrajectoryRun,
)
from backend.runs.training import TrainingRun
from tests.runs.declared_runs import Wish, declared_run
from tests.runs.makers import (
    attention_run,
    dataset_run,
    text_run,
    training_run,
    trajectory_run,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
SEEDS = st.lists(st.integers(0, 2**63), min_size=1, max_size=4, unique=True).map(tuple)
MODELS = st.builds(
    ModelSpec,
    source=TEXT,
    revision=st.none() | TEXT,
    device=st.sampled_from(["auto", "cpu", "cuda:1"]),
    dtype=st.sampled_from(["auto", "float32"]),
)


def floats(shape: tuple[int, ...], low: float = 0.0, high: float = 2.0**100) -> st.SearchStrategy:
    """Return arrays of float32 from ``low`` to ``high``."""
    return arrays.arrays(np.float32, shape, elements=st.floats(low, high, width=32))


@st.composite
def text_runs(draw: st.DrawFn) -> TextRun:
    """Return a text run with a random text, cut anywhere, curve or none."""
    run = text_run(
        draw(TEXT.filter(bool)),
        seed=draw(st.integers(0, 99)),
        width=draw(st.integers(1, 9)),
        top_k=draw(st.integers(1, 9)),
        curve=draw(st.booleans()),
        spec=draw(MODELS),
    )
    surprisal = draw(floats(run.surprisal.shape))
    surprisal[draw(st.integers(0, len(run) - 1)) :] = np.inf
    surprisal[0] = np.nan
    return replace(run, surprisal=surprisal)


@st.composite
def attention_runs(draw: st.DrawFn) -> AttentionRun:
    """Return an attention run of random size, some layers without a pattern."""
    shape = tuple(draw(st.integers(1, 5)) for _ in range(3))
    entropy = draw(floats(shape))
    empty = draw(st.sets(st.integers(0, shape[0] - 1)))
    entropy[sorted(empty)] = np.nan
    outside = draw(st.none() | floats(shape, high=1))
    reasons = {str(layer): draw(TEXT) for layer in empty}
    return replace(attention_run(entropy), outside_mass=outside, reasons=reasons)


@st.composite
def trajectory_runs(draw: st.DrawFn) -> TrajectoryRun:
    """Return a trajectory run of random samplers and seeds, some a branch, some compared."""
    names = draw(st.lists(st.sampled_from(["greedy", "top_p", "top_h"]), min_size=1, unique=True))
    run = trajectory_run(tuple(names), seeds=draw(SEEDS), shift=draw(st.floats(0, 9)))
    plan = st.lists(
        st.builds(
            SamplerSpec,
            TEXT,
            st.dictionaries(TEXT, st.integers(-9, 9) | st.floats(-9, 9) | TEXT, max_size=3),
        ),
        min_size=1,
        max_size=2,
    ).map(tuple)
    request = replace(
        run.request,
        model=draw(MODELS),
        prompt=draw(TEXT),
        samplers=tuple(draw(plan) for _ in names),
        prefix_ids=tuple(draw(st.lists(st.integers(0, 49), max_size=3))),
        stop=tuple(draw(st.lists(TEXT, max_size=2))),
        origin=draw(st.none() | st.builds(Origin, TEXT, *[st.integers(0, 9)] * 3)),
    )
    compared = {}
    if draw(st.booleans()):
        shape = (len(names), *run.token_ids.shape)
        compared = {name: draw(floats(shape)) for name in ("compare_mass", "compare_entropy")}
        compared["compare_count"] = np.ones(shape, np.int32)
        compared["compare_probs"] = draw(floats((*shape, 2), high=1))
    return replace(run, request=request, **compared)


@st.composite
def dataset_runs(draw: st.DrawFn) -> DatasetRun:
    """Return a data-set run of random texts, some with a problem."""
    texts = tuple(draw(st.lists(TEXT, min_size=1, max_size=6)))
    problems = draw(st.dictionaries(st.integers(0, len(texts) - 1).map(str), TEXT))
    numbers = {
        name: draw(floats((len(texts),)))
        for name in ("mean_entropy", "max_entropy", "mean_surprisal", "bits_per_byte")
    }
    for row in problems:
        for values in numbers.values():
            values[int(row)] = np.nan
    return replace(
        dataset_run(),
        request=DatasetRequest(texts=texts, model=draw(MODELS), add_bos=draw(st.booleans())),
        tokens=draw(arrays.arrays(np.int32, len(texts), elements=st.integers(0, 2**31 - 1))),
        problems=problems,
        **numbers,
    )


@st.composite
def declared_runs(draw: st.DrawFn, kind: str) -> Run:
    """Return a random run of any kind, made from what the kind declares."""
    wish = st.builds(
        Wish,
        tokens=st.integers(1, 9),
        layers=st.integers(1, 4),
        heads=st.integers(1, 4),
        text=TEXT,
        known=st.floats(0, 1),
        infinite=st.booleans(),
    )
    run = declared_run(kind, draw(wish), draw(st.integers(0, 99)))
    models = {name for name, hint in get_type_hints(type(run.request)).items() if hint is ModelSpec}
    return replace(run, request=replace(run.request, **{name: draw(MODELS) for name in models}))


@st.composite
def training_runs(draw: st.DrawFn) -> TrainingRun:
    """Return a training with random words, numbers and sizes."""
    run = training_run(draw(TEXT), records=draw(st.integers(1, 4)), seeds=draw(st.integers(1, 3)))
    numbers = {**run.numbers, "loss": draw(floats(run.numbers["loss"].shape))}
    return replace(run, numbers=numbers)


OWN = {
    "training": training_runs,
    "text": text_runs,
    "attention": attention_runs,
    "trajectories": trajectory_runs,
    "dataset": dataset_runs,
}
"""Kinds whose arrays and fields have to agree in ways that no declaration tells."""


def runs_of(kind: str) -> st.SearchStrategy[Run]:
    """Return random runs of a kind; a new kind needs nothing of its own."""
    return OWN[kind]() if kind in OWN else declared_runs(kind)


def any_run() -> st.SearchStrategy[Run]:
    """Return random runs of every kind."""
    return st.one_of(*map(runs_of, RUN_KINDS))
