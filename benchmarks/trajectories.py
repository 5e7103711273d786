"""Eight samplers as one batch, against one trajectory and against eight calls of ``generate``.

    python -m benchmarks.trajectories            # the tables in benchmarks/README.md
    python -m benchmarks.trajectories --quick    # 16 steps, once, printed only

Runs alternate, so that a busy machine slows all of them alike; the tables show medians.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

import backend
from backend import samplers
from backend.models.language import LanguageModel
from benchmarks.measuring import machine, write_section

EIGHT = ["greedy", "temperature", "top_k", "top_p", "min_p", "typical", "mirostat_v2", "top_h"]
PROMPT = "The old lighthouse keeper opened the door and saw"
VOCABULARIES = (49_152, 262_144)

# The nearest that ``generate`` offers; it has neither mirostat nor the paper's top-H.
GENERATE = [
    {"do_sample": False},
    {"do_sample": True, "top_k": 0},
    {"do_sample": True, "top_k": 50},
    {"do_sample": True, "top_k": 0, "top_p": 0.9},
    {"do_sample": True, "top_k": 0, "min_p": 0.1},
    {"do_sample": True, "top_k": 0, "typical_p": 0.9},
    {"do_sample": True, "top_k": 0},
    {"do_sample": True, "top_k": 0, "top_h": 0.4},
]


def study(model: LanguageModel, names: list[str], steps: int) -> None:
    """Run the study; no trajectory ends before its last step."""
    backend.study_trajectories(model, PROMPT, names, steps=steps, stop_at_end=False)


def one_after_the_other(model: LanguageModel, steps: int) -> None:
    """Call ``generate`` once for each sampler."""
    ids = torch.from_numpy(model.tokenizer.encode(PROMPT).ids).long()[None]
    for options in GENERATE:
        model.torch_model.generate(  # type: ignore[reportCallIssue]
            ids, max_new_tokens=steps, min_new_tokens=steps, **options
        )


def share_outside(model: LanguageModel, action: Callable[[], None]) -> float:
    """Return the share of the time of ``action`` in which the model itself does not compute."""
    inside = 0.0

    def watched(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def call(*args: Any, **options: Any) -> Tensor:
            nonlocal inside
            start = time.perf_counter()
            try:
                return function(*args, **options)
            finally:
                inside += time.perf_counter() - start

        return call

    with (
        patch.object(model, "hidden_states", watched(model.hidden_states)),
        patch.object(model, "unembed", watched(model.unembed)),
    ):
        total = _seconds(action)
    return 1 - inside / total


def batch_table(steps: int, rounds: int) -> str:
    """Return how long the batch takes and what it is compared with, as Markdown."""
    model = backend.load_model("bundled", device="cpu", dtype="float32")
    ways: dict[str, Callable[[], None]] = {
        "one": lambda: study(model, ["top_p"], steps),
        "eight": lambda: study(model, EIGHT, steps),
        "generate": lambda: one_after_the_other(model, steps),
    }
    study(model, EIGHT, 2)  # first calls set up threads and kernels
    taken = []
    for _ in range(rounds):
        times = {name: _seconds(way) for name, way in ways.items()}
        taken.append(times | {"outside": share_outside(model, ways["eight"])})

    def middle(pick: Callable[[dict[str, float]], float]) -> float:
        return statistics.median(map(pick, taken))

    rows = [
        ("one trajectory", f"{middle(lambda t: t['one']):.2f} s"),
        ("eight samplers as one batch", f"{middle(lambda t: t['eight']):.2f} s"),
        ("eight `generate` calls", f"{middle(lambda t: t['generate']):.2f} s"),
        ("batch ÷ one trajectory", f"{middle(lambda t: t['eight'] / t['one']):.2f}"),
        ("`generate` ÷ batch", f"{middle(lambda t: t['generate'] / t['eight']):.2f}"),
        ("share of the batch that is not the model", f"{middle(lambda t: t['outside']):.0%}"),
    ]
    return "\n".join(["| | |", "|:--|--:|", *(f"| {name} | {value} |" for name, value in rows)])


def sampler_table(rounds: int) -> str:
    """Return the time of one step of every sampler on one row, as Markdown."""
    head = " | ".join(f"V = {each:,}" for each in VOCABULARIES)
    lines = [f"| sampler | {head} |", "|:--|" + "--:|" * len(VOCABULARIES)]
    totals = [0.0] * len(VOCABULARIES)
    for name in samplers.names():
        times = [_step_seconds(name, logits_of(size), rounds) for size in VOCABULARIES]
        if name in EIGHT:
            totals = [total + each for total, each in zip(totals, times, strict=True)]
        lines.append(f"| {name} | " + " | ".join(f"{1e3 * each:.2f} ms" for each in times) + " |")
    cells = " | ".join(f"{1e3 * each:.2f} ms" for each in totals)
    return "\n".join([*lines, f"| the eight of the batch | {cells} |"])


def logits_of(size: int) -> Tensor:
    """Return one row of logits as spread as those of a small model: Zipf's law with noise."""
    generator = torch.Generator().manual_seed(0)
    rank = torch.randperm(size, generator=generator) + 2.7
    return (-1.5 * rank.log() + 0.3 * torch.randn(size, generator=generator))[None]


def _step_seconds(name: str, logits: Tensor, rounds: int) -> float:
    sampler = samplers.make(name)
    state = sampler.start(1)
    sampler.filter(logits, state)
    return statistics.median(_seconds(lambda: sampler.filter(logits, state)) for _ in range(rounds))


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main(arguments: list[str]) -> None:
    """Print quick tables, or write them."""
    quick = arguments == ["--quick"]
    steps, rounds = (16, 1) if quick else (64, 3)
    batch, each = batch_table(steps, rounds), sampler_table(5 if quick else 30)
    text = f"{machine()}, float32, {steps} steps, {rounds} rounds.\n\n{batch}\n\n{each}"
    if quick:
        print(text)
    else:
        write_section("trajectories", text)


if __name__ == "__main__":
    main(sys.argv[1:])
