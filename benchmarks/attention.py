"""The attention study against the plain forward pass and against materialised attention.

    python -m benchmarks.attention            # the table in benchmarks/README.md
    python -m benchmarks.attention --quick    # two short texts, once, printed only

Every case runs in a fresh process with the bundled model; repetitions of the five ways alternate,
so that a busy machine slows all of them alike.
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
WEIGHTS_LENGTHS = (256, 1024, 2048)  # at 4,096 there are 30 × 9 × 4096² weights: 18 GB


def plain(model: LanguageModel, text: str) -> None:
    """Run the model's own forward with the head at every position, and drop the logits."""
    model.torch_model(ids_of(model, text), use_cache=False)


def study(model: LanguageModel, text: str) -> None:
    """Run the study: attention alone, the head of the model is not needed."""
    backend.study_attention(model, text)


def both(model: LanguageModel, text: str) -> None:
    """Run both studies, attention and every token's distribution, from one forward pass."""
    backend.study_both(model, text)


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
    "both": both,
    "weights": weights,
    "peer": peer,
}


def measure_one(way: str, length: int) -> dict[str, float]:
    """Measure one way at one length, in this process."""
    model = backend.load_model("bundled", device="cpu", dtype="float32")
    text = text_of(model, length)
    with torch.inference_mode():
        short = text_of(model, min(length, WARM_UP))
        return timed(lambda: WAYS[way](model, text), lambda: WAYS[way](model, short))


def table(rounds_of: dict[int, int]) -> str:
    """Return the result table as Markdown, for lengths and how often to measure each."""
    rows = [
        "| tokens | plain | study | both | weights | peer | study ÷ plain | both ÷ plain "
        "| weights ÷ study | peer ÷ both "
        "| memory plain | memory study | memory both | memory weights | memory peer |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for length, repetitions in rounds_of.items():
        ways = list(WAYS) if length in WEIGHTS_LENGTHS else ["plain", "study", "both"]
        rounds = [
            {way: in_fresh_process(__file__, way, str(length)) for way in ways}
            for _ in range(repetitions)
        ]
        rows.append(_row(length, rounds))
        print(rows[-1], flush=True)
    return "\n".join(rows)


def _row(length: int, rounds: list[dict[str, dict[str, float]]]) -> str:
    def seconds(way: str) -> str:
        if way not in rounds[0]:
            return "–"
        return f"{statistics.median(each[way]['seconds'] for each in rounds):.2f} s"

    def ratio(over: str, under: str) -> str:
        if over not in rounds[0]:
            return "–"
        shares = [each[over]["seconds"] / each[under]["seconds"] for each in rounds]
        return f"{statistics.median(shares):.2f}"

    def memory(way: str) -> str:
        if way not in rounds[0]:
            return "–"
        return f"{max(each[way]['bytes'] for each in rounds) / 1e6:,.0f} MB"

    cells = [f"{length:,}", *(seconds(way) for way in WAYS)]
    cells += [ratio("study", "plain"), ratio("both", "plain")]
    cells += [ratio("weights", "study"), ratio("peer", "both")]
    return f"| {' | '.join([*cells, *(memory(way) for way in WAYS)])} |"


def main(arguments: list[str]) -> None:
    """Print one measurement, or make the table."""
    if arguments and arguments[0] in WAYS:
        print(json.dumps(measure_one(arguments[0], int(arguments[1]))))
    elif arguments == ["--quick"]:
        print(table({256: 1, 1024: 1}))
    else:
        rounds = ", ".join(map(str, ROUNDS.values()))
        text = f"{machine()}, float32, rounds by row: {rounds}.\n\n{table(ROUNDS)}"
        write_section("attention", text)


if __name__ == "__main__":
    main(sys.argv[1:])
