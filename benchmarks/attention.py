"""The attention study against the plain forward pass and against materialised attention.

    python -m benchmarks.attention            # the table in benchmarks/README.md
    python -m benchmarks.attention --quick    # two short texts, once, printed only

Every case runs in a fresh process with the bundled model; repetitions of the four ways alternate,
so that a busy machine slows all of them alike.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable

import torch
from torch import Tensor

import backend
from backend.measures.distribution import measure
from backend.models.language import LanguageModel
from backend.models.taps import attention_tap
from backend.studies.watching import Watcher
from benchmarks.measuring import in_fresh_process, machine, timed, write_section
from benchmarks.text import WARM_UP, text_of

LENGTHS = (256, 1024, 2048, 4096, 8192)
PEER_LENGTHS = LENGTHS[:3]  # at 4,096 the peer holds 30 × 9 × 4096² weights: 18 GB
_ROWS = 512  # as the text study takes them


def plain(model: LanguageModel, text: str) -> None:
    """Run the model's own forward with the head at every position, and drop the logits."""
    model.torch_model(_ids(model, text), use_cache=False)


def study(model: LanguageModel, text: str) -> None:
    """Run the study: attention alone, the head of the model is not needed."""
    backend.study_attention(model, text)


def both(model: LanguageModel, text: str) -> None:
    """Measure attention and every token's distribution from one forward pass."""
    ids = _ids(model, text)
    watcher = Watcher(model, ids)
    with attention_tap(model, watcher):
        hidden = model.hidden_states(ids)[0]
    for start in range(0, len(hidden) - 1, _ROWS):
        targets = ids[0, start + 1 : start + 1 + _ROWS]
        measure(model.unembed(hidden[start : start + len(targets)]), targets, 10)


def peer(model: LanguageModel, text: str) -> None:
    """Compute the entropies as one would write them down, on all weights of all layers."""
    model.torch_model.set_attn_implementation("eager")
    ids = _ids(model, text)
    weights = model.torch_model(ids, output_attentions=True, use_cache=False).attentions
    for layer in weights:
        (layer * torch.log(layer + 1e-12)).sum(-1).neg_()


WAYS: dict[str, Callable[[LanguageModel, str], None]] = {
    "plain": plain,
    "study": study,
    "both": both,
    "peer": peer,
}


def measure_one(way: str, length: int) -> dict[str, float]:
    """Measure one way at one length, in this process."""
    model = backend.load_model("bundled", device="cpu", dtype="float32")
    text = text_of(model, length)
    with torch.inference_mode():
        short = text_of(model, min(length, WARM_UP))
        return timed(lambda: WAYS[way](model, text), lambda: WAYS[way](model, short))


def table(lengths: tuple[int, ...], repetitions: int) -> str:
    """Return the result table as Markdown."""
    rows = [
        "| tokens | plain | study | both | peer | study ÷ plain | both ÷ plain | peer ÷ both "
        "| memory plain | memory study | memory both | memory peer |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for length in lengths:
        ways = [way for way in WAYS if way != "peer" or length in PEER_LENGTHS]
        rounds = [
            {way: in_fresh_process(__file__, way, str(length)) for way in ways}
            for _ in range(repetitions if length < LENGTHS[-1] else 1)
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
    cells += [ratio("study", "plain"), ratio("both", "plain"), ratio("peer", "both")]
    return f"| {' | '.join([*cells, *(memory(way) for way in WAYS)])} |"


def main(arguments: list[str]) -> None:
    """Print one measurement, or make the table."""
    if arguments and arguments[0] in WAYS:
        print(json.dumps(measure_one(arguments[0], int(arguments[1]))))
    elif arguments == ["--quick"]:
        print(table(LENGTHS[:2], 1))
    else:
        write_section(
            "attention",
            f"{machine()}, float32, three rounds, one at {LENGTHS[-1]:,}.\n\n{table(LENGTHS, 3)}",
        )


def _ids(model: LanguageModel, text: str) -> Tensor:
    return torch.from_numpy(model.tokenizer.encode(text).ids).long()[None]


if __name__ == "__main__":
    main(sys.argv[1:])
