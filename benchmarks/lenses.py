"""Lenses of many readings, beside their aims and the plain forward pass.

Run as ``python benchmarks/lenses.py [name …]``. One model, loaded once, as in the dashboard.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import torch

import backend
from backend.lenses import LENSES
from backend.models.language import LanguageModel
from benchmarks.measuring import machine, timed, write_section

PLAIN_TOKENS = 256
SOURCE, TEXT = (
    f"Every sentence of this text says the same about {what} and weather. " * 150
    for what in ("ships, ports", "roads, towns")
)
"""About 2,000 tokens each."""

CASES: dict[str, tuple[str, dict[str, Any], float]] = {
    "two_models": ("two_models_fox", {}, 12),
    "retrieval": (
        "retrieval_alice",
        {"source": SOURCE, "text": TEXT},
        30,
    ),
    "holes": ("holes_rome", {}, 6),
    "flow": ("flow_ferry", {}, 8),
    "summaries": ("summaries_millbrook", {}, 20),
    "threads": ("threads_uuid", {}, 60),
}
"""Kind of run to a shipped example, what is asked otherwise, and the seconds it may take."""


def study(model: LanguageModel, kind: str) -> tuple[float, float]:
    """Return seconds and processor seconds of a shipped run, made again."""
    name, change, _ = CASES[kind]
    (example,) = (each for each in LENSES[kind].examples if each.name == name)
    request = LENSES[kind].request_type(**dict(example.fields) | change)
    start, busy = time.perf_counter(), time.process_time()
    backend.study(model, request)
    return time.perf_counter() - start, time.process_time() - busy


@torch.inference_mode()
def plain(model: LanguageModel) -> float:
    """Return the seconds of transformers' own forward pass over a text."""
    ids = torch.full((1, PLAIN_TOKENS), 7, device=model.device)

    def read() -> None:
        model.torch_model(ids, use_cache=False)

    return timed(read, read)["seconds"]


def main() -> None:
    """Print a table and write it to README.md; exit code 1 when an aim is missed."""
    model = backend.load_model("bundled", device="cpu", dtype="float32")
    unit = plain(model)
    rows = [
        "| lens | run | seconds | aim | processor s | × plain forward pass |",
        "|---|---|--:|--:|--:|--:|",
    ]
    slow = []
    for kind in sys.argv[1:] or CASES:
        seconds, worked = study(model, kind)
        name, _, aim = CASES[kind]
        rows.append(
            f"| {LENSES[kind].title} | {name} | {seconds:.1f} | {aim:g} | {worked:.1f} "
            f"| {seconds / unit:.0f} |"
        )
        if seconds > aim:
            slow.append(kind)
    print("\n".join(rows))
    if not sys.argv[1:]:
        write_section("lenses", "\n".join([f"On {machine()}.", "", *rows]))
    raise SystemExit(f"Over their aims: {', '.join(slow)}" if slow else 0)


if __name__ == "__main__":
    main()
