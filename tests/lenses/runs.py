"""Runs to try every lens on: shipped, random, tiny, full of gaps, and from somebody hostile."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from backend.derived.comparison import CompareRequest, Comparison, compare
from backend.lenses import LENSES
from backend.runs import RUN_KINDS, Run, TextRun
from backend.storage.files import load_run
from tests.runs.declared_runs import Wish, declared_run
from tests.runs.makers import (
    attention_run,
    dataset_run,
    text_run,
    training_run,
    trajectory_run,
)

EXAMPLES = Path(__file__).parents[2] / "examples"
ELSEWHERE = {"divergence": "compare/dtype_divergence"}
"""Where a kind's shipped run is, when it is no example of its lens."""

HOSTILE = "</script><img src=https://evil.example/x onerror=alert(1)>{{7*7}}'\"\\\u202e"
VARIANTS = ("shipped", "random", "single", "empty", "hostile")


@cache
def run_of(kind: str, variant: str) -> Run:
    """Return a run of a kind; ``variant`` is one of ``VARIANTS``."""
    if kind == "compare":
        return pair_of("text", variant)
    if variant == "shipped":
        return load_run(EXAMPLES / f"{shipped(kind)}.safetensors")
    if kind in OWN:
        return OWN[kind](variant)
    wishes = {
        "random": Wish(),
        "single": Wish(tokens=1, layers=1, heads=1),
        "empty": Wish(known=0),
        "hostile": Wish(text=HOSTILE.replace(" ", "_") + " two"),
    }
    return declared_run(kind, wishes[variant])


@cache
def pair_of(kind: str, variant: str) -> Comparison:
    """Return two runs of a kind as a comparison; the second differs where it can."""
    a = run_of(kind, variant)
    b = replace(a, title="B")
    if kind == "text":
        b = text_run("One 2, three é 🙂 four.", seed=5) if variant == "random" else b
    return compare(CompareRequest(a=f"{kind}a", b=f"{kind}b{variant}"), a, b)


def shipped(kind: str) -> str:
    """Return the name of the file with the shipped run of a kind."""
    return ELSEWHERE.get(kind) or LENSES[kind].examples[0].name


def _text(variant: str) -> TextRun:
    if variant == "single":
        return text_run("x", width=1, curve=True)
    text = HOSTILE if variant == "hostile" else "One two, three é 🙂 four."
    run = text_run(text, curve=True)
    if variant == "hostile":
        return replace(run, vocabulary=dict.fromkeys(run.vocabulary, HOSTILE))
    if variant == "empty":
        surprisal = np.full_like(run.surprisal, np.inf)
        surprisal[0] = np.nan
        return replace(run, surprisal=surprisal)
    return run


def _attention(variant: str) -> Run:
    shape = (1, 1, 1) if variant == "single" else (3, 2, 9)
    entropy = np.random.default_rng(0).random(shape).astype(np.float32)
    reasons = {}
    if variant == "empty":
        entropy[:] = np.nan
        reasons = {str(layer): HOSTILE for layer in range(shape[0])}
    elif variant == "random":
        entropy[1] = np.nan
        reasons = {"1": "It is a state space layer."}
    run = attention_run(entropy)
    visible = np.log(np.arange(1, shape[2] + 1)).astype(np.float32)
    limits = np.where(np.isnan(entropy).all(1), np.nan, visible).astype(np.float32)
    run = replace(run, reasons=reasons, max_entropy=limits)
    if variant == "hostile":
        run = replace(run, tokens=[HOSTILE] * len(run), outside_mass=np.zeros_like(entropy))
    return run


def _trajectories(variant: str) -> Run:
    if variant == "single":
        run = trajectory_run(("greedy",), seeds=(0,))
    elif variant == "random":
        run = trajectory_run(("mirostat_v2", "top_p"))
        surprise = run.surprisal.copy()
        run = replace(run, details={"mu": surprise, "surprise": surprise, "error": surprise})
    else:
        run = trajectory_run()
    if variant == "empty":
        gone = {
            name: np.full_like(getattr(run, name), np.nan)
            for name in ("entropy", "varentropy", "surprisal", "rank", "kept_mass", "kl")
        }
        run = replace(
            run, lengths=np.zeros_like(run.lengths), kept_count=0 * run.kept_count, **gone
        )
    if variant == "hostile":
        labels = [f"{HOSTILE} {place}" for place in range(len(run.labels))]
        run = replace(run, labels=labels, vocabulary=dict.fromkeys(run.vocabulary, HOSTILE))
    return run


def _dataset(variant: str) -> Run:
    run = dataset_run()
    texts = {"single": 1, "empty": 2}.get(variant, 3)
    names = ("mean_entropy", "max_entropy", "mean_surprisal", "bits_per_byte")
    values = {name: getattr(run, name)[:texts] for name in names}
    if variant == "empty":
        values = {name: np.full(texts, np.nan, np.float32) for name in names}
    if variant == "random":
        values["mean_surprisal"] = np.array([1, np.inf, np.nan], np.float32)
    problems = {"1": HOSTILE} if variant == "hostile" else {}
    request = replace(run.request, texts=(HOSTILE,) * texts)
    return replace(run, request=request, tokens=run.tokens[:texts], problems=problems, **values)


def _training(variant: str) -> Run:
    if variant == "single":
        return training_run(records=1, seeds=1)
    run = training_run(HOSTILE if variant == "hostile" else "plain")
    if variant == "empty":
        gone = {name: np.full_like(each, np.nan) for name, each in run.numbers.items()}
        return replace(run, numbers=gone, results={}, figures=[], texts={})
    return run


OWN = {
    "text": _text, "attention": _attention, "trajectories": _trajectories, "dataset": _dataset,
    "training": _training,
}  # fmt: skip
"""Kinds whose arrays and fields have to agree in ways that no declaration tells."""


def panels() -> list[tuple[str, str]]:
    """Return every panel of every lens, as kind and name; those of pairs are tested by theirs."""
    stored = [LENSES[kind] for kind in LENSES if LENSES[kind].shows is None]
    return [(lens.kind, panel.name) for lens in stored for panel in lens.panels]


def kinds() -> list[str]:
    """Return every kind of run."""
    return list(RUN_KINDS)
