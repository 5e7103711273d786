"""The text study against the plain forward pass and against full logits in float32.

    python -m benchmarks.text            # the table in benchmarks/README.md
    python -m benchmarks.text --quick    # two short texts, once, printed only

Every case runs in a fresh process with the bundled model; repetitions of the three ways alternate,
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
from backend.models.language import LanguageModel
from benchmarks.measuring import in_fresh_process, machine, timed, write_section

LENGTHS = (256, 1024, 4096, 8192)
WARM_UP = 4096  # tokens at most
_WORDS = (
    "the river was low that year and we walked across on stones while my brother counted them "
    "aloud, forty, fifty, then lost his place; nobody minded. In the afternoon a letter came from "
    "the city about money, weather, and the price of bread. She read it twice! What should we do?"
)


def plain(model: LanguageModel, text: str) -> None:
    """Run the model's own forward with the head at every position, and drop the logits."""
    model.torch_model(ids_of(model, text), use_cache=False)


def naive(model: LanguageModel, text: str) -> None:
    """Compute the study's numbers as one would write them down, on all logits at once."""
    ids = ids_of(model, text)
    distributions(model.torch_model(ids, use_cache=False).logits, ids)


def distributions(logits: Tensor, ids: Tensor) -> None:
    """Compute entropy, varentropy, surprisal, rank and ten top tokens; logits [1, T, V]."""
    logits = logits[0, :-1].float()
    targets = ids[0, 1:, None]
    log_p = torch.log_softmax(logits, -1)
    p = torch.softmax(logits, -1)
    entropy = -(p * log_p).sum(-1)
    ((log_p + entropy[:, None]) ** 2 * p).sum(-1)
    chosen = log_p.gather(-1, targets)
    (log_p > chosen).sum(-1)
    log_p.topk(10)


def study(model: LanguageModel, text: str) -> None:
    """Run the study."""
    backend.study_text(model, text)


WAYS: dict[str, Callable[[LanguageModel, str], None]] = {
    "plain": plain,
    "naive": naive,
    "study": study,
}


def measure_one(way: str, length: int) -> dict[str, float]:
    """Measure one way at one length, in this process."""
    model = backend.load_model("bundled", device="cpu", dtype="float32")
    text = text_of(model, length)
    with torch.inference_mode():
        short = text_of(model, min(length, WARM_UP))
        return timed(lambda: WAYS[way](model, text), lambda: WAYS[way](model, short))


def ids_of(model: LanguageModel, text: str) -> Tensor:
    """Return the tokens of ``text``, [1, T]."""
    return torch.from_numpy(model.tokenizer.encode(text).ids).long()[None]


def text_of(model: LanguageModel, length: int) -> str:
    """Return a text of exactly ``length`` tokens."""
    words = (_WORDS + " ") * (length // 40 + 1)
    text = model.tokenizer.decode(model.tokenizer.encode(words).ids[:length])
    assert len(model.tokenizer.encode(text)) == length  # noqa: S101
    return text


def table(lengths: tuple[int, ...], repetitions: int) -> str:
    """Return the result table as Markdown."""
    rows = [
        "| tokens | plain | naive | study | study ÷ plain | naive ÷ study "
        "| memory plain | memory naive | memory study |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for length in lengths:
        rounds = [
            {way: in_fresh_process(__file__, way, str(length)) for way in WAYS}
            for _ in range(repetitions if length < LENGTHS[-1] else 1)
        ]
        rows.append(_row(length, rounds))
        print(rows[-1], flush=True)
    return "\n".join(rows)


def _row(length: int, rounds: list[dict[str, dict[str, float]]]) -> str:
    def middle(pick: Callable[[dict[str, dict[str, float]]], float]) -> float:
        return statistics.median(pick(each) for each in rounds)

    seconds = [middle(lambda each, way=way: each[way]["seconds"]) for way in WAYS]
    over = middle(lambda each: each["study"]["seconds"] / each["plain"]["seconds"])
    less = middle(lambda each: each["naive"]["seconds"] / each["study"]["seconds"])
    memory = [max(each[way]["bytes"] for each in rounds) / 1e6 for way in WAYS]
    cells = [f"{each:.2f} s" for each in seconds] + [f"{over:.2f}", f"{less:.2f}"]
    return " | ".join([f"| {length:,}", *cells, *(f"{each:,.0f} MB" for each in memory)]) + " |"


def main(arguments: list[str]) -> None:
    """Print one measurement, or make the table."""
    if arguments and arguments[0] in WAYS:
        print(json.dumps(measure_one(arguments[0], int(arguments[1]))))
    elif arguments == ["--quick"]:
        print(table(LENGTHS[:2], 1))
    else:
        write_section(
            "text",
            f"{machine()}, float32, three rounds, one at {LENGTHS[-1]:,}.\n\n{table(LENGTHS, 3)}",
        )


if __name__ == "__main__":
    main(sys.argv[1:])
