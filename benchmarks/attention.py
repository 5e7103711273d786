"""The attention study against the plain forward pass and against materialised attention.

    python -m benchmarks.attention            # the tables in benchmarks/README.md
    python -m benchmarks.attention --quick    # two short texts, once, printed only

Every case runs in a fresh process with the bundled model; repetitions of the ways alternate, so
that a busy machine slows all of them alike.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

import backend
from backend.models.language import LanguageModel
from benchmarks.measuring import in_fresh_process, machine, timed, write_section
from benchmarks.text import WARM_UP, distributions, ids_of, text_of

# Length to rounds: a short text varies most and costs least.
ROUNDS = {256: 5, 1024: 3, 2048: 3, 4096: 3, 8192: 1}
HALF_ROUNDS = {1024: 3, 2048: 3, 4096: 3}
WEIGHTS_LENGTHS = (256, 1024, 2048)  # at 4,096 there are 30 × 9 × 4096² weights: 18 GB


def plain(model: LanguageModel, text: str) -> None:
    """Run the model's own forward with the head at every position, and drop the logits."""
    model.torch_model(ids_of(model, text), use_cache=False)


def study(model: LanguageModel, text: str) -> None:
    """Run the study: attention alone, the head of the model is not needed."""
    backend.study_attention(model, text)


def many(model: LanguageModel, text: str) -> None:
    """Run both studies, attention and every token's distribution, from one forward pass."""
    backend.study_many(model, text, ["text", "attention"])


def tokens(model: LanguageModel, text: str) -> None:
    """Run the text study alone: every token's distribution."""
    backend.study_text(model, text)


def weights(model: LanguageModel, text: str) -> None:
    """Compute the entropies as one would write them down, on all weights of all layers."""
    _entropies(_with_weights(model, ids_of(model, text)).attentions)


def peer(model: LanguageModel, text: str) -> None:
    """Compute entropies and the numbers of every token's distribution in the same way."""
    ids = ids_of(model, text)
    output = _with_weights(model, ids)
    _entropies(output.attentions)
    distributions(output.logits, ids)


def _with_weights(model: LanguageModel, ids: Tensor) -> Any:
    model.torch_model.set_attn_implementation("eager")
    return model.torch_model(ids, output_attentions=True, use_cache=False)


def _entropies(attentions: Sequence[Tensor]) -> None:
    for layer in attentions:
        (layer * torch.log(layer + 1e-12)).sum(-1).neg_()


WAYS: dict[str, Callable[[LanguageModel, str], None]] = {
    "plain": plain,
    "study": study,
    "many": many,
    "weights": weights,
    "peer": peer,
    "tokens": tokens,
}
Round = dict[str, dict[str, float]]


def measure_one(way: str, length: int, dtype: str) -> dict[str, float]:
    """Measure one way at one length, in this process."""
    model = backend.load_model("bundled", device="cpu", dtype=dtype)
    text = text_of(model, length)
    with torch.inference_mode():
        short = text_of(model, min(length, WARM_UP))
        return timed(lambda: WAYS[way](model, text), lambda: WAYS[way](model, short))


def rounds_of(ways: Sequence[str], length: int, count: int, dtype: str) -> list[Round]:
    """Measure ``ways`` in turn, so many times."""
    return [
        {way: in_fresh_process(__file__, way, str(length), dtype) for way in ways}
        for _ in range(count)
    ]


def table(counts: dict[int, int]) -> str:
    """Return the table in float32 as Markdown, for lengths and how often to measure each."""
    shown = ("plain", "study", "many", "weights", "peer")
    rows = [
        f"| tokens | {' | '.join(shown)} | study ÷ plain | many ÷ plain | the same, processors "
        f"| weights ÷ study | peer ÷ many | {' | '.join(f'memory {way}' for way in shown)} |",
        "|--:" * (6 + 2 * len(shown)) + "|",
    ]
    for length, count in counts.items():
        ways = shown if length in WEIGHTS_LENGTHS else shown[:3]
        rounds = rounds_of(ways, length, count, "float32")
        cells = [f"{length:,}", *(_seconds(rounds, way) for way in shown)]
        cells += [_ratio(rounds, "study", "plain"), _ratio(rounds, "many", "plain")]
        cells += [_ratio(rounds, "many", "plain", "worked")]
        cells += [_ratio(rounds, "weights", "study"), _ratio(rounds, "peer", "many")]
        rows.append(f"| {' | '.join([*cells, *(_memory(rounds, way) for way in shown)])} |")
        print(rows[-1], flush=True)
    return "\n".join(rows)


def half_table(counts: dict[int, int]) -> str:
    """Return the table in bfloat16 as Markdown."""
    rows = [
        "| tokens | text | text and attention | ratio | the same, processors |",
        "|--:|--:|--:|--:|--:|",
    ]
    for length, count in counts.items():
        rounds = rounds_of(("tokens", "many"), length, count, "bfloat16")
        cells = [f"{length:,}", _seconds(rounds, "tokens"), _seconds(rounds, "many")]
        cells += [_ratio(rounds, "many", "tokens"), _ratio(rounds, "many", "tokens", "worked")]
        rows.append(f"| {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    return "\n".join(rows)


def _seconds(rounds: list[Round], way: str) -> str:
    if way not in rounds[0]:
        return "–"
    return f"{statistics.median(each[way]['seconds'] for each in rounds):.2f} s"


def _ratio(rounds: list[Round], over: str, under: str, what: str = "seconds") -> str:
    if over not in rounds[0]:
        return "–"
    return f"{statistics.median(each[over][what] / each[under][what] for each in rounds):.2f}"


def _memory(rounds: list[Round], way: str) -> str:
    if way not in rounds[0]:
        return "–"
    return f"{max(each[way]['bytes'] for each in rounds) / 1e6:,.0f} MB"


def main(arguments: list[str]) -> None:
    """Print one measurement, or make the tables."""
    if arguments and arguments[0] in WAYS:
        print(json.dumps(measure_one(arguments[0], int(arguments[1]), arguments[2])))
    elif arguments == ["--quick"]:
        print(table({256: 1, 1024: 1}))
    else:
        counts = ", ".join(map(str, ROUNDS.values()))
        text = f"{machine()}, float32, rounds by row: {counts}.\n\n{table(ROUNDS)}"
        half = f"The same in bfloat16, {machine()}, 3 rounds.\n\n{half_table(HALF_ROUNDS)}"
        write_section("attention", f"{text}\n\n{half}")


if __name__ == "__main__":
    main(sys.argv[1:])
