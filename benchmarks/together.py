"""Ten short texts that wait for one model: one after the other, or padded into one batch?

    python -m benchmarks.together

The batch takes less work and answers everybody at its end; one after the other answers the first
after a tenth of the time. What counts for ten readers is both.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import backend
from backend.models.language import LanguageModel
from backend.progress import ignore
from backend.reading.windows import one_window
from backend.runs import TextRequest
from backend.storage.passages import passages
from backend.studies.text import TextStudy
from benchmarks.measuring import machine, write_section

TEXTS, TOKENS, ROUNDS = 10, 60, 5

Answers = list[tuple[float, Any]]


def requests_of(model: LanguageModel) -> list[TextRequest]:
    """Return ten different texts of 60 tokens."""
    encoding = model.tokenizer.encode(" ".join(passages()))
    ends = [int(each) for each in encoding.offsets[TOKENS - 1 :: TOKENS, 1][:TEXTS]]
    starts = [0, *ends]
    return [TextRequest(text=encoding.text[a:b]) for a, b in zip(starts, ends, strict=False)]


def one_by_one(model: LanguageModel, requests: list[TextRequest]) -> Answers:
    """Return every run, and the seconds after which it was there."""
    started, study = time.perf_counter(), TextStudy()
    found: Answers = []
    for each in requests:
        run = study.run(model, each, ignore)
        found.append((time.perf_counter() - started, run))
    return found


@torch.inference_mode()
def in_a_batch(model: LanguageModel, requests: list[TextRequest]) -> Answers:
    """The same with one forward pass, padded on the right; nothing looks ahead."""
    started, study = time.perf_counter(), TextStudy()
    encodings = [study.encode(model, each) for each in requests]
    ids = torch.zeros(len(encodings), max(map(len, encodings)), dtype=torch.long)
    for row, each in zip(ids, encodings, strict=True):
        row[: len(each)] = torch.from_numpy(each.ids)
    hidden, found = model.hidden_states(ids), []
    for row, request, encoding in zip(hidden, requests, encodings, strict=True):
        taps = study.taps(model, request, encoding)
        targets = one_window(len(encoding))[0].targets
        taps[0].start(model, torch.from_numpy(encoding.ids).long()[None])
        taps[0].on_logits(targets.start, model.unembed(row[: len(encoding) - 1]))
        run = study.finish(model, request, encoding, taps, started)
        found.append((time.perf_counter() - started, run))
    return found


def measure(way: Callable[[], Answers]) -> tuple[float, float, float]:
    """Return seconds of the processor, and after how many half of the readers and the last are."""
    busy = time.process_time()
    ends = [seconds for seconds, _ in way()]
    return time.process_time() - busy, statistics.median(ends), ends[-1]


def main() -> None:
    """Measure both ways in turn, and write the section."""
    model = backend.load_model("bundled", device="cpu", dtype="float32")
    requests = requests_of(model)
    ways: dict[str, Callable[[], Answers]] = {
        "one after the other": lambda: one_by_one(model, requests),
        "one padded batch": lambda: in_a_batch(model, requests),
    }
    alone, together = (way() for way in ways.values())  # once, so that all is warm
    apart = max(
        float(np.nanmax(abs(a.entropy - b.entropy)))
        for (_, a), (_, b) in zip(alone, together, strict=True)
    )
    rounds = [{name: measure(way) for name, way in ways.items()} for _ in range(ROUNDS)]
    lines = ["| ten texts of 60 tokens | processor | half are there after | the last after |"]
    lines += ["|---|--:|--:|--:|"]
    for name in ways:
        cells = (statistics.median(each[name][place] for each in rounds) for place in range(3))
        lines.append(f"| {name} | " + " | ".join(f"{each:.2f} s" for each in cells) + " |")
    lines += ["", f"Largest difference of an entropy: {apart:.1e} nats. {machine()}, float32."]
    print("\n".join(lines))
    write_section("together", "\n".join(lines))


if __name__ == "__main__":
    main()
